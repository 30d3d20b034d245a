package service

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// AccessTokens implements tokens.Backend.
func (b *Backend) AccessTokens(ctx context.Context, query tokens.TokenQuery) (tokens.TokenPage, error) {
	about := look{action: tokens.ActionAccessTokenList}
	return readAsBy(ctx, b, (*store.Store).ReadAtOnce, about, func(r reader) (page tokens.TokenPage, err error) {
		if err := query.Validate(); err != nil {
			return page, err
		}
		return newTokenLister(r, query, b.now()).page(ctx)
	})
}

// tokenLister makes lists of access tokens. The database searches, orders and cuts them; the rules have the last word
// on each token.
type tokenLister struct {
	reader
	query tokens.TokenQuery
	now   time.Time
	// groupNames maps the identifiers of the groups that the tokens read so far refer to, to their names.
	groupNames map[string]string
	// roles are the built-in roles and those to which the tokens read so far refer.
	roles tokens.Roles
}

func newTokenLister(r reader, query tokens.TokenQuery, now time.Time) *tokenLister {
	return &tokenLister{reader: r, query: query, now: now, groupNames: map[string]string{}, roles: tokens.NewRoles(nil)}
}

// page returns the page that the query asks for.
func (l *tokenLister) page(ctx context.Context) (page tokens.TokenPage, err error) {
	position, err := l.query.Position()
	if err != nil {
		return page, err
	}
	var after *tokens.AccessToken
	if position != nil {
		l.now, after = position.Now, &position.Last
	}
	list, err := l.first(ctx, after)
	if err != nil {
		return page, err
	}
	if limit := min(l.query.Limit, maxTokens); limit > 0 && len(list) > limit {
		list = list[:limit]
		page.NextCursor = l.query.CursorAfter(list[limit-1])
	}
	page.AccessTokens, page.GroupNames = list, namesOfGroups(list, l.groupNames)
	switch {
	case l.caller.MayManageAccounts("", "", "to list the roles") == nil:
		page.Roles = l.roles
	case !slices.ContainsFunc(list, tokens.AccessToken.HasCustomRole):
		page.Roles = tokens.NewRoles(nil) // not those of tokens that were read beyond the page
	}
	switch {
	case !l.query.CountTotal:
	case after == nil && page.NextCursor == "":
		page.Total = len(list)
	default:
		err = l.each(ctx, func(tokens.AccessToken) { page.Total++ })
	}
	return page, err
}

// first returns the tokens after one, or all of them if that is nil, in the query's order. If the query has a limit, it
// returns at most one token more than that, which shows that there is another page.
func (l *tokenLister) first(ctx context.Context, after *tokens.AccessToken) (list []tokens.AccessToken, err error) {
	limit := min(l.query.Limit, maxTokens)
	switch {
	case limit == 0:
		list, _, err = l.read(ctx, store.TokenSelection{Query: l.query})
		return l.after(list, after), err
	case !store.Orders(l.query):
		// A rule makes the order, so all tokens are read. Those that can't be among the first are dropped now and then.
		err = l.each(ctx, func(t tokens.AccessToken) {
			if list = append(list, t); len(list) >= 2*(limit+1)+batchOfTokens {
				list = l.after(list, after)
				list = list[:min(len(list), limit+1)]
			}
		})
		list = l.after(list, after)
		return list[:min(len(list), limit+1)], err
	}
	for len(list) <= limit {
		asked := limit + 1 - len(list)
		more, end, err := l.read(ctx, store.TokenSelection{Query: l.query, After: after, Limit: asked})
		list = append(list, l.after(more, nil)...)
		if err != nil || end == nil {
			return list, err
		}
		after = end
	}
	return list, nil
}

// after sorts tokens in the query's order and returns those after one, or all of them if that is nil.
func (l *tokenLister) after(list []tokens.AccessToken, after *tokens.AccessToken) []tokens.AccessToken {
	if after != nil {
		list = slices.DeleteFunc(list, func(t tokens.AccessToken) bool { return l.query.Compare(&t, after) <= 0 })
	}
	order := make([]*tokens.AccessToken, len(list)) // sorting pointers moves each large token only once
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortFunc(order, l.query.Compare)
	sorted := make([]tokens.AccessToken, len(list))
	for i, t := range order {
		sorted[i] = *t
	}
	return sorted
}

