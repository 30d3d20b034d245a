package tokens

import (
	"crypto/subtle"
	"time"
)

// Verification says whether a value is active and, for the operator, why not. A client of an API learns only that a
// value is not active.
type Verification struct {
	// Active means that the value grants what its roles allow.
	Active bool
	// AccessToken is the token whose current or former secret the value is; nil if there is none.
	AccessToken *AccessToken
	// Superseded means that the value used to be a secret of the token, but no longer is.
	Superseded bool
	// Previous means that the value is the previous secret, within its grace period.
	Previous bool
	// Grants holds the roles that the value grants; none unless Active.
	Grants Grants
	// Access is what the value grants; nothing unless Active.
	Access Access
}

// Concealed returns the verdict for someone who may not know of the token: with nothing of what people call it, or of
// whom it belongs to.
func (v Verification) Concealed() Verification {
	t := *v.AccessToken
	t.Name, t.Description, t.CreatorID = "", "", ""
	t.User = TechnicalUser{
		GroupID: t.User.GroupID, SystemCreated: t.User.SystemCreated, Disabled: t.User.Disabled,
		TechnicalUserSettings: TechnicalUserSettings{Grants: t.User.Grants, Enabled: t.User.Enabled},
	}
	v.AccessToken = &t
	return v
}

// VerifyOptions say how a verification is done.
type VerifyOptions struct {
	// RecordUse makes the verification count as a use of the token. A verification for a client counts; a check by an
	// operator doesn't.
	RecordUse bool
}

// SecretRow is one secret of an access token as a database holds it, found by its hash. Nothing in it is a verdict.
type SecretRow struct {
	Hash SecretHash
	// Version is the version of this secret; the one of AccessToken.Secret is the current one.
	Version     int64
	AccessToken AccessToken
}

// IsOf reports whether the row belongs to a value, in time that does not depend on where the hashes differ.
func (r SecretRow) IsOf(secret Secret) bool {
	hash := secret.Hash()
	return subtle.ConstantTimeCompare(r.Hash[:], hash[:]) == 1
}

// IsCurrent reports whether the row belongs to a value that is the current secret of its token and was not ended.
func (r SecretRow) IsCurrent(secret Secret) bool {
	return r.IsOf(secret) && r.Version == r.AccessToken.Secret.Version && r.AccessToken.Secret.EndedAt.IsZero()
}

// IsPrevious reports whether the secret is the previous one, within its grace period at now.
func (r SecretRow) IsPrevious(now time.Time) bool {
	return r.AccessToken.Previous.IsLive(now) && r.Version == r.AccessToken.Previous.Version
}

// IsLive reports whether nothing has ended the secret by now, except possibly the token's expiry.
func (r SecretRow) IsLive(now time.Time) bool {
	return r.AccessToken.Secret.EndedAt.IsZero() && (r.Version == r.AccessToken.Secret.Version || r.IsPrevious(now))
}

// ResolvedSecret is a secret with every part of its verdict that the clock can't change. It stays true until the token,
// its technical user or one of their roles changes.
type ResolvedSecret struct {
	row    SecretRow
	grants Grants
	access Access
	// own is what the own roles of a personal token allow by themselves, where they narrow it; else nil.
	own *Access
}

// Resolve returns the row with what its token may do according to the existing roles.
func (r SecretRow) Resolve(roles Roles) ResolvedSecret {
	resolved := ResolvedSecret{row: r, grants: r.AccessToken.grants(roles), access: r.AccessToken.Access(roles)}
	if _, _, narrowed := r.AccessToken.limited(); narrowed && r.AccessToken.IsPersonal() {
		resolved.own = new(r.AccessToken.Limit(roles))
	}
	return resolved
}

// Version returns the version of the secret.
func (r ResolvedSecret) Version() int64 { return r.row.Version }

// Token returns the token, without what only a verdict knows.
func (r ResolvedSecret) Token() AccessToken { return r.row.AccessToken }

// Grants returns the roles that the secret grants while it is active.
func (r ResolvedSecret) Grants() Grants { return r.grants }

// Access returns what the secret allows while it is active.
func (r ResolvedSecret) Access() Access { return r.access }

// CreatedAt returns since when there is the secret; zero if it has been superseded.
func (r ResolvedSecret) CreatedAt() time.Time {
	t := r.row.AccessToken
	switch {
	case r.row.Version == t.Secret.Version:
		return t.Secret.CreatedAt
	case t.Previous != nil && r.row.Version == t.Previous.Version:
		return t.Previous.CreatedAt
	}
	return time.Time{}
}

// LiveUntil returns when the clock ends the secret, apart from the token's expiry; zero for never. It is not live at any
// time if it has been ended already.
func (r ResolvedSecret) LiveUntil() (end time.Time, live bool) {
	if !r.row.IsLive(time.Time{}) {
		return time.Time{}, false
	}
	if r.row.Version != r.row.AccessToken.Secret.Version {
		end = r.row.AccessToken.Previous.EndsAt
	}
	return end, true
}

// Verdict returns whether the secret is active at now, and why not. The current secret is active while its token is,
// and so is the previous one within its grace period. Every other secret is superseded.
func (r ResolvedSecret) Verdict(now time.Time) Verification {
	token := r.row.AccessToken
	token.Status, token.ObservedAt, token.Grants = token.StatusAt(now), now, r.grants
	v := Verification{AccessToken: &token, Previous: r.row.IsPrevious(now)}
	v.Superseded = r.row.Version != token.Secret.Version && !v.Previous
	v.Active = r.Standing().ActiveAt(now)
	if v.Active {
		v.Grants, v.Access = r.grants, r.access
	}
	return v
}
