package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// An access token is shown in three forms: as a document for programs, as a row of the list and as a card with
// everything that is known about it. An attribute that people should see has a line in each.

// tokenDocument is an access token in --json output. Its names are stable: they are those of the Terraform attributes,
// where there is one. What is not set is null.
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
	// Role and GroupRoles are those set on the token itself; null if none are.
	Role       *string             `json:"role"`
	GroupRoles []groupRoleDocument `json:"group_roles"`
	// Grants are the roles that the token can use: those of its technical user, narrowed by its own.
	Grants     grantsDocument `json:"grants"`
	Visibility string         `json:"visibility"`
	// CreatorID is the member who made the token; null if the owner of the database did.
	CreatorID       *string `json:"creator_id"`
	Enabled         bool    `json:"enabled"`
	Status          string  `json:"status"`
	TokenPreview    string  `json:"token_preview"`
	SecretVersion   int64   `json:"secret_version"`
	CreatedAt       *string `json:"created_at"`
	UpdatedAt       *string `json:"updated_at"`
	RegeneratedAt   *string `json:"regenerated_at"`
	ActivatesAt     *string `json:"activates_at"`
	ExpiresAt       *string `json:"expires_at"`
	TTL             *string `json:"ttl"`
	SecretExpiresAt *string `json:"secret_expires_at"`
	// A policy is null if none was set, which stands for its default.
	RegenerateBeforeExpiry *string `json:"regenerate_before_expiry"`
	OnExpired              *string `json:"on_expired"`
	OnSecretDrift          *string `json:"on_secret_drift"`
	GracePeriod            *string `json:"grace_period"`
	ProtectIfUsedWithin    *string `json:"protect_if_used_within"`
	// PreviousSecret is the secret before the current one; null if it had no grace period or was ended before that was
	// over.
	PreviousSecret *previousSecretDocument `json:"previous_secret"`
	// LastUsedAt and UseCount count uses of either of its secrets.
	LastUsedAt *string       `json:"last_used_at"`
	UseCount   int64         `json:"use_count"`
	Held       *stopDocument `json:"held"`
	Disabled   *stopDocument `json:"disabled"`
	// TechnicalUserDisabled says who disabled the technical user, and with it the token; null while that is enabled.
	TechnicalUserDisabled *stopDocument `json:"technical_user_disabled"`
}

// grantsDocument holds the roles that a token can use, and what it may do, in --json output.
type grantsDocument struct {
	Role string `json:"role"`
	// Permissions are those at organization level; null if what the roles hold can't be read.
	Permissions []string             `json:"permissions"`
	GroupRoles  []groupGrantDocument `json:"group_roles"`
}

// groupGrantDocument holds the role that counts in a group, and everything that the token may do there, in --json
// output.
type groupGrantDocument struct {
	groupRoleDocument
	Permissions []string `json:"permissions"`
}

// newGrantsDocument says what a token may do, given the roles that exist; nil roles are unknown. No role may hold
// exactly what two roles both allow: such permissions stand beside the role none.
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
		grant := groupGrantDocument{groupRoleDocument: groupRoleDocument{GroupID: groupID, Role: named[groupID]}}
		if roles != nil {
			grant.Permissions = listOf(access.At(groupID))
		}
		document.GroupRoles = append(document.GroupRoles, grant)
	}
	return document
}

