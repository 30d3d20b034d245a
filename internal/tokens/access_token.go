package tokens

import (
	"cmp"
	"reflect"
	"time"
)

// AccessToken is a credential for the user's own APIs. It belongs to a technical user and has at most two live secrets:
// the current one and, during a grace period, the one before it.
type AccessToken struct {
	ID string `json:"id"`
	// Name is a label for people; several tokens may share one.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// User is the technical user that backs the token.
	User TechnicalUser `json:"technical_user"`
	// Own are the roles set on the token itself, which narrow those of the technical user; with a technical user that the
	// system created, they are its roles. See Grants.
	Own Grants `json:"own"`
	// Visibility says who may know of the token.
	Visibility Visibility `json:"visibility"`
	// CreatorID is the account that made the token; empty for one who opened the database itself.
	CreatorID string `json:"creator_id,omitempty"`

	Enabled bool `json:"enabled"`
	// Disabled says who disabled the token and when; nil while it is enabled.
	Disabled *Stop `json:"disabled,omitempty"`
	// Held says who holds the token, since when and why; nil while it is not held.
	Held *Stop `json:"held,omitempty"`
	// ActivatesAt is the instant before which the token is pending; zero for at once.
	ActivatesAt time.Time `json:"activates_at,omitzero"`
	// ExpiresAt is the instant at which the token ends, whatever its secret; zero for never. It excludes TTL.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// TTL is how long each new secret lives; zero for no such limit.
	TTL time.Duration `json:"ttl,omitzero"`
	Policies

	Secret SecretState `json:"secret"`
	// Previous is the secret before that, where a grace was given to it; nil where it ended with the regeneration or was
	// ended since.
	Previous *PreviousSecret `json:"previous_secret,omitempty"`

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// RegeneratedAt is when the current secret replaced another; zero for a first secret.
	RegeneratedAt time.Time `json:"regenerated_at,omitzero"`
	// LastUsedAt is when the token last opened something; zero for never.
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	// UseCount is how often it opened something.
	UseCount int64 `json:"use_count,omitempty"`

	// Status and ObservedAt are the verdict of the backend's clock when it answered, and that instant.
	Status     Status    `json:"status"`
	ObservedAt time.Time `json:"observed_at"`
	// Grants are the roles that the token could use when the backend answered: those of its technical user, narrowed by
	// its own.
	Grants Grants `json:"grants"`
}

// Visibility says who may know of an access token.
type Visibility string

// The visibilities of an access token.
const (
	// VisibilityOrganization: everyone who may read tokens at its level.
	VisibilityOrganization Visibility = "organization"
	// VisibilityRestricted: owners, the account that made it and those it is shared with.
	VisibilityRestricted Visibility = "restricted"
)

// ValidateVisibility checks that a visibility exists.
func ValidateVisibility(field string, v Visibility) error {
	return validateOneOf(field, "visibility", v, []Visibility{VisibilityOrganization, VisibilityRestricted})
}

