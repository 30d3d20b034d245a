package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenList lists access tokens.
type tokenList struct {
	Search  string   `help:"Only tokens whose name, description or technical user contains this, in any case." placeholder:"TEXT"`
	Status  string   `help:"Only tokens of one status: ${statuses}." placeholder:"STATUS"`
	Sort    string   `help:"The column to sort by: ${columns}. Default: created_at." placeholder:"COLUMN"`
	Desc    bool     `help:"Sort the other way round."`
	Columns []string `help:"The columns to show, of those above, in this order." placeholder:"COLUMN"`
	JSON    bool     `name:"json" help:"Answer in JSON, for programs; with --columns, these fields alone."`
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
		page, err := backend.AccessTokens(ctx, query)
		if err != nil {
			return fmt.Errorf("unable to list the access tokens: %w", err)
		}
		list := page.AccessTokens
		if c.JSON {
			documents := make([]tokenDocument, len(list))
			for i, t := range list {
				documents[i] = newTokenDocument(t)
			}
			if len(c.Columns) == 0 {
				return app.printJSON(documents)
			}
			selected, err := selectFields(documents, c.Columns)
			if err != nil {
				return err
			}
			return app.printJSON(selected)
		}
		if len(list) == 0 {
			app.note("%s", c.emptiness())
			return nil
		}
		groups, err := readGroupNames(ctx, backend)
		if err != nil {
			return err
		}
		return app.printTable(newTokenTable(list, columns, groups))
	})
}

// selectFields returns the fields of the documents that have the names of the columns.
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

// query returns what the flags select. A status or column that does not exist is misuse; like any argument it is not
// repeated unless it is a plain word.
func (c *tokenList) query() (tokens.TokenQuery, error) {
	if c.Status != "" && !slices.Contains(statusNames(), c.Status) {
		return tokens.TokenQuery{}, misusef("--status: there is no status %q; the statuses are %s", hideUnlessPlain(c.Status), strings.Join(statusNames(), ", "))
	}
	if c.Sort != "" && !slices.Contains(columnNames(), c.Sort) {
		return tokens.TokenQuery{}, misusef("--sort: there is no column %q; the columns are %s", hideUnlessPlain(c.Sort), strings.Join(columnNames(), ", "))
	}
	return tokens.TokenQuery{
		Search:     c.Search,
		Status:     tokens.Status(c.Status),
		Sort:       tokens.TokenColumn(c.Sort),
		Descending: c.Desc,
	}, nil
}

func (c *tokenList) emptiness() string {
	if c.Search != "" || c.Status != "" {
		return "No access token matches."
	}
	return "There are no access tokens."
}

// readGroupNames returns the names of all groups.
func readGroupNames(ctx context.Context, backend tokens.Backend) (groupNames, error) {
	groups, err := backend.Groups(ctx)
	if err != nil {
		return nil, fmt.Errorf("unable to list the groups: %w", err)
	}
	names := groupNames{}
	for _, group := range groups {
		names[group.ID] = group.Name
	}
	return names, nil
}