// newTokenDocument describes a token and what it may do, given the roles that exist; nil roles are unknown.
func newTokenDocument(t tokens.AccessToken, roles tokens.Roles) tokenDocument {
	document := tokenDocument{
		ID:                     t.ID,
		QualifiedID:            t.QualifiedID(),
		Name:                   t.Name,
		Description:            t.Description,
		TechnicalUser:          t.User.Email,
		TechnicalUserID:        t.User.ID,
		GroupID:                textOrNull(t.User.GroupID),
		Role:                   textOrNull(t.Own.Role),
		Grants:                 newGrantsDocument(t, roles),
		Visibility:             string(t.Visibility),
		CreatorID:              textOrNull(t.CreatorID),
		Enabled:                t.Enabled,
		Status:                 string(t.Status),
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
	if t.Own.GroupRoles != nil {
		document.GroupRoles = documentsOf(t.Own.GroupRoles, newGroupRoleDocument)
	}
	return document
}

// previousSecretDocument is the secret before the current one in --json output.
type previousSecretDocument struct {
	Version      int64  `json:"version"`
	TokenPreview string `json:"token_preview"`
	// ExpiresAt is when its grace period ends, or ended.
	ExpiresAt  *string `json:"expires_at"`
	LastUsedAt *string `json:"last_used_at"`
}

func newPreviousSecretDocument(p *tokens.PreviousSecret) *previousSecretDocument {
	if p == nil {
		return nil
	}
	return &previousSecretDocument{
		Version:      p.Version,
		TokenPreview: p.Preview,
		ExpiresAt:    instantOrNull(p.EndsAt),
		LastUsedAt:   instantOrNull(p.LastUsedAt),
	}
}

func graceOrNull(g tokens.Grace) *string {
	if g == (tokens.Grace{}) {
		return nil
	}
	return new(g.String())
}

// tokenTableColumn is a column of the list of access tokens.
type tokenTableColumn struct {
	name   tokens.TokenColumn
	header string
	value  func(listedToken) string
	// optional columns are shown only if they are asked for.
	optional bool
	// freeText marks texts that people wrote, which may be long.
	freeText bool
}

// listedToken is an access token in the list, with the names of the groups that it refers to.
type listedToken struct {
	tokens.AccessToken
	groups groupNames
}

// tokenTableColumns are all columns, in the order in which they are shown.
var tokenTableColumns = []tokenTableColumn{
	{name: tokens.ColumnName, header: "NAME", freeText: true, value: func(t listedToken) string { return t.Name }},
	{
		name: tokens.ColumnDescription, header: "DESCRIPTION", freeText: true,
		value: func(t listedToken) string { return t.Description },
	},
	{name: tokens.ColumnID, header: "ID", value: func(t listedToken) string { return t.ID }},
	{name: tokens.ColumnPreview, header: "TOKEN", value: func(t listedToken) string { return maskedToken(t.AccessToken) }},
	{
		name: tokens.ColumnSecretVersion, header: "VERSION", optional: true,
		value: func(t listedToken) string { return fmt.Sprint(t.Secret.Version) },
	},
	{name: tokens.ColumnTechnicalUser, header: "TECHNICAL USER", value: func(t listedToken) string { return t.User.Email }},
	{name: tokens.ColumnRole, header: "ROLE", value: func(t listedToken) string { return t.groups.describe(t.Grants) }},
	{name: tokens.ColumnCreatedAt, header: "CREATED", value: func(t listedToken) string { return minute(t.CreatedAt) }},
	{name: tokens.ColumnExpiresAt, header: "EXPIRES", value: func(t listedToken) string { return expiry(t.AccessToken) }},
	{name: tokens.ColumnLastUsedAt, header: "LAST USED", value: func(t listedToken) string { return lastUse(t.AccessToken) }},
	{
		name: tokens.ColumnUpdatedAt, header: "UPDATED", optional: true,
		value: func(t listedToken) string { return minute(t.UpdatedAt) },
	},
	{
		name: tokens.ColumnVisibility, header: "VISIBILITY", optional: true,
		value: func(t listedToken) string { return string(t.Visibility) },
	},
	{name: tokens.ColumnStatus, header: "STATUS", value: func(t listedToken) string { return string(t.Status) }},
}

// statusColors are the colours of a row by the status of its token: what has expired or was stopped in an incident
// stands out, what somebody switched off is faint.
var statusColors = map[tokens.Status]text.Colors{
	tokens.StatusExpired:  {text.FgRed},
	tokens.StatusDisabled: {text.Faint},
	tokens.StatusRevoked:  {text.Faint},
	tokens.StatusHeld:     {text.Bold, text.FgYellow},
}

// newTokenTable lays access tokens out in columns.
func newTokenTable(list []tokens.AccessToken, columns []tokenTableColumn, groups groupNames) tableView {
	var view tableView
	for _, column := range columns {
		view.headers = append(view.headers, column.header)
		if column.freeText {
			view.freeText = append(view.freeText, column.header)
		}
	}
	for _, t := range list {
		row := tableRow{colors: statusColors[t.Status]}
		for _, column := range columns {
			row.cells = append(row.cells, column.value(listedToken{t, groups}))
		}
		view.rows = append(view.rows, row)
	}
	return view
}

// maskedToken shows the beginning of a value, so that people recognize it.
func maskedToken(t tokens.AccessToken) string { return t.Secret.Preview + "…" }

func expiry(t tokens.AccessToken) string { return minuteOr("Not specified", t.SecretExpiresAt()) }

func lastUse(t tokens.AccessToken) string { return minuteOr("Never", t.LastUsedAt) }

// countedUses is lastUse with the number of uses. A last use without a number is from before uses were counted.
func countedUses(t tokens.AccessToken) string {
	switch t.UseCount {
	case 0:
		return lastUse(t)
	case 1:
		return lastUse(t) + " (once in all)"
	}
	return fmt.Sprintf("%s (%d times in all)", lastUse(t), t.UseCount)
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
	tokens.AccessToken
	shares  []tokens.TokenShare
	roles   tokens.Roles
	groups  groupNames
	members memberAddresses
}

// newTokenCard lays out one token, one property per row.
func newTokenCard(t shownToken) tableView {
	var view tableView
	add := func(label, value string) {
		view.rows = append(view.rows, tableRow{cells: []string{label, value}})
	}
	add("Name", t.Name)
	add("ID", t.ID)
	add("Qualified ID", t.QualifiedID())
	add("Description", cmp.Or(t.Description, "None"))
	add("Status", string(t.Status))
	view.rows[len(view.rows)-1].colors = statusColors[t.Status]
	if t.Held != nil {
		add("Held", stopped(t.Held))
	}
	if t.Disabled != nil {
		add("Disabled", stopped(t.Disabled))
	}
	if t.User.Disabled != nil {
		add("Technical user disabled", stopped(t.User.Disabled))
	}
	add("Token", maskedToken(t.AccessToken))
	add("Secret version", fmt.Sprint(t.Secret.Version))
	if t.Previous != nil {
		add("Previous token", describePrevious(t.AccessToken))
	}
	add("Technical user", fmt.Sprintf("%s (%s)", t.User.Email, t.User.ID))
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
	add("Visibility", string(t.Visibility))
	for _, s := range t.shares {
		add("Shared with", fmt.Sprintf("%s as %s", t.members.name(s.MemberID), s.Role))
	}
	if t.CreatorID != "" {
		add("Made by", t.members.name(t.CreatorID))
	}
	add("Created", minute(t.CreatedAt))
	add("Updated", minute(t.UpdatedAt))
	add("Regenerated", minuteOr("Never", t.RegeneratedAt))
	if !t.ActivatesAt.IsZero() {
		add("Activates", minute(t.ActivatesAt))
	}
	add("Expires", expiry(t.AccessToken))
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
	add("Last used", countedUses(t.AccessToken))
	return view
}

// describePrevious shows the secret before the current one, when it ends or ended, and its last use.
func describePrevious(t tokens.AccessToken) string {
	end, used := "ended at", "never used"
	if t.Previous.IsLive(t.ObservedAt) {
		end = "good until"
	}
	if !t.Previous.LastUsedAt.IsZero() {
		used = "last used at " + minute(t.Previous.LastUsedAt)
	}
	return fmt.Sprintf("%s…, %s %s, %s", t.Previous.Preview, end, minute(t.Previous.EndsAt), used)
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
