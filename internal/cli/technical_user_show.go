package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// technicalUserShow shows one technical user.
type technicalUserShow struct {
	TechnicalUser technicalUserRef `arg:"" name:"id" help:"The technical user, named by identifier (tu_…) or e-mail address."`
	JSON          bool             `name:"json" help:"Answer in JSON, for programs."`
}

// shownTechnicalUserDocument is the answer of technical-user show in --json output.
type shownTechnicalUserDocument struct {
	technicalUserDocument
	// AccessTokenIDs are the tokens that belong to it, as far as the caller may show them.
	AccessTokenIDs []string `json:"access_token_ids"`
}

// Run shows everything that is known of the technical user, and its tokens.
func (c *technicalUserShow) Run(ctx context.Context, app *app) error {
	return app.withBackend(func(backend tokens.Backend) error {
		user, list, err := c.read(ctx, backend)
		if err != nil {
			return fmt.Errorf("unable to show technical user %s: %w", c.TechnicalUser, err)
		}
		if c.JSON {
			document := shownTechnicalUserDocument{newTechnicalUserDocument(user), []string{}}
			for _, t := range list {
				document.AccessTokenIDs = append(document.AccessTokenIDs, t.ID)
			}
			return app.printJSON(document)
		}
		groups, err := readGroupNames(ctx, backend)
		if err != nil {
			return err
		}
		return app.printTable(newTechnicalUserCard(user, list, groups))
	})
}

func (c *technicalUserShow) read(ctx context.Context, backend tokens.Backend) (user tokens.TechnicalUser, list []tokens.AccessToken, err error) {
	id, err := c.TechnicalUser.find(ctx, backend)
	if err != nil {
		return user, nil, err
	}
	if user, err = backend.TechnicalUser(ctx, id); err != nil {
		return user, nil, err
	}
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{TechnicalUserID: id})
	return user, page.AccessTokens, err
}

// newTechnicalUserCard lays one technical user out, a property in each row.
func newTechnicalUserCard(u tokens.TechnicalUser, list []tokens.AccessToken, groups groupNames) tableView {
	var view tableView
	add := func(label, value string) {
		view.rows = append(view.rows, tableRow{cells: []string{label, value}})
	}
	add("E-mail", u.Email)
	add("Name", u.Name)
	add("ID", u.ID)
	add("Description", cmp.Or(u.Description, "None"))
	add("Status", technicalUserStatus(u))
	if u.Disabled != nil {
		add("Disabled", stopped(u.Disabled))
	}
	if u.GroupID != "" {
		add("Group", groups.name(u.GroupID))
	}
	add("Role", describeTechnicalUserRoles(u, groups))
	add("Made for", madeFor(u))
	add("Created", minute(u.CreatedAt))
	add("Updated", minute(u.UpdatedAt))
	for _, t := range list {
		add("Access token", fmt.Sprintf("%s (%s), %s", t.Name, t.ID, t.Status))
	}
	return view
}
