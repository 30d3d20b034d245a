package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// listedToken is an access token with what is needed to show it: the names of the groups that it refers to, and the roles
// that exist; nil roles are unknown.
type listedToken struct {
	tokens.AccessToken
	groups groupNames
	roles  tokens.Roles
}

// tokenListing is how access tokens are listed, and everything that is known about one.
var tokenListing = listing[listedToken]{
	fields: []field[listedToken]{
		{
			name: "name", title: "Name", rank: 1, fit: cutOff, least: 16,
			value: func(t listedToken) value { return textValue(t.Name) },
		},
		{name: "id", title: "ID", rank: 1, value: func(t listedToken) value { return textValue(t.ID) }},
		{
			name: "qualified_id", title: "Qualified ID", rank: onRequest,
			value: func(t listedToken) value { return textValue(t.QualifiedID()) },
		},
		{name: "status", title: "Status", rank: 1, value: func(t listedToken) value { return textValue(t.Status) }},
		{
			name: "expires_at", title: "Expires", rank: 2,
			value: func(t listedToken) value { return instantValue(t.SecretExpiresAt()).or("Not specified") },
		},
		{
			name: "role", title: "Role", rank: 3, fit: cutOff,
			value: func(t listedToken) value { return textValue(t.levelRole()).as(t.groups.describe(t.Grants)) },
		},
		{name: "group_roles", title: "Group roles", rank: onRequest, value: listedToken.groupRoles},
		{name: "permissions", title: "Permissions", rank: onRequest, value: listedToken.permissions},
		{name: "narrowed_to", title: "Narrowed to", rank: onRequest, value: listedToken.narrowedTo},
		{
			name: "token_preview", title: "Token", rank: 5,
			value: func(t listedToken) value { return textValue(t.Secret.Preview).as(maskedToken(t.AccessToken)) },
		},
		{
			name: "secret_version", title: "Version", rank: wideOnly,
			value: func(t listedToken) value { return countValue(t.Secret.Version) },
		},
		{
			name: "previous_secret", title: "Previous token", rank: onRequest,
			value: func(t listedToken) value { return previousSecretValue(t.AccessToken) },
		},
		{
			name: "created_at", title: "Created", rank: 6,
			value: func(t listedToken) value { return instantValue(t.CreatedAt) },
		},
		{
			name: "last_used_at", title: "Last used", rank: 4,
			value: func(t listedToken) value { return instantValue(t.LastUsedAt).or("Never") },
		},
		{name: "use_count", title: "Uses", rank: wideOnly, value: func(t listedToken) value { return countValue(t.UseCount) }},
		{
			name: "technical_user", title: "Technical user", rank: 7, fit: cutOff, least: 24,
			value: func(t listedToken) value { return textValue(t.User.Email) },
		},
		{
			name: "technical_user_id", title: "Technical user ID", rank: onRequest,
			value: func(t listedToken) value { return textValue(t.User.ID) },
		},
		{
			name: "member_id", title: "Member ID", rank: onRequest,
			value: func(t listedToken) value { return textValue(t.MemberID()) },
		},
		{
			name: "group_id", title: "Group", rank: onRequest,
			value: func(t listedToken) value {
				if t.User.GroupID == "" {
					return textValue("")
				}
				return textValue(t.User.GroupID).as(t.groups.name(t.User.GroupID))
			},
		},
		{
			name: "description", title: "Description", rank: 8, fit: cutOff, least: 20,
			value: func(t listedToken) value { return writtenValue(t.Description) },
		},
		{
			name: "visibility", title: "Visibility", rank: wideOnly,
			value: func(t listedToken) value { return textValue(t.Visibility) },
		},
		{
			name: "creator_id", title: "Made by", rank: onRequest,
			value: func(t listedToken) value { return textValue(t.CreatorID) },
		},
		{
			name: "ephemeral", title: "Ephemeral", rank: onRequest,
			value: func(t listedToken) value { return boolValue(t.Ephemeral) },
		},
		{
			name: "updated_at", title: "Updated", rank: wideOnly,
			value: func(t listedToken) value { return instantValue(t.UpdatedAt) },
		},
		{
			name: "regenerated_at", title: "Regenerated", rank: wideOnly,
			value: func(t listedToken) value { return instantValue(t.RegeneratedAt).or("Never") },
		},
		{
			name: "activates_at", title: "Activates", rank: wideOnly,
			value: func(t listedToken) value { return instantValue(t.ActivatesAt) },
		},
		{
			name: "ttl_seconds", title: "Time to live", rank: wideOnly,
			value: func(t listedToken) value { return secondsValue(t.TTL) },
		},
		{
			name: "regenerate_before_expiry_seconds", title: "Regenerate before expiry", rank: onRequest,
			value: func(t listedToken) value { return secondsValue(t.RegenerateBeforeExpiry) },
		},
		{
			name: "on_expired", title: "On expired", rank: onRequest,
			value: func(t listedToken) value { return textValue(t.OnExpired) },
		},
		{
			name: "on_secret_drift", title: "On secret drift", rank: onRequest,
			value: func(t listedToken) value { return textValue(t.OnSecretDrift) },
		},
		{
			name: "grace_period_seconds", title: "Grace period", rank: onRequest,
			value: func(t listedToken) value { return secondsValue(t.Grace.Duration) },
		},
		{
			name: "grace_until_expiry", title: "Grace until expiry", rank: onRequest,
			value: func(t listedToken) value { return boolValue(t.Grace.UntilExpiry) },
		},
		{
			name: "protect_if_used_within_seconds", title: "Protect if used within", rank: onRequest,
			value: func(t listedToken) value { return secondsValue(t.ProtectIfUsedWithin) },
		},
		{name: "enabled", title: "Enabled", rank: onRequest, value: func(t listedToken) value { return boolValue(t.Enabled) }},
		{name: "held", title: "Held", rank: onRequest, value: func(t listedToken) value { return stopValue(t.Held) }},
		{
			name: "disabled", title: "Disabled", rank: onRequest,
			value: func(t listedToken) value { return stopValue(t.Disabled) },
		},
		{
			name: "technical_user_disabled", title: "Technical user disabled", rank: onRequest,
			value: func(t listedToken) value { return stopValue(t.User.Disabled) },
		},
	},
	style: func(t listedToken) style { return statusStyles[t.Status] },
}

