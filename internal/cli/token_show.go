package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenShow shows one access token.
type tokenShow struct {
	ID   tokenID `arg:"" help:"The identifier of the token (tok_…)."`
	JSON bool    `name:"json" help:"Answer in JSON, for programs."`
}

// shownToken is an access token with what is told of it beyond itself.
type shownToken struct {
	tokens.AccessToken
	shares  []tokens.TokenShare
	roles   tokens.Roles
	groups  groupNames
	members memberAddresses
}

// shownTokenDocument is the answer of token show in --json output.
type shownTokenDocument struct {
	tokenDocument
	Shares []shareDocument `json:"shares"`
}

// shareDocument is a token share in --json output.
type shareDocument struct {
	MemberID string `json:"member_id"`
	// Member is the e-mail address of the member; null where the caller may not list the members.
	Member    *string `json:"member"`
	Role      string  `json:"role"`
	CreatedAt *string `json:"created_at"`
}

// Run shows everything that is known of the token, its value apart.
func (c *tokenShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := c.read(ctx, backend)
		if err != nil {
			return fmt.Errorf("unable to show access token %s: %w", c.ID, err)
		}
		if !c.JSON {
			return app.printTable(newTokenCard(token))
		}
		document := shownTokenDocument{newTokenDocument(token.AccessToken, token.roles), []shareDocument{}}
		for _, s := range token.shares {
			document.Shares = append(document.Shares, shareDocument{s.MemberID, textOrNull(token.members[s.MemberID]), s.Role, instantOrNull(s.CreatedAt)})
		}
		return app.printJSON(document)
	})
}

func (c *tokenShow) read(ctx context.Context, backend tokens.Backend) (t shownToken, err error) {
	if t.AccessToken, err = backend.AccessToken(ctx, string(c.ID)); err != nil {
		return t, err
	}
	if t.shares, err = backend.TokenShares(ctx, tokens.TokenShareQuery{AccessTokenID: string(c.ID)}); err != nil {
		return t, err
	}
	if t.roles, err = rolesOf(ctx, backend, t.AccessToken); err != nil {
		return t, err
	}
	if t.groups, err = readGroupNames(ctx, backend); err != nil {
		return t, err
	}
	t.members, err = readMemberAddresses(ctx, backend)
	return t, err
}

// newTokenCard lays one token out, a property in each row.
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

// describePrevious shows the secret before the current one, until when it is or was good, and its last use.
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

// stopped says who stopped something, when and why.
func stopped(stop *tokens.Stop) string {
	text := fmt.Sprintf("by %s at %s", stop.By, minute(stop.At))
	if stop.Reason != "" {
		text += ": " + stop.Reason
	}
	return text
}

// describePermissions says what the token may do, level by level.
func describePermissions(t shownToken) []string {
	if t.roles == nil {
		return []string{"Unknown: to see what custom roles hold one must manage accounts"}
	}
	access := t.Access(t.roles)
	var lines []string
	if len(access.Organization) > 0 {
		lines = append(lines, strings.Join(access.Organization, ", "))
	}
	for _, groupID := range slices.Sorted(maps.Keys(access.Groups)) {
		lines = append(lines, fmt.Sprintf("%s in %s", strings.Join(access.Groups[groupID], ", "), cmp.Or(t.groups[groupID], groupID)))
	}
	if lines == nil {
		return []string{"None"}
	}
	return lines
}
