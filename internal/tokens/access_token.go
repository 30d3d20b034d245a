package tokens

import (
	"cmp"
	"slices"
	"time"
)

// AccessToken is a credential for the user's own APIs. It belongs to a technical user, or to a member, and has at most two
// live secrets: the current one and, during a grace period, the previous one.
type AccessToken struct {
	ID string
	Settings
	// User is the technical user that the token belongs to or, for a personal token, the account of the member; see
	// Member.Account.
	User TechnicalUser
	// CreatorID is the account that created the token; empty for an owner of the database.
	CreatorID string
	// Ephemeral means that the token was made for one run; see MaxEphemeralLife.
	Ephemeral bool

	// Disabled says who disabled the token and when; nil while it is enabled.
	Disabled *Stop
	// Held says who holds the token, since when and why; nil while it is not held.
	Held *Stop

	Secret SecretState
	// Previous is the previous secret, if it got a grace period; nil if it ended with the regeneration or was ended since.
	Previous *PreviousSecret

	CreatedAt time.Time
	UpdatedAt time.Time
	// RegeneratedAt is when the current secret replaced another; zero for a first secret.
	RegeneratedAt time.Time
	// LastUsedAt is when the token was last used; zero for never.
	LastUsedAt time.Time
	// UseCount is how often it was used.
	UseCount int64

	// Status is the token's status at ObservedAt, which is the time of the backend's clock when it answered.
	Status     Status
	ObservedAt time.Time
	// Grants holds the roles that the token had when the backend answered: those of its technical user, narrowed by its
	// own.
	Grants Grants
}

// Visibility says who may know of an access token.
type Visibility string

// The visibilities of an access token.
const (
	// VisibilityOrganization: everyone who may read tokens at its level.
	VisibilityOrganization Visibility = "organization"
	// VisibilityRestricted: owners, the account that created it, and those it is shared with.
	VisibilityRestricted Visibility = "restricted"
)

// ValidateVisibility checks that a visibility exists.
func ValidateVisibility(field string, v Visibility) error {
	return validateOneOf(field, "visibility", v, []Visibility{VisibilityOrganization, VisibilityRestricted})
}

// SecretState is what is known about a token's current secret, except its value.
type SecretState struct {
	// Version counts the secrets of the token from 1.
	Version int64
	// Preview is the beginning of the value.
	Preview   string
	CreatedAt time.Time
	// EndedAt is when the secret was revoked; zero if it was not.
	EndedAt time.Time
	// LastUsedAt is when the secret was last used; zero for never.
	LastUsedAt time.Time
}

// QualifiedID returns <e-mail of the technical user or member>_<id>; the identifier alone where they are concealed.
func (t AccessToken) QualifiedID() string {
	if t.User.Email == "" {
		return t.ID
	}
	return t.User.Email + "_" + t.ID
}

// ParseQualifiedID splits what QualifiedID returns, and reports whether a text has that form.
func ParseQualifiedID(s string) (email, id string, ok bool) {
	cut := len(s) - IDLength(KindAccessToken) - 1
	if cut < 1 || s[cut] != '_' || !IsID(KindAccessToken, s[cut+1:]) {
		return "", "", false
	}
	return s[:cut], s[cut+1:], true
}

// limited returns the roles of the technical user and, if the token narrows them, its own. An empty, non-nil set of
// group roles counts: it leaves nothing. A technical user that the system created already has the token's own roles.
func (t AccessToken) limited() (user, own Grants, narrowed bool) {
	user, own = t.User.levelGrants(), atLevel(t.Own, t.User.GroupID)
	return user, own, !t.User.SystemCreated && (t.Own.Role != "" || t.Own.GroupRoles != nil)
}

// grants returns those of the existing roles that the token has.
func (t AccessToken) grants(roles Roles) Grants {
	user, own, narrowed := t.limited()
	if !narrowed {
		own = user
	}
	return user.Within(own, roles)
}

// HasCustomRole reports whether the token or its technical user has a role that is not built in.
func (t AccessToken) HasCustomRole() bool {
	for _, grants := range []Grants{t.User.Grants, t.Own} {
		for _, name := range grants.RoleNames() {
			if name != "" && !IsBuiltInRole(name) {
				return true
			}
		}
	}
	return false
}

// Access returns what the token may do: what its technical user may do, within the token's own roles if it has any.
func (t AccessToken) Access(roles Roles) Access {
	user, own, narrowed := t.limited()
	if !narrowed {
		return roles.Access(user)
	}
	return roles.Access(user).Within(roles.Access(own))
}

// Limit returns the most that the token may ever do, whatever its technical user or member holds: what its own roles allow
// by themselves or, where they don't narrow it, everything.
func (t AccessToken) Limit(roles Roles) Access {
	_, own, narrowed := t.limited()
	if !narrowed {
		return Access{Organization: Permissions{PermissionAll}}
	}
	return roles.Access(own)
}

// levelGrants returns the grants of the account. The role of an account at a group's level becomes a role in that
// group.
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