// maxTokens is more than any list has, and twice as many can still be counted.
const maxTokens = 1 << 29

// batchOfTokens is how many tokens are read at a time where every token has to be looked at.
const batchOfTokens = 500

// each calls fn for each token that the query selects and the caller may show, in the order of creation.
func (l *tokenLister) each(ctx context.Context, fn func(tokens.AccessToken)) error {
	selection := store.TokenSelection{Query: l.query, Limit: batchOfTokens}
	selection.Query.Sort, selection.Query.Descending = tokens.ColumnCreatedAt, false
	for {
		list, end, err := l.read(ctx, selection)
		if err != nil {
			return err
		}
		for _, t := range list {
			fn(t)
		}
		if end == nil {
			return nil
		}
		selection.After = end
	}
}

// read reads the first tokens of a selection. It returns those that the query selects and the caller may show, in no
// particular order, and, if there may be more, the last token that it read.
func (l *tokenLister) read(
	ctx context.Context, selection store.TokenSelection,
) (shown []tokens.AccessToken, end *tokens.AccessToken, err error) {
	selection.Now, selection.Audience = l.now, audienceOf(l.caller)
	list, err := l.View.AccessTokens(ctx, selection)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(l.groupNames, list.GroupNames)
	roles := rolesWith(list.CustomRoles)
	maps.Copy(l.roles, roles)
	mayHaveMore := selection.Limit > 0 && len(list.AccessTokens) >= selection.Limit
	shown = list.AccessTokens[:0] // tokens are large, so the list is narrowed in place
	for i := range list.AccessTokens {
		t := &list.AccessTokens[i]
		*t = t.Observed(l.now, roles)
		if mayHaveMore && (end == nil || selection.Query.Compare(t, end) > 0) {
			end = new(*t)
		}
		used := t
		if l.query.Column() == tokens.ColumnLastUsedAt {
			used = new(*t) // the list keeps what the database has ordered by
		}
		l.service.addUses(used)
		if l.query.Selects(used, l.now) && l.caller.MayUse(tokens.OperationShow, *t, list.Shares[i], roles) == nil {
			shown = append(shown, *t)
		}
	}
	return shown, end, nil
}

// audienceOf returns the audience that narrows lists to what a caller may show.
func audienceOf(c tokens.Caller) store.Audience {
	a := store.Audience{All: c.IsOwner(), AccountID: c.AccountID, Personal: c.ShowsPersonalTokens()}
	if a.All {
		return a
	}
	a.Everywhere, _ = c.ShowsTokensAt("")
	for _, groupID := range slices.Sorted(maps.Keys(c.Access.Groups)) {
		some, restricted := c.ShowsTokensAt(groupID)
		if some && !a.Everywhere {
			a.Groups = append(a.Groups, groupID)
		}
		if restricted {
			a.RestrictedGroups = append(a.RestrictedGroups, groupID)
		}
	}
	return a
}

// everything is the audience that sees all tokens.
var everything = store.Audience{All: true}

// shownTokens returns which of the identifiers belong to access tokens that the caller may show.
func (r reader) shownTokens(ctx context.Context, ids []string) (shown map[string]bool, err error) {
	shown = map[string]bool{}
	for some := range slices.Chunk(ids, batchOfTokens) {
		list, err := r.View.AccessTokens(ctx, store.TokenSelection{IDs: some, Audience: audienceOf(r.caller)})
		if err != nil {
			return nil, err
		}
		roles := rolesWith(list.CustomRoles)
		for i, t := range list.AccessTokens {
			shown[t.ID] = r.caller.MayUse(tokens.OperationShow, t, list.Shares[i], roles) == nil
		}
	}
	return shown, nil
}

// namesOfGroups selects the names of the groups to which the tokens belong or in which they have roles.
func namesOfGroups(list []tokens.AccessToken, all map[string]string) map[string]string {
	names := map[string]string{}
	note := func(groupID string) {
		if name, ok := all[groupID]; ok {
			names[groupID] = name
		}
	}
	for _, t := range list {
		note(t.User.GroupID)
		for _, grants := range []tokens.Grants{t.Own, t.User.Grants, t.Grants} {
			for _, role := range grants.GroupRoles {
				note(role.GroupID)
			}
		}
	}
	return names
}
