package cli

import (
	"context"
	"fmt"
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
	Ephemeral     bool             `help:"Also ephemeral tokens, which were made for one run each."`
	Sort          string           `help:"The column to sort by: ${sort_columns}. Default: created_at." placeholder:"COLUMN" values:"sort-columns"`
	Desc          bool             `help:"Sort in descending order."`
	Limit         number           `help:"At most N tokens." placeholder:"N"`
	Total         bool             `help:"With --limit, also count all the tokens that match, which reads every one of them."`
	Columns       []string         `help:"Show these columns, in this order: ${token_columns}." placeholder:"COLUMN" values:"token-columns"`
	listFlags
}

// Run lists the tokens that the flags select.
func (c *tokenList) Run(ctx context.Context, app *app) error {
	columns, err := tokenListing.selected(c.Columns)
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
		list := documentsOf(page.AccessTokens, func(t tokens.AccessToken) listedToken {
			return listedToken{t, page.GroupNames, page.Roles}
		})
		err = printList(app, tokenListing, columns, c.listFlags, list, c.emptiness())
		switch shown := len(page.AccessTokens); {
		case page.NextCursor == "":
		case c.Total:
			app.note("%d of %s.", shown, tokens.Counted(page.Total, "access token"))
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

// query returns what the flags select, as far as that takes no look-up in the database. A status or column that does
// not exist is misuse; like any argument, it is repeated only if it is a plain word.
func (c *tokenList) query() (tokens.TokenQuery, error) {
	query := tokens.TokenQuery{
		Search:     c.Search,
		Ephemeral:  c.Ephemeral,
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
	if c.Sort != "" && !slices.Contains(sortNames(), c.Sort) {
		return query, misusef("--sort: there is no column %q; the columns are %s",
			harmless(c.Sort), strings.Join(sortNames(), ", "))
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

func statusNames() []string { return wordsOf(tokens.Statuses()) }

// sortNames returns the names of the columns by which the list can be ordered.
func sortNames() []string { return wordsOf(tokens.TokenColumns()) }

// wordsOf returns the texts of words of the domain.
func wordsOf[W ~string](all []W) []string {
	return documentsOf(all, func(w W) string { return string(w) })
}