// StoppedLike reports whether another state of the token is stopped in the same ways, with the same secrets at an instant.
func (t AccessToken) StoppedLike(other AccessToken, at time.Time) bool {
	ends := func(t AccessToken) time.Time {
		if !t.Previous.IsLive(at) {
			return time.Time{}
		}
		return t.Previous.EndsAt
	}
	return t.Enabled == other.Enabled && t.Held.equal(other.Held) &&
		t.Secret.Version == other.Secret.Version && t.Secret.EndedAt.Equal(other.Secret.EndedAt) &&
		t.SecretExpiresAt().Equal(other.SecretExpiresAt()) && t.ActivatesAt.Equal(other.ActivatesAt) &&
		ends(t).Equal(ends(other))
}

// PreviousSecretExpiresAt returns when the previous secret ends, or ended; zero if it has no grace period.
func (t AccessToken) PreviousSecretExpiresAt() time.Time {
	if t.Previous == nil {
		return time.Time{}
	}
	return t.Previous.EndsAt
}

// NewSecretFor is a request for a new secret of a token, with the value that the caller generated, or an own one of the user.
type NewSecretFor struct {
	Request
	Secret Secret
	// Generated means that a server made the value, for a caller who sent none. Whoever sends such a request again asks for
	// the same, whatever the value. It is CodeConflict then, since nobody has the first value to show it once more.
	Generated bool
}

// Validate checks that both are present and well-formed.
func (n NewSecretFor) Validate() error {
	if err := n.Request.Validate(); err != nil {
		return err
	}
	return ValidateNewSecret("token", n.Secret.Reveal())
}

// NewAccessToken is the input for creating an access token.
type NewAccessToken struct {
	NewSecretFor
	// TechnicalUserID names the technical user. If it is empty, the system creates one for this token, at the level of
	// GroupID.
	TechnicalUserID string
	// GroupID is the group of the technical user to create; empty for organization level.
	GroupID string
	// MemberID makes it a personal token, of that member. It excludes TechnicalUserID and GroupID.
	MemberID string
	// Ephemeral makes it a token for one run, of the technical user with TechnicalUserID. It ends at ExpiresAt, within
	// MaxEphemeralLife. Its creation deletes what earlier runs left over: the expired ephemeral tokens of that technical user.
	Ephemeral bool `digest:"omitzero"`
	// Settings are the settings of the token. An empty Visibility means VisibilityOrganization.
	Settings
}

// WithDefaults returns the input with the defaults filled in.
func (n NewAccessToken) WithDefaults() NewAccessToken {
	n.Visibility = cmp.Or(n.Visibility, VisibilityOrganization)
	return n
}

// Validate checks each field on its own, which fields exclude each other, and that no time has passed.
func (n NewAccessToken) Validate(now time.Time) error {
	n = n.WithDefaults()
	if n.TechnicalUserID != "" {
		if err := ValidateID("technical_user_id", KindTechnicalUser, n.TechnicalUserID); err != nil {
			return err
		}
		if n.GroupID != "" {
			return Invalid("group_id",
				"it sets the level of a technical user that the system creates: leave group_id out, or technical_user_id")
		}
	}
	return firstError(
		n.validateEphemeral(now),
		n.validatePersonal(),
		n.NewSecretFor.Validate(),
		n.Settings.Validate(n.GroupID),
		ValidateNewExpiry(n.ExpiresAt, now),
		validateActivation(n.ActivatesAt, SecretExpiry(n.ExpiresAt, n.TTL, now)),
	)
}

// CreatedAccessToken is the answer to the creation of an access token.
type CreatedAccessToken struct {
	AccessToken
	// Namesakes are tokens that an interrupted run may have left over: tokens with the same name that were never used or
	// regenerated, of the same technical user or likewise of one that the system created at the same level. There are at
	// most ten, newest first.
	Namesakes []AccessToken
}

// AccessTokenUpdate holds the settings of an access token to change and, if it is to get one, the new secret. Either
// all of it takes effect or nothing. A grace period that it sets applies to a regeneration in the same update. For a
// secret that already has a grace period, it can only shorten it.
type AccessTokenUpdate struct {
	// Settings are the new values of those that Fields names.
	Settings
	Fields       Fields
	Regeneration *Regeneration
}

// settings returns the update of the settings alone.
func (u AccessTokenUpdate) settings() Update[Settings] { return Update[Settings]{u.Settings, u.Fields} }

// Changes returns settings that hold the new values alone.
func (u AccessTokenUpdate) Changes() Settings { return u.settings().Changes() }

// Disables reports whether the update asks only for the token to be disabled.
func (u AccessTokenUpdate) Disables() bool { return u.switches() && !u.Enabled }

// Enables reports whether the update asks only for the token to be enabled.
func (u AccessTokenUpdate) Enables() bool { return u.switches() && u.Enabled }

func (u AccessTokenUpdate) switches() bool {
	return u.Regeneration == nil && slices.Equal(u.Fields, Fields{"enabled"})
}