// statusStyles are the styles of a row by the status of its token: what was stopped in an incident stands out most, then
// what has expired; what somebody switched off is faint.
var statusStyles = map[tokens.Status]style{
	tokens.StatusExpired:  red,
	tokens.StatusDisabled: faint,
	tokens.StatusRevoked:  faint,
	tokens.StatusHeld:     warning,
}

// levelRole returns the role that the token can use at its level: in its group, or in the organization.
func (t listedToken) levelRole() string {
	role := t.Grants.Role
	if t.User.GroupID != "" {
		role = ""
		for _, r := range t.Grants.GroupRoles {
			if r.GroupID == t.User.GroupID {
				role = r.Role
			}
		}
	}
	return cmp.Or(role, tokens.RoleNone)
}

// groupGrantDocument holds the role that counts in a group, and everything that the token may do there, in --json
// output.
type groupGrantDocument struct {
	groupRoleDocument
	Permissions []string `json:"permissions"`
}

// groupRoles are the roles in groups of a token at organization level. No role may hold exactly what two roles both
// allow: such permissions stand beside the role none.
func (t listedToken) groupRoles() value {
	documents, texts := []groupGrantDocument{}, []string{}
	if t.User.GroupID == "" {
		named := map[string]string{}
		for _, r := range t.Grants.GroupRoles {
			named[r.GroupID] = r.Role
		}
		access := t.Access(t.roles)
		if t.roles != nil {
			for groupID := range access.Groups {
				named[groupID] = cmp.Or(named[groupID], tokens.RoleNone)
			}
		}
		for _, groupID := range slices.Sorted(maps.Keys(named)) {
			grant := groupGrantDocument{groupRoleDocument: groupRoleDocument{GroupID: groupID, Role: named[groupID]}}
			if t.roles != nil {
				grant.Permissions = listOf(access.At(groupID))
			}
			documents = append(documents, grant)
			texts = append(texts, named[groupID]+"@"+cmp.Or(t.groups[groupID], groupID))
		}
	}
	v := listValue(texts)
	v.data = documents
	return v
}

