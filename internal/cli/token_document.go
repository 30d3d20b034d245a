package cli

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenDocument is an access token in --json output. Its names are stable: they are those of the Terraform attributes
// where such exist. What is not set is null.
type tokenDocument struct {
	ID          string `json:"id"`
	QualifiedID string `json:"qualified_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// TechnicalUser is the e-mail address of the technical user.
	TechnicalUser   string `json:"technical_user"`
	TechnicalUserID string `json:"technical_user_id"`
	// GroupID is the group at whose level the token is; null at organization level.
	GroupID *string `json:"group_id"`
	// Role and GroupRoles are what is set on the token itself; null where nothing is.
	Role       *string            `json:"role"`
	GroupRoles []tokens.GroupRole `json:"group_roles"`
	// Grants are the roles that the token can use: those of its technical user, narrowed by its own.
	Grants     grantsDocument    `json:"grants"`
	Visibility tokens.Visibility `json:"visibility"`
	// CreatorID is the member who made the token; null for one who opened the database itself.
	CreatorID       *string       `json:"creator_id"`
	Enabled         bool          `json:"enabled"`
	Status          tokens.Status `json:"status"`
	TokenPreview    string        `json:"token_preview"`
	SecretVersion   int64         `json:"secret_version"`
	CreatedAt       *string       `json:"created_at"`
	UpdatedAt       *string       `json:"updated_at"`
	RegeneratedAt   *string       `json:"regenerated_at"`
	ActivatesAt     *string       `json:"activates_at"`
	ExpiresAt       *string       `json:"expires_at"`
	TTL             *string       `json:"ttl"`
	SecretExpiresAt *string       `json:"secret_expires_at"`
	// The policies are null where none was set, which stands for their defaults.
	RegenerateBeforeExpiry *string `json:"regenerate_before_expiry"`
	OnExpired              *string `json:"on_expired"`
	OnSecretDrift          *string `json:"on_secret_drift"`
	GracePeriod            *string `json:"grace_period"`
	ProtectIfUsedWithin    *string `json:"protect_if_used_within"`
	// PreviousSecret is the secret before the current one; null where it had no grace or was ended before that was over.
	PreviousSecret *previousSecretDocument `json:"previous_secret"`
	// LastUsedAt and UseCount are of the token, by either of its secrets.
	LastUsedAt *string       `json:"last_used_at"`
	UseCount   int64         `json:"use_count"`
	Held       *stopDocument `json:"held"`
	Disabled   *stopDocument `json:"disabled"`
	// TechnicalUserDisabled says who disabled the technical user, and with it the token; null while it is enabled.
	TechnicalUserDisabled *stopDocument `json:"technical_user_disabled"`
}

// grantsDocument are the roles that a token can use, and what it may do, in --json output.
type grantsDocument struct {
	Role string `json:"role"`
	// Permissions are those at organization level; null where it can't be read what the roles hold.
	Permissions []string             `json:"permissions"`
	GroupRoles  []groupGrantDocument `json:"group_roles"`
}

// groupGrantDocument is the role that counts in a group, and all that the token may do there, in --json output.
type groupGrantDocument struct {
	tokens.GroupRole
	Permissions []string `json:"permissions"`
}

// newGrantsDocument says what a token may do, by the roles that exist; nil roles are unknown. What two roles both allow
// may have no name: such permissions stand beside the role none.
func newGrantsDocument(t tokens.AccessToken, roles tokens.Roles) grantsDocument {
	document := grantsDocument{Role: cmp.Or(t.Grants.Role, tokens.RoleNone), GroupRoles: []groupGrantDocument{}}
	named := map[string]string{}
	for _, r := range t.Grants.GroupRoles {
		named[r.GroupID] = r.Role
	}
	var access tokens.Access
	if roles != nil {
		access = t.Access(roles)
		document.Permissions = listOf(access.Organization)
		for groupID := range access.Groups {
			named[groupID] = cmp.Or(named[groupID], tokens.RoleNone)
		}
	}
	for _, groupID := range slices.Sorted(maps.Keys(named)) {
		grant := groupGrantDocument{GroupRole: tokens.GroupRole{GroupID: groupID, Role: named[groupID]}}
		if roles != nil {
			grant.Permissions = listOf(access.At(groupID))
		}
		document.GroupRoles = append(document.GroupRoles, grant)
	}
	return document
}

// listOf is never nil, so that no permissions are an empty list in JSON.
func listOf(permissions []string) []string { return append([]string{}, permissions...) }

// stopDocument says who stopped something, when and why, in --json output.
type stopDocument struct {
	By     tokens.Actor `json:"by"`
	At     *string      `json:"at"`
	Reason *string      `json:"reason"`
}

// newTokenDocument describes a token, with what it may do by the roles that exist; nil roles are unknown.
func newTokenDocument(t tokens.AccessToken, roles tokens.Roles) tokenDocument {
	return tokenDocument{
		ID:                     t.ID,
		QualifiedID:            t.QualifiedID(),
		Name:                   t.Name,
		Description:            t.Description,
		TechnicalUser:          t.User.Email,
		TechnicalUserID:        t.User.ID,
		GroupID:                textOrNull(t.User.GroupID),
		Role:                   textOrNull(t.Own.Role),
		GroupRoles:             t.Own.GroupRoles,
		Grants:                 newGrantsDocument(t, roles),
		Visibility:             t.Visibility,
		CreatorID:              textOrNull(t.CreatorID),
		Enabled:                t.Enabled,
		Status:                 t.Status,
		TokenPreview:           t.Secret.Preview,
		SecretVersion:          t.Secret.Version,
		CreatedAt:              instantOrNull(t.CreatedAt),
		UpdatedAt:              instantOrNull(t.UpdatedAt),
		RegeneratedAt:          instantOrNull(t.RegeneratedAt),
		ActivatesAt:            instantOrNull(t.ActivatesAt),
		ExpiresAt:              instantOrNull(t.ExpiresAt),
		TTL:                    durationOrNull(t.TTL),
		SecretExpiresAt:        instantOrNull(t.SecretExpiresAt()),
		RegenerateBeforeExpiry: durationOrNull(t.RegenerateBeforeExpiry),
		OnExpired:              textOrNull(string(t.OnExpired)),
		OnSecretDrift:          textOrNull(string(t.OnSecretDrift)),
		GracePeriod:            graceOrNull(t.Grace),
		ProtectIfUsedWithin:    durationOrNull(t.ProtectIfUsedWithin),
		PreviousSecret:         newPreviousSecretDocument(t.Previous),
		LastUsedAt:             instantOrNull(t.LastUsedAt),
		UseCount:               t.UseCount,
		Held:                   newStopDocument(t.Held),
		Disabled:               newStopDocument(t.Disabled),
		TechnicalUserDisabled:  newStopDocument(t.User.Disabled),
	}
}

// previousSecretDocument is the secret before the current one in --json output.
type previousSecretDocument struct {
	Version      int64  `json:"version"`
	TokenPreview string `json:"token_preview"`
	// ExpiresAt is when its grace is over, or was.
	ExpiresAt  *string `json:"expires_at"`
	LastUsedAt *string `json:"last_used_at"`
}

func newPreviousSecretDocument(p *tokens.PreviousSecret) *previousSecretDocument {
	if p == nil {
		return nil
	}
	return &previousSecretDocument{p.Version, p.Preview, instantOrNull(p.EndsAt), instantOrNull(p.LastUsedAt)}
}

func newStopDocument(stop *tokens.Stop) *stopDocument {
	if stop == nil {
		return nil
	}
	return &stopDocument{stop.By, instantOrNull(stop.At), textOrNull(stop.Reason)}
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func instantOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(tokens.FormatTimestamp(t))
}

func durationOrNull(d time.Duration) *string {
	if d == 0 {
		return nil
	}
	return new(tokens.FormatDuration(d))
}

func graceOrNull(g tokens.Grace) *string {
	if g == (tokens.Grace{}) {
		return nil
	}
	return new(g.String())
}