// SecretState is what is known of a token's current secret, its value apart.
type SecretState struct {
	// Version counts the secrets of the token from 1.
	Version int64 `json:"version"`
	// Preview is the beginning of the value.
	Preview   string    `json:"preview"`
	CreatedAt time.Time `json:"created_at"`
	// EndedAt is when the secret was revoked; zero while it lives.
	EndedAt time.Time `json:"ended_at,omitzero"`
	// LastUsedAt is when the secret last opened something; zero for never.
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// QualifiedID returns <e-mail of the technical user>_<id>.
func (t AccessToken) QualifiedID() string { return t.User.Email + "_" + t.ID }

// limited returns the roles of the technical user and, where the token narrows them, its own. An empty, non-nil set of
// group roles counts: it leaves nothing. A technical user that the system created has the token's own roles already.
func (t AccessToken) limited() (user, own Grants, narrowed bool) {
	user, own = t.User.levelGrants(), atLevel(t.Own, t.User.GroupID)
	return user, own, !t.User.SystemCreated && (t.Own.Role != "" || t.Own.GroupRoles != nil)
}

// grants returns the roles that the token can use, of those that exist.
func (t AccessToken) grants(roles Roles) Grants {
	user, own, narrowed := t.limited()
	if !narrowed {
		own = user
	}
	return user.Within(own, roles)
}

// Access returns what the token may do: what its technical user may, within its own roles where it has any.
func (t AccessToken) Access(roles Roles) Access {
	user, own, narrowed := t.limited()
	if !narrowed {
		return roles.Access(user)
	}
	return roles.Access(user).Within(roles.Access(own))
}

// levelGrants returns the grants of the account, those of one at a group's level as a role in that group.
func (u TechnicalUser) levelGrants() Grants { return atLevel(u.Grants, u.GroupID) }

// Access returns what the technical user may do.
func (u TechnicalUser) Access(roles Roles) Access { return roles.Access(u.levelGrants()) }

// atLevel turns the role of an account at a group's level into a role in that group.
func atLevel(g Grants, groupID string) Grants {
	if groupID == "" {
		return g
	}
	return Grants{GroupRoles: []GroupRole{{groupID, g.Role}}}
}

// SecretExpiresAt returns when the current secret expires; zero for never.
func (t AccessToken) SecretExpiresAt() time.Time {
	return SecretExpiry(t.ExpiresAt, t.TTL, t.Secret.CreatedAt)
}

// PreviousSecretExpiresAt returns when the secret before the current one stops, or stopped, being valid; zero where it has
// no grace.
func (t AccessToken) PreviousSecretExpiresAt() time.Time {
	if t.Previous == nil {
		return time.Time{}
	}
	return t.Previous.EndsAt
}

// NewSecretFor is a new secret for a token, made by the caller.
type NewSecretFor struct {
	// RequestID identifies the request: sending the same again, after an answer was lost, has no further effect.
	RequestID string
	Secret    Secret
}

// Validate checks that both are there and of the right form.
func (n NewSecretFor) Validate() error {
	if err := ValidateID("request_id", KindRequest, n.RequestID); err != nil {
		return err
	}
	_, err := ParseSecret(n.Secret.Reveal())
	return err
}

// NewAccessToken is what an access token is made from.
type NewAccessToken struct {
	NewSecretFor
	Name        string
	Description string
	// TechnicalUserID names the technical user; when empty the system creates one for this token, at the level of GroupID.
	TechnicalUserID string
	// GroupID is the group of the technical user to create; empty for organization level.
	GroupID string
	Own     Grants
	// Visibility is VisibilityOrganization where empty.
	Visibility  Visibility
	Enabled     bool
	ActivatesAt time.Time
	ExpiresAt   time.Time
	TTL         time.Duration
	Policies
}

// Validate checks each field by itself, which of them exclude each other, and that no instant has passed.
func (n NewAccessToken) Validate(now time.Time) error {
	if n.TechnicalUserID != "" {
		if err := ValidateID("technical_user_id", KindTechnicalUser, n.TechnicalUserID); err != nil {
			return err
		}
		if n.GroupID != "" {
			return Invalid("group_id", "it sets the level of a technical user that the system creates: leave group_id out, or technical_user_id")
		}
	}
	return firstError(
		n.NewSecretFor.Validate(),
		validateTokenSettings(n.Name, n.Description, n.GroupID, n.Own, cmp.Or(n.Visibility, VisibilityOrganization), n.ExpiresAt, n.TTL),
		n.Policies.Validate(n.ExpiresAt, n.TTL),
		ValidateNewExpiry(n.ExpiresAt, now),
		validateActivation(n.ActivatesAt, SecretExpiry(n.ExpiresAt, n.TTL, now)),
	)
}

// CreatedAccessToken is the answer to the creation of an access token.
type CreatedAccessToken struct {
	AccessToken
	// Namesakes are the tokens of the same name, of the same technical user or likewise with one that the system created
	// at the same level, that were never used or regenerated: an interrupted run may have left them over. At most ten, the
	// latest first.
	Namesakes []AccessToken
}

// AccessTokenUpdate holds the fields of an access token to change and the new secret, where it is to have one; all of it
// or nothing takes effect.
type AccessTokenUpdate struct {
	Name        Change[string]
	Description Change[string]
	Role        Change[string]
	GroupRoles  Change[[]GroupRole]
	Visibility  Change[Visibility]
	Enabled     Change[bool]
	ActivatesAt Change[time.Time]
	ExpiresAt   Change[time.Time]
	TTL         Change[time.Duration]

	RegenerateBeforeExpiry Change[time.Duration]
	OnExpired              Change[ExpiryPolicy]
	OnSecretDrift          Change[DriftPolicy]
	// Grace counts for a regeneration in the same update. For a secret that has been given one before, it shortens only.
	Grace               Change[Grace]
	ProtectIfUsedWithin Change[time.Duration]

	Regeneration *Regeneration
}

// onlyDisables tells whether the update asks for nothing but that the token is disabled.
func (u AccessTokenUpdate) onlyDisables() bool {
	return reflect.DeepEqual(u, AccessTokenUpdate{Enabled: To(false)})
}

// Regeneration replaces the secret of a token. The one before it stays valid for the grace, and the one before that, should
// it still be in its own, is dead at that moment: no token has more than two live secrets.
type Regeneration struct {
	NewSecretFor
	Reason RegenerationReason
	// ExpectedVersion is the version that the caller believes to replace; another one is a conflict. Zero replaces any.
	ExpectedVersion int64
	// Grace is for this once, in place of the token's.
	Grace Change[Grace]
}

// Apply returns the token with the changes made by the actor at the instant, or the error that forbids them.
func (u AccessTokenUpdate) Apply(t AccessToken, by Actor, now time.Time) (AccessToken, error) {
	before := t
	u.Name.apply(&t.Name)
	u.Description.apply(&t.Description)
	u.Role.apply(&t.Own.Role)
	u.GroupRoles.apply(&t.Own.GroupRoles)
	u.Visibility.apply(&t.Visibility)
	u.ActivatesAt.apply(&t.ActivatesAt)
	u.ExpiresAt.apply(&t.ExpiresAt)
	u.TTL.apply(&t.TTL)
	u.RegenerateBeforeExpiry.apply(&t.RegenerateBeforeExpiry)
	u.OnExpired.apply(&t.OnExpired)
	u.OnSecretDrift.apply(&t.OnSecretDrift)
	u.Grace.apply(&t.Grace)
	u.ProtectIfUsedWithin.apply(&t.ProtectIfUsedWithin)
	t.Enabled, t.Disabled = applySwitch(u.Enabled, t.Enabled, t.Disabled, by, now)
	if t.User.SystemCreated {
		t.User.Grants = systemUserGrants(t.Own)
	}
	if r := u.Regeneration; r != nil {
		if err := r.Validate(); err != nil {
			return before, err
		}
		if r.ExpectedVersion != 0 && r.ExpectedVersion != t.Secret.Version {
			return before, Conflict("secret_version", t.ID, "access token %q (%s) has secret version %d, not %d: another run or person regenerated it "+
				"in the meantime; nothing was changed", t.Name, t.ID, t.Secret.Version, r.ExpectedVersion).Because(ReasonVersionMovedOn)
		}
		t.Secret = SecretState{Version: t.Secret.Version + 1, Preview: r.Secret.Preview(), CreatedAt: now}
		t.RegeneratedAt = now
		grace := t.Grace
		r.Grace.apply(&grace)
		if err := grace.validate("grace_period", !t.SecretExpiresAt().IsZero()); err != nil {
			return before, err
		}
		t.Previous = superseded(before, t, grace, now)
	} else if p := t.Previous; p != nil {
		t.Previous = nil
		var grace Change[Grace]
		if t.Grace != before.Grace {
			grace = u.Grace
		}
		if end := ShortenedGrace(p.EndsAt, t.RegeneratedAt, grace, t.SecretExpiresAt()); !end.IsZero() {
			shortened := *p
			shortened.EndsAt = end
			t.Previous = &shortened
		}
	}
	if err := firstError(validateTokenSettings(t.Name, t.Description, t.User.GroupID, t.Own, t.Visibility, t.ExpiresAt, t.TTL),
		t.Policies.Validate(t.ExpiresAt, t.TTL)); err != nil {
		return before, err
	}
	if u.Regeneration != nil || !t.ExpiresAt.Equal(before.ExpiresAt) {
		if err := ValidateNewExpiry(t.ExpiresAt, now); err != nil {
			return before, err
		}
	}
	if t.TTL != before.TTL && u.Regeneration == nil {
		if err := ValidateNewTTL(t.TTL, t.Secret.CreatedAt, now); err != nil {
			return before, err
		}
	}
	if expiry := t.SecretExpiresAt(); u.Regeneration != nil || !t.ActivatesAt.Equal(before.ActivatesAt) || !expiry.Equal(before.SecretExpiresAt()) {
		if err := validateActivation(t.ActivatesAt, expiry); err != nil {
			return before, err
		}
	}
	return t, nil
}

// NewSystemUser returns what the technical user of a token is made from when none was named. Its name and address, which
// everyone who manages accounts sees, are made from the token's name, unless that is restricted.
func (n NewAccessToken) NewSystemUser(tokenID string) NewTechnicalUser {
	name := n.Name
	if n.Visibility == VisibilityRestricted {
		name = ""
	}
	return NewTechnicalUser{Name: systemUserName(name, tokenID), GroupID: n.GroupID, Grants: systemUserGrants(n.Own), Enabled: true}
}

// systemUserGrants returns the roles of a system-created technical user from those set on its token.
func systemUserGrants(own Grants) Grants {
	if own.Role == "" {
		own.Role = DefaultRole
	}
	return own
}

func validateTokenSettings(name, description, groupID string, own Grants, visibility Visibility, expiresAt time.Time, ttl time.Duration) error {
	if err := firstError(ValidateLabel("name", name), ValidateDescription("description", description), validateLevel(groupID, own),
		ValidateVisibility("visibility", visibility)); err != nil {
		return err
	}
	if own.Role != "" {
		if err := ValidateRole("role", own.Role); err != nil {
			return err
		}
	}
	if ttl == 0 {
		return nil
	}
	if !expiresAt.IsZero() {
		return Invalid("ttl", "ttl and expires_at exclude each other: set one of them")
	}
	return ValidateTTL("ttl", ttl)
}