// permissions are what the token may do at its level; none if what its roles hold is unknown.
func (t listedToken) permissions() value {
	if t.roles == nil {
		return textValue("")
	}
	access := t.Access(t.roles)
	if t.User.GroupID != "" {
		return listValue(access.At(t.User.GroupID))
	}
	return listValue(access.Organization)
}

// narrowedDocument holds the roles that are set on a token itself, and narrow those of its technical user.
type narrowedDocument struct {
	Role       *string             `json:"role"`
	GroupRoles []groupRoleDocument `json:"group_roles"`
}

// narrowedTo is what the token's own roles are; none if it has those of its technical user.
func (t listedToken) narrowedTo() value {
	if t.User.SystemCreated || t.Own.Role == "" && t.Own.GroupRoles == nil {
		return textValue("")
	}
	document := narrowedDocument{Role: textOrNull(t.Own.Role)}
	if t.Own.GroupRoles != nil {
		document.GroupRoles = documentsOf(t.Own.GroupRoles, newGroupRoleDocument)
	}
	return value{data: document, text: t.groups.describe(t.Own)}
}

// previousSecretDocument is the secret before the current one in --json output.
type previousSecretDocument struct {
	Version      int64  `json:"version"`
	TokenPreview string `json:"token_preview"`
	// ExpiresAt is when its grace period ends, or ended.
	ExpiresAt  *string `json:"expires_at"`
	LastUsedAt *string `json:"last_used_at"`
}

// previousSecretValue is the secret before the current one; none if it had no grace period or was ended before that was
// over.
func previousSecretValue(t tokens.AccessToken) value {
	if t.Previous == nil {
		return textValue("")
	}
	return value{
		data: previousSecretDocument{
			Version:      t.Previous.Version,
			TokenPreview: t.Previous.Preview,
			ExpiresAt:    instantOrNull(t.Previous.EndsAt),
			LastUsedAt:   instantOrNull(t.Previous.LastUsedAt),
		},
		text: describePrevious(t, tokens.FormatTimestamp),
	}
}

// maskedToken shows the beginning of a value, so that people recognize it.
func maskedToken(t tokens.AccessToken) string { return t.Secret.Preview + "…" }

func (a *app) expiry(t tokens.AccessToken) string {
	return a.instantOr("Not specified", t.SecretExpiresAt())
}

func (a *app) lastUse(t tokens.AccessToken) string { return a.instantOr("Never", t.LastUsedAt) }

// countedUses is lastUse with the number of uses. A last use without a number is from before uses were counted.
func (a *app) countedUses(t tokens.AccessToken) string {
	switch t.UseCount {
	case 0:
		return a.lastUse(t)
	case 1:
		return a.lastUse(t) + ", once in all"
	}
	return fmt.Sprintf("%s, %d times in all", a.lastUse(t), t.UseCount)
}

// accountTitle says what kind of account a token belongs to.
func accountTitle(t tokens.AccessToken) string {
	if t.IsPersonal() {
		return "Member"
	}
	return "Technical user"
}

// describe names an access token in a sentence. A caller who may stop the token but not know of it does not get the
// name.
func describe(t tokens.AccessToken) string {
	if t.Name == "" {
		return "access token " + t.ID
	}
	return fmt.Sprintf("access token %q (%s)", t.Name, t.ID)
}

// shownToken is an access token with what belongs to it.
type shownToken struct {
	listedToken
	shares  []tokens.TokenShare
	members memberAddresses
}

// tokenDocument is an access token in --json output.
func tokenDocument(t listedToken) document { return documentOf(tokenListing.fields, t) }

