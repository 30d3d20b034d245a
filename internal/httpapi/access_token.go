package httpapi

import (
	"encoding/json"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// accessTokenSettings are what people set on an access token.
type accessTokenSettings struct {
	Name                   string      `json:"name" jsonschema:"A label for people; several tokens may share one."`
	Description            string      `json:"description,omitempty" jsonschema:"What the token is for."`
	Role                   *string     `json:"role" jsonschema:"Narrows the role of the technical user; null for not narrowed. Where the system makes the technical user, it is its role."`
	GroupRoles             []groupRole `json:"group_roles" jsonschema:"Narrows the roles in groups; null for not narrowed, an empty list for none at all."`
	Visibility             string      `json:"visibility" jsonschema:"organization, or restricted to owners, the account that made it and those it is shared with."`
	Enabled                bool        `json:"enabled" jsonschema:"The declared switch; true by default."`
	ActivatesAt            instant     `json:"activates_at" jsonschema:"Before this time the token is pending; null for none."`
	ExpiresAt              instant     `json:"expires_at" jsonschema:"When the token ends, whatever its secret; null for never. It excludes ttl."`
	TTL                    duration    `json:"ttl" jsonschema:"How long each new secret lives; null for no such limit."`
	RegenerateBeforeExpiry duration    `json:"regenerate_before_expiry" jsonschema:"How long before the end of its ttl Terraform regenerates a secret; null for no schedule."`
	OnExpired              string      `json:"on_expired,omitempty" jsonschema:"What Terraform does about an expired secret: regenerate, ignore or error; absent for the default."`
	OnSecretDrift          string      `json:"on_secret_drift,omitempty" jsonschema:"What Terraform does about a secret that changed elsewhere: regenerate, accept or error; absent for the default."`
	Grace                  grace       `json:"grace_period" jsonschema:"How long the previous secret stays valid after a regeneration: a duration, or until_expiry."`
	ProtectIfUsedWithin    duration    `json:"protect_if_used_within" jsonschema:"Terraform refuses to interrupt the users of a token that was used within this time; null for no protection."`
}

func accessTokenSettingsOf(s tokens.Settings) accessTokenSettings {
	return accessTokenSettings{
		Name: s.Name, Description: s.Description, Role: textOrNull(s.Own.Role), GroupRoles: groupRolesOf(s.Own.GroupRoles),
		Visibility: string(s.Visibility), Enabled: s.Enabled,
		ActivatesAt: instant{s.ActivatesAt}, ExpiresAt: instant{s.ExpiresAt}, TTL: duration(s.TTL),
		RegenerateBeforeExpiry: duration(s.RegenerateBeforeExpiry), OnExpired: string(s.OnExpired),
		OnSecretDrift: string(s.OnSecretDrift), Grace: grace(s.Grace), ProtectIfUsedWithin: duration(s.ProtectIfUsedWithin),
	}
}

func (s accessTokenSettings) domain() tokens.Settings {
	return tokens.Settings{
		Name: s.Name, Description: s.Description,
		Own:        tokens.Grants{Role: textOrEmpty(s.Role), GroupRoles: groupRolesIn(s.GroupRoles)},
		Visibility: tokens.Visibility(s.Visibility), Enabled: s.Enabled,
		ActivatesAt: s.ActivatesAt.Time, ExpiresAt: s.ExpiresAt.Time, TTL: time.Duration(s.TTL),
		Policies: tokens.Policies{
			RegenerateBeforeExpiry: time.Duration(s.RegenerateBeforeExpiry), OnExpired: tokens.ExpiryPolicy(s.OnExpired),
			OnSecretDrift: tokens.DriftPolicy(s.OnSecretDrift), Grace: tokens.Grace(s.Grace),
			ProtectIfUsedWithin: time.Duration(s.ProtectIfUsedWithin),
		},
	}
}

func (s *accessTokenSettings) preset() {
	s.Visibility, s.Enabled = string(tokens.VisibilityOrganization), true
}

// grace is a grace period: a duration, or until_expiry. Null is none, as 0s is.
type grace tokens.Grace

// MarshalJSON writes the text of a grace period.
func (g grace) MarshalJSON() ([]byte, error) {
	if g.UntilExpiry && g.Duration != 0 || !isWritten(g.Duration) && g.Duration != 0 {
		return json.Marshal(exactGrace(g))
	}
	return json.Marshal(tokens.Grace(g).String())
}

// exactGrace is a grace period that has no text, and that no rule allows. The rule says so on the server, as it would here.
type exactGrace struct {
	Duration    time.Duration `json:"nanoseconds"`
	UntilExpiry bool          `json:"until_expiry"`
}

// UnmarshalJSON reads what MarshalJSON writes, or null.
func (g *grace) UnmarshalJSON(text []byte) error {
	var exact exactGrace
	if decodeStrictly(text, &exact) == nil && string(text) != "null" {
		*g = grace(exact)
		return nil
	}
	return unmarshalOptional(text, func(text []byte) error {
		parsed, err := tokens.ParseGrace("", string(text))
		*g = grace(parsed)
		return err
	})
}

// accessToken is an access token.
type accessToken struct {
	ID          string `json:"id"`
	QualifiedID string `json:"qualified_id" jsonschema:"The e-mail address of the technical user or member, an underscore and the identifier."`
	accessTokenSettings
	User          technicalUser   `json:"technical_user" jsonschema:"The technical user that the token belongs to; of a personal token, the account of its member."`
	MemberID      *string         `json:"member_id" jsonschema:"The member to whom a personal token belongs; null for a token of a technical user."`
	CreatorID     *string         `json:"creator_id" jsonschema:"The account that made the token; null for an owner of the database."`
	Ephemeral     bool            `json:"ephemeral" jsonschema:"Whether the token was made for one run, which deletes it; else it ends within 24 hours of its creation, and the next ephemeral token of its technical user replaces it."`
	Disabled      *stop           `json:"disabled" jsonschema:"Who disabled the token and when; null while it is enabled."`
	Held          *stop           `json:"held" jsonschema:"Who holds the token, since when and why; null while it is not held."`
	Secret        secretState     `json:"secret" jsonschema:"The current secret, except its value."`
	Previous      *previousSecret `json:"previous_secret" jsonschema:"The secret before, if it got a grace period; else null."`
	CreatedAt     instant         `json:"created_at"`
	UpdatedAt     instant         `json:"updated_at"`
	RegeneratedAt instant         `json:"regenerated_at" jsonschema:"When the current secret replaced another; null for a first one."`
	LastUsedAt    instant         `json:"last_used_at" jsonschema:"When the token was last used; null for never."`
	UseCount      int64           `json:"use_count" jsonschema:"How often it was used."`
	Status        string          `json:"status" jsonschema:"held, disabled, revoked, expired, pending or active, at observed_at."`
	ObservedAt    instant         `json:"observed_at" jsonschema:"When the server looked at it."`
	Grants        grants          `json:"granted" jsonschema:"The roles that the token has: those of its technical user, narrowed by its own."`
}

// secretState is what is known about a token's current secret.
type secretState struct {
	Version    int64   `json:"version" jsonschema:"Counts the secrets of the token from 1."`
	Preview    string  `json:"preview" jsonschema:"The beginning of the value."`
	CreatedAt  instant `json:"created_at"`
	EndedAt    instant `json:"ended_at" jsonschema:"When it was revoked; null if it was not."`
	ExpiresAt  instant `json:"expires_at" jsonschema:"When it expires; null for never."`
	LastUsedAt instant `json:"last_used_at" jsonschema:"When it was last used; null for never."`
}

// previousSecret is the secret before the current one.
type previousSecret struct {
	Version    int64   `json:"version" jsonschema:"That of the secret among those of the token."`
	Preview    string  `json:"preview" jsonschema:"The beginning of the value."`
	CreatedAt  instant `json:"created_at"`
	ExpiresAt  instant `json:"expires_at" jsonschema:"When its grace period ends, or ended."`
	LastUsedAt instant `json:"last_used_at" jsonschema:"When it was last used; null for never."`
}

func previousSecretOf(p *tokens.PreviousSecret) *previousSecret {
	if p == nil {
		return nil
	}
	return &previousSecret{p.Version, p.Preview, instant{p.CreatedAt}, instant{p.EndsAt}, instant{p.LastUsedAt}}
}

func (p *previousSecret) domain() *tokens.PreviousSecret {
	if p == nil {
		return nil
	}
	return &tokens.PreviousSecret{
		Version: p.Version, Preview: p.Preview, CreatedAt: p.CreatedAt.Time, EndsAt: p.ExpiresAt.Time,
		LastUsedAt: p.LastUsedAt.Time,
	}
}

func accessTokenOf(t tokens.AccessToken) accessToken {
	return accessToken{
		ID: t.ID, QualifiedID: t.QualifiedID(), accessTokenSettings: accessTokenSettingsOf(t.Settings),
		User: technicalUserOf(t.User), MemberID: textOrNull(t.MemberID()), CreatorID: textOrNull(t.CreatorID),
		Ephemeral: t.Ephemeral,
		Disabled:  stopOf(t.Disabled), Held: stopOf(t.Held),
		Secret: secretState{
			t.Secret.Version, t.Secret.Preview, instant{t.Secret.CreatedAt}, instant{t.Secret.EndedAt},
			instant{t.SecretExpiresAt()}, instant{t.Secret.LastUsedAt},
		},
		Previous: previousSecretOf(t.Previous), CreatedAt: instant{t.CreatedAt}, UpdatedAt: instant{t.UpdatedAt},
		RegeneratedAt: instant{t.RegeneratedAt}, LastUsedAt: instant{t.LastUsedAt}, UseCount: t.UseCount,
		Status: string(t.Status), ObservedAt: instant{t.ObservedAt}, Grants: grantsOf(t.Grants),
	}
}

func (t accessToken) domain() (tokens.AccessToken, error) {
	user, err := t.User.domain()
	return tokens.AccessToken{
		ID: t.ID, Settings: t.accessTokenSettings.domain(), User: user, CreatorID: textOrEmpty(t.CreatorID),
		Ephemeral: t.Ephemeral,
		Disabled:  t.Disabled.domain(), Held: t.Held.domain(),
		Secret: tokens.SecretState{
			Version: t.Secret.Version, Preview: t.Secret.Preview, CreatedAt: t.Secret.CreatedAt.Time,
			EndedAt: t.Secret.EndedAt.Time, LastUsedAt: t.Secret.LastUsedAt.Time,
		},
		Previous: t.Previous.domain(), CreatedAt: t.CreatedAt.Time, UpdatedAt: t.UpdatedAt.Time,
		RegeneratedAt: t.RegeneratedAt.Time, LastUsedAt: t.LastUsedAt.Time, UseCount: t.UseCount,
		Status: tokens.Status(t.Status), ObservedAt: t.ObservedAt.Time, Grants: t.Grants.granted(),
	}, err
}