// Digest returns the digest of the update as a request about the token with this identifier. Values that the update
// holds but does not set don't count.
func (u AccessTokenUpdate) Digest(tokenID string) string {
	u.Settings, u.Fields = u.Changes(), slices.Sorted(slices.Values(u.Fields))
	return Digest(struct {
		TokenID string
		Update  AccessTokenUpdate
	}{tokenID, u})
}

// Regeneration replaces the secret of a token. The replaced secret stays valid for its grace period. The one before
// that ends at once, even within its own grace period: no token has more than two live secrets. A value that is the present
// secret replaces nothing: what is to be is so already.
type Regeneration struct {
	NewSecretFor
	Reason RegenerationReason
	// ExpectedVersion is the version that the caller expects to replace; a different one is a conflict. Zero replaces any
	// version.
	ExpectedVersion int64
	// Grace replaces the token's grace period for this regeneration; nil for the token's own.
	Grace *Grace
}

// Validate checks the request, and that the reason exists where there is one: events repeat it.
func (r Regeneration) Validate() error {
	if err := r.NewSecretFor.Validate(); err != nil || r.Reason == "" {
		return err
	}
	return validateOneOf("reason", "reason", r.Reason, RegenerationReasons())
}

// Updated returns the token with the changes that the actor makes at now, or the error that forbids them.
func (t AccessToken) Updated(u AccessTokenUpdate, by Actor, now time.Time) (AccessToken, error) {
	before := t
	settings, err := u.settings().Apply(t.Settings)
	if err != nil {
		return before, err
	}
	if err := firstError(
		t.checkPersonalUpdate(settings, u.Regeneration != nil), t.checkEphemeralUpdate(settings, u.Regeneration != nil),
	); err != nil {
		return before, err
	}
	t.Settings = settings
	t.Disabled = switched(t.Enabled, t.Disabled, by, now)
	if t.User.SystemCreated {
		t.User.Grants = systemUserGrants(t.Own)
	}
	if r := u.Regeneration; r != nil {
		if err := r.Validate(); err != nil {
			return before, err
		}
		if r.ExpectedVersion != 0 && r.ExpectedVersion != t.Secret.Version {
			return before, Conflict("secret_version", t.ID,
				"access token %q (%s) has secret version %d, not %d: another run or person regenerated it "+
					"in the meantime; nothing was changed", t.Name, t.ID, t.Secret.Version,
				r.ExpectedVersion).Because(ReasonVersionMovedOn)
		}
		t.Secret = SecretState{Version: t.Secret.Version + 1, Preview: r.Secret.Preview(), CreatedAt: now}
		t.RegeneratedAt = now
		grace := t.Grace
		if r.Grace != nil {
			grace = *r.Grace
		}
		if err := grace.validate("grace_period", !t.SecretExpiresAt().IsZero()); err != nil {
			return before, err
		}
		t.Previous = superseded(before, t, grace, now)
	} else if p := t.Previous; p != nil {
		t.Previous = nil
		var grace *Grace
		if t.Grace != before.Grace {
			grace = &t.Grace
		}
		if end := ShortenedGrace(p.EndsAt, t.RegeneratedAt, grace, t.SecretExpiresAt()); !end.IsZero() {
			shortened := *p
			shortened.EndsAt = end
			t.Previous = &shortened
		}
	}
	if err := judged(before.Settings, t.Settings).Validate(t.User.GroupID); err != nil {
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
	if expiry := t.SecretExpiresAt(); u.Regeneration != nil || !t.ActivatesAt.Equal(before.ActivatesAt) ||
		!expiry.Equal(before.SecretExpiresAt()) {
		if err := validateActivation(t.ActivatesAt, expiry); err != nil {
			return before, err
		}
	}
	return t, nil
}

// NewSystemUser returns the input for creating the technical user of a token for which none was named. Its name and
// address, which everyone who manages accounts can see, come from the token's name, unless the token is restricted.
func (n NewAccessToken) NewSystemUser(tokenID string) NewTechnicalUser {
	name := n.Name
	if n.Visibility == VisibilityRestricted {
		name = ""
	}
	return NewTechnicalUser{GroupID: n.GroupID, TechnicalUserSettings: TechnicalUserSettings{
		Name: systemUserName(name, tokenID), Grants: systemUserGrants(n.Own), Enabled: true,
	}}
}

// systemUserGrants returns the roles of a system-created technical user from those set on its token.
func systemUserGrants(own Grants) Grants {
	if own.Role == "" {
		own.Role = DefaultRole
	}
	return own
}

// validateLifetime checks the end of a token and the ttl of its secrets, which exclude each other.
func validateLifetime(expiresAt time.Time, ttl time.Duration) error {
	if ttl == 0 {
		return nil
	}
	if !expiresAt.IsZero() {
		return Invalid("ttl", "ttl and expires_at exclude each other: set one of them")
	}
	return ValidateTTL("ttl", ttl)
}