// tokenCard lays out one token, one property per row.
func (a *app) tokenCard(t shownToken) tableView {
	view := newCard()
	add := func(label, value string) {
		view.rows = append(view.rows, tableRow{cells: []string{label, value}})
	}
	add("Name", t.Name)
	add("ID", t.ID)
	add("Qualified ID", t.QualifiedID())
	add("Description", cmp.Or(t.Description, "None"))
	add("Status", string(t.Status))
	view.rows[len(view.rows)-1].style = statusStyles[t.Status]
	if t.Held != nil {
		add("Held", a.stopped(t.Held))
	}
	if t.Disabled != nil {
		add("Disabled", a.stopped(t.Disabled))
	}
	if t.User.Disabled != nil {
		add("Technical user disabled", a.stopped(t.User.Disabled))
	}
	add("Token", maskedToken(t.AccessToken))
	add("Secret version", fmt.Sprint(t.Secret.Version))
	if t.Previous != nil {
		add("Previous token", describePrevious(t.AccessToken, a.instant))
	}
	add(accountTitle(t.AccessToken), fmt.Sprintf("%s (%s)", t.User.Email, t.User.ID))
	if t.User.GroupID != "" {
		add("Group", t.groups.name(t.User.GroupID))
	}
	add("Role", t.groups.describe(t.Grants))
	if narrowed := t.Own.Role != "" || t.Own.GroupRoles != nil; narrowed && !t.User.SystemCreated {
		add("Narrowed to", t.groups.describe(t.Own))
	}
	for _, line := range describePermissions(t) {
		add("Permissions", line)
	}
	if t.Ephemeral {
		add("Ephemeral", "Made for one run, which deletes it")
	}
	add("Visibility", string(t.Visibility))
	for _, s := range t.shares {
		add("Shared with", fmt.Sprintf("%s as %s", t.members.name(s.MemberID), s.Role))
	}
	if t.CreatorID != "" {
		add("Made by", t.members.name(t.CreatorID))
	}
	add("Created", a.instant(t.CreatedAt))
	add("Updated", a.instant(t.UpdatedAt))
	add("Regenerated", a.instantOr("Never", t.RegeneratedAt))
	if !t.ActivatesAt.IsZero() {
		add("Activates", a.instant(t.ActivatesAt))
	}
	add("Expires", a.expiry(t.AccessToken))
	if t.TTL > 0 {
		add("Time to live", tokens.FormatDuration(t.TTL)+" from each new secret")
	}
	for _, policy := range []struct{ label, value string }{
		{"Regenerate before expiry", tokens.FormatDuration(t.RegenerateBeforeExpiry)},
		{"On expired", string(t.OnExpired)},
		{"On secret drift", string(t.OnSecretDrift)},
		{"Grace period", t.Grace.String()},
		{"Protect if used within", tokens.FormatDuration(t.ProtectIfUsedWithin)},
	} {
		if policy.value != "" && policy.value != noDuration {
			add(policy.label, policy.value)
		}
	}
	add("Last used", a.countedUses(t.AccessToken))
	return view
}

// describePrevious shows the secret before the current one, when it ends or ended, and its last use.
func describePrevious(t tokens.AccessToken, written func(time.Time) string) string {
	end, used := "ended at", "never used"
	if t.Previous.IsLive(t.ObservedAt) {
		end = "good until"
	}
	if !t.Previous.LastUsedAt.IsZero() {
		used = "last used at " + written(t.Previous.LastUsedAt)
	}
	return fmt.Sprintf("%s…, %s %s, %s", t.Previous.Preview, end, written(t.Previous.EndsAt), used)
}

// describePermissions says what the token may do, level by level.
func describePermissions(t shownToken) []string {
	if t.roles == nil {
		return []string{"Unknown: only those who manage accounts can see what custom roles hold"}
	}
	access := t.Access(t.roles)
	var lines []string
	if len(access.Organization) > 0 {
		lines = append(lines, strings.Join(access.Organization, ", "))
	}
	for _, groupID := range slices.Sorted(maps.Keys(access.Groups)) {
		permissions := strings.Join(access.Groups[groupID], ", ")
		lines = append(lines, fmt.Sprintf("%s in %s", permissions, cmp.Or(t.groups[groupID], groupID)))
	}
	if lines == nil {
		return []string{"None"}
	}
	return lines
}
