package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenList lists access tokens.
type tokenList struct {
	Search        string           `help:"Only tokens whose name, description or technical user contains this text, in any case." placeholder:"TEXT"`
	Status        string           `help:"Only tokens with this status: ${statuses}." placeholder:"STATUS" values:"statuses"`
	TechnicalUser technicalUserRef `help:"Only the tokens of one technical user." placeholder:"EMAIL|NAME|ID"`
	Group         groupRef         `help:"Only the tokens at the level of one group." placeholder:"NAME|ID"`
	ExpiresWithin string           `help:"Only tokens that have not expired but will within this time, such as 30d." placeholder:"DURATION"`
	UnusedFor     string           `help:"Only tokens that have not been used for this time, such as 90d. For a token that was never used, the time counts from its creation." placeholder:"DURATION"`
	Sort          string           `help:"The column to sort by: ${columns}. Default: created_at." placeholder:"COLUMN" values:"columns"`
	Desc          bool             `help:"Sort in descending order."`
	Limit         number           `help:"At most N tokens." placeholder:"N"`
	Total         bool             `help:"With --limit, also count all the tokens that match, which reads every one of them."`
	Columns       []string         `help:"Show these of the columns above, in this order." placeholder:"COLUMN" values:"columns"`
	JSON          bool             `name:"json" help:"Answer in JSON, for programs; with --columns, only these fields."`
}

// Run lists the tokens that the flags select.
func (c *tokenList) Run(ctx context.Context, app *app) error {
	columns, err := selectColumns(c.Columns)
	if err != nil {
		return err
	}
	query, err := c.query()
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		page, err := c.page(ctx, app, backend, query)
		if err != nil {
			return fmt.Errorf("unable to list the access tokens: %w", err)
		}
		switch {
		case c.JSON:
			err = c.printJSON(ctx, app, backend, page.AccessTokens)
		case len(page.AccessTokens) == 0:
			app.note("%s", c.emptiness())
		default:
			err = app.printTable(newTokenTable(page.AccessTokens, columns, page.GroupNames))
		}
		switch shown := len(page.AccessTokens); {
		case page.NextCursor == "":
		case c.Total:
			app.note("%d of %d access tokens.", shown, page.Total)
		default:
			app.note("Shown: %d. There are more; a higher --limit shows them.", shown)
		}
		return err
	})
}

// page returns the tokens that the query selects, after it adds the technical user and the group that the flags name.
func (c *tokenList) page(
	ctx context.Context, app *app, backend tokens.Backend, query tokens.TokenQuery,
) (page tokens.TokenPage, err error) {
	purpose := lookingFor(ctx, tokens.ActionAccessTokenList, "")
	if query.TechnicalUserID, err = app.findTechnicalUser(purpose, backend, c.TechnicalUser); err != nil {
		return page, err
	}
	if query.GroupID, err = app.findGroup(purpose, backend, c.Group); err != nil {
		return page, err
	}
	return backend.AccessTokens(ctx, query)
}

func (c *tokenList) printJSON(ctx context.Context, app *app, backend tokens.RoleService, list []tokens.AccessToken) error {
	roles, err := rolesOf(ctx, backend, list...)
	if err != nil {
		return err
	}
	documents := documentsOf(list, func(t tokens.AccessToken) tokenDocument { return newTokenDocument(t, roles) })
	if len(c.Columns) == 0 {
		return app.printJSON(documents)
	}
	selected, err := selectFields(documents, c.Columns)
	if err != nil {
		return err
	}
	return app.printJSON(selected)
}

// selectFields returns those fields of the documents that are named like the columns.
func selectFields(documents []tokenDocument, columns []string) ([]map[string]any, error) {
	encoded, err := json.Marshal(documents)
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	if err := json.Unmarshal(encoded, &all); err != nil {
		return nil, err
	}
	for _, fields := range all {
		maps.DeleteFunc(fields, func(name string, _ any) bool { return !slices.Contains(columns, name) })
	}
	return all, nil
}

// query returns what the flags select, as far as that takes no look-up in the database. A status or column that does
// not exist is misuse; like any argument, it is repeated only if it is a plain word.
func (c *tokenList) query() (tokens.TokenQuery, error) {
	query := tokens.TokenQuery{
		Search:     c.Search,
		Status:     tokens.Status(c.Status),
		Sort:       tokens.TokenColumn(c.Sort),
		Descending: c.Desc,
		Limit:      int(c.Limit),
		CountTotal: c.Total,
	}
	if c.Status != "" && !slices.Contains(statusNames(), c.Status) {
		return query, misusef("--status: there is no status %q; the statuses are %s",
			harmless(c.Status), strings.Join(statusNames(), ", "))
	}
	if c.Sort != "" && !slices.Contains(columnNames(), c.Sort) {
		return query, misusef("--sort: there is no column %q; the columns are %s",
			harmless(c.Sort), strings.Join(columnNames(), ", "))
	}
	for _, flag := range []struct {
		name, value string
		within      *time.Duration
	}{{"--expires-within", c.ExpiresWithin, &query.ExpiresWithin}, {"--unused-for", c.UnusedFor, &query.UnusedFor}} {
		if flag.value == "" {
			continue
		}
		var err error
		if *flag.within, err = tokens.ParseDuration(flag.name, flag.value); err != nil {
			return query, misuseOf(flag.value, err)
		}
	}
	return query, nil
}

func (c *tokenList) emptiness() string {
	for _, filter := range []string{
		c.Search, c.Status, string(c.TechnicalUser), string(c.Group), c.ExpiresWithin, c.UnusedFor,
	} {
		if filter != "" {
			return "No access token matches."
		}
	}
	return "There are no access tokens."
}

func statusNames() []string {
	var names []string
	for _, status := range tokens.Statuses() {
		names = append(names, string(status))
	}
	return names
}

// columnNames returns the names of all columns in the order in which they are shown.
func columnNames() []string {
	names := make([]string, len(tokenTableColumns))
	for i, column := range tokenTableColumns {
		names[i] = string(column.name)
	}
	return names
}

// selectColumns returns the columns with these names, in the order of the names, or all that are not optional if there
// are no names.
func selectColumns(names []string) ([]tokenTableColumn, error) {
	var selected []tokenTableColumn
	if len(names) == 0 {
		for _, column := range tokenTableColumns {
			if !column.optional {
				selected = append(selected, column)
			}
		}
		return selected, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(tokenTableColumns, func(c tokenTableColumn) bool { return string(c.name) == name })
		if i < 0 {
			return nil, misusef("--columns: there is no column %q; the columns are %s",
				harmless(name), strings.Join(columnNames(), ", "))
		}
		selected = append(selected, tokenTableColumns[i])
	}
	return selected, nil
}
