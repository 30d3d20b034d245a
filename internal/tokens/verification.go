package tokens

import (
	"crypto/subtle"
	"time"
)

// Verification says whether a value is good, and for the operator why not. What a client of an API learns of a value
// that is not good is only that.
type Verification struct {
	// Active tells that the value opens what its roles allow.
	Active bool
	// AccessToken is the token whose current or former secret the value is; nil where no such token exists.
	AccessToken *AccessToken
	// Superseded tells that the value was a secret of the token, but is no longer.
	Superseded bool
	// Previous tells that the value is the secret before the current one, still in its grace.
	Previous bool
	// Grants are the roles that the value opens; none unless Active.
	Grants Grants
	// Access is what the value opens; nothing unless Active.
	Access Access
}

// VerifyOptions say how a verification is done.
type VerifyOptions struct {
	// RecordUse makes the verification count as a use of the token, as one for a client does and a look by an operator
	// does not.
	RecordUse bool
}

// SecretRow is one secret of an access token as a database holds it, found by its hash. Nothing in it is a verdict.
type SecretRow struct {
	Hash SecretHash
	// Version is the version of this secret; the one of AccessToken.Secret is the current one.
	Version     int64
	AccessToken AccessToken
}

// IsOf reports whether the row is that of a value, in a time that does not depend on where the hashes differ.
func (r SecretRow) IsOf(secret Secret) bool {
	hash := secret.Hash()
	return subtle.ConstantTimeCompare(r.Hash[:], hash[:]) == 1
}

// IsPrevious reports whether the secret is the one before the current one, still in its grace at an instant.
func (r SecretRow) IsPrevious(now time.Time) bool {
	return r.AccessToken.Previous.IsLive(now) && r.Version == r.AccessToken.Previous.Version
}

// IsLive reports whether the secret is one that nothing has ended by an instant, the expiry of the token apart.
func (r SecretRow) IsLive(now time.Time) bool {
	return r.AccessToken.Secret.EndedAt.IsZero() && (r.Version == r.AccessToken.Secret.Version || r.IsPrevious(now))
}

// ResolvedSecret is a secret with all of its verdict that the clock can't change. It stays true until the token, its
// technical user or a role that they hold changes.
type ResolvedSecret struct {
	row    SecretRow
	grants Grants
	access Access
}

// Resolve returns the row with what its token may do by the roles that exist.
func (r SecretRow) Resolve(roles Roles) ResolvedSecret {
	return ResolvedSecret{row: r, grants: r.AccessToken.grants(roles), access: r.AccessToken.Access(roles)}
}

// Version returns the version of the secret.
func (r ResolvedSecret) Version() int64 { return r.row.Version }

// Verdict returns whether the secret is good at an instant, and why not. The current secret is good while its token is
// active, and so is the previous one in its grace; every other one is superseded.
func (r ResolvedSecret) Verdict(now time.Time) Verification {
	token := r.row.AccessToken
	token.Status, token.ObservedAt, token.Grants = token.StatusAt(now), now, r.grants
	v := Verification{AccessToken: &token, Previous: r.row.IsPrevious(now)}
	v.Superseded = r.row.Version != token.Secret.Version && !v.Previous
	v.Active = !v.Superseded && token.Status == StatusActive
	if v.Active {
		v.Grants, v.Access = r.grants, r.access
	}
	return v
}
