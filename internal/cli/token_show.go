package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenShow shows one access token.
type tokenShow struct {
	ID   tokenID `arg:"" help:"The identifier of the token (tok_…)."`
	JSON bool    `name:"json" help:"Answer in JSON, for programs."`
}

// Run shows everything that is known of the token, its value apart.
func (c *tokenShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := backend.AccessToken(ctx, string(c.ID))
		if err != nil {
			return fmt.Errorf("unable to show access token %s: %w", c.ID, err)
		}
		if c.JSON {
			return app.printJSON(newTokenDocument(token))
		}
		groups, err := readGroupNames(ctx, backend)
		if err != nil {
			return err
		}
		return app.printTable(newTokenCard(token, groups))
	})
}

// newTokenCard lays one token out, a property in each row.
func newTokenCard(t tokens.AccessToken, groups groupNames) tableView {
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
	add("Token", maskedToken(t))
	add("Secret version", fmt.Sprint(t.Secret.Version))
	add("Technical user", fmt.Sprintf("%s (%s)", t.User.Email, t.User.ID))
	if t.User.GroupID != "" {
		add("Group", fmt.Sprintf("%s (%s)", groups[t.User.GroupID], t.User.GroupID))
	}
	add("Role", groups.describe(t.Grants))
	if narrowed := t.Own.Role != "" || t.Own.GroupRoles != nil; narrowed && !t.User.SystemCreated {
		add("Narrowed to", groups.describe(t.Own))
	}
	add("Created", minute(t.CreatedAt))
	add("Updated", minute(t.UpdatedAt))
	add("Regenerated", minuteOr("Never", t.RegeneratedAt))
	if !t.ActivatesAt.IsZero() {
		add("Activates", minute(t.ActivatesAt))
	}
	add("Expires", expiry(t))
	if t.TTL > 0 {
		add("Time to live", tokens.FormatDuration(t.TTL)+" from each new secret")
	}
	add("Last used", lastUse(t))
	return view
}

// stopped says who stopped something, when and why.
func stopped(stop *tokens.Stop) string {
	text := fmt.Sprintf("by %s at %s", stop.By, minute(stop.At))
	if stop.Reason != "" {
		text += ": " + stop.Reason
	}
	return text
}
