package httpapi

import (
	"context"
	"maps"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// accessTokenSelection selects and orders access tokens.
type accessTokenSelection struct {
	ID                 string   `query:"id" jsonschema:"The one token with this identifier. Where the caller may not show it, the list is empty."`
	IDPrefix           string   `query:"id_prefix" jsonschema:"How the identifier begins."`
	Name               string   `query:"name" jsonschema:"Exactly this name."`
	NamePrefix         string   `query:"name_prefix" jsonschema:"How the name begins, in any case."`
	TechnicalUserEmail string   `query:"technical_user_email" jsonschema:"The address of the technical user, in any case."`
	Search             string   `query:"search" jsonschema:"A text in the name, the description or the technical user's name or address, in any case."`
	Status             string   `query:"status" jsonschema:"held, disabled, revoked, expired, pending or active."`
	TechnicalUserID    string   `query:"technical_user_id" jsonschema:"The technical user that the token belongs to."`
	MemberID           string   `query:"member_id" jsonschema:"The member to whom personal tokens belong; without it, only tokens of technical users are listed."`
	GroupID            string   `query:"group_id" jsonschema:"The group at whose level the token is."`
	Ephemeral          bool     `query:"ephemeral" jsonschema:"Whether to list ephemeral tokens, too, which were made for one run each."`
	CreatorID          string   `query:"creator_id" jsonschema:"The account that made the token."`
	ExpiresWithin      duration `query:"expires_within" jsonschema:"Only tokens whose secret is still valid and expires within this time."`
	UnusedFor          duration `query:"unused_for" jsonschema:"Only tokens that were not used for this time, counted from their creation where they never were."`
	Sort               string   `query:"sort" jsonschema:"The column to order by; created_at by default."`
	Descending         bool     `query:"descending" jsonschema:"Whether to reverse the order."`
	CountTotal         bool     `query:"count_total" jsonschema:"Whether to count all tokens that are selected, which takes a look at each."`
	pageInput
}

func accessTokenSelectionOf(q tokens.TokenQuery) accessTokenSelection {
	return accessTokenSelection{
		ID: q.ID, IDPrefix: q.IDPrefix, Name: q.Name, NamePrefix: q.NamePrefix, TechnicalUserEmail: q.TechnicalUserEmail,
		Search: q.Search, Status: string(q.Status), TechnicalUserID: q.TechnicalUserID, MemberID: q.MemberID, GroupID: q.GroupID,
		Ephemeral: q.Ephemeral, CreatorID: q.CreatorID, ExpiresWithin: duration(q.ExpiresWithin), UnusedFor: duration(q.UnusedFor),
		Sort: string(q.Sort), Descending: q.Descending, CountTotal: q.CountTotal,
		pageInput: pageInput{Limit: q.Limit, Cursor: q.Cursor},
	}
}

// domain returns the query. CodeInvalid.
func (s accessTokenSelection) domain() (tokens.TokenQuery, error) {
	limit, err := s.size()
	return tokens.TokenQuery{
		ID: s.ID, IDPrefix: s.IDPrefix, Name: s.Name, NamePrefix: s.NamePrefix, TechnicalUserEmail: s.TechnicalUserEmail,
		Search: s.Search, Status: tokens.Status(s.Status), TechnicalUserID: s.TechnicalUserID, MemberID: s.MemberID, GroupID: s.GroupID,
		Ephemeral: s.Ephemeral, CreatorID: s.CreatorID, ExpiresWithin: time.Duration(s.ExpiresWithin), UnusedFor: time.Duration(s.UnusedFor),
		Sort: tokens.TokenColumn(s.Sort), Descending: s.Descending, CountTotal: s.CountTotal,
		Limit: limit, Cursor: s.Cursor,
	}, err
}

// accessTokenPage is a part of the list of access tokens.
type accessTokenPage struct {
	page[accessToken]
	Total      *int                `json:"total" jsonschema:"How many tokens are selected in all; null unless count_total asks for it."`
	GroupNames map[string]string   `json:"group_names" jsonschema:"The names of the groups to which the tokens belong or in which they have roles, by identifier."`
	Roles      map[string][]string `json:"roles" jsonschema:"The permissions of the built-in roles and of those that the tokens have; null where the caller may not list these."`
}

// accessTokenPageOf returns the document of a page, with the total if it was asked for.
func accessTokenPageOf(p tokens.TokenPage, counted bool) accessTokenPage {
	document := accessTokenPage{GroupNames: p.GroupNames}
	document.Items = make([]accessToken, len(p.AccessTokens))
	for i, t := range p.AccessTokens {
		document.Items[i] = accessTokenOf(t)
	}
	document.NextCursor = textOrNull(p.NextCursor)
	if counted {
		document.Total = &p.Total
	}
	if p.Roles != nil {
		document.Roles = make(map[string][]string, len(p.Roles))
		for name, permissions := range p.Roles {
			document.Roles[name] = permissions
		}
	}
	return document
}

func (p accessTokenPage) domain() (tokens.TokenPage, error) {
	result := tokens.TokenPage{NextCursor: textOrEmpty(p.NextCursor), GroupNames: p.GroupNames}
	for _, item := range p.Items {
		t, err := item.domain()
		if err != nil {
			return result, err
		}
		result.AccessTokens = append(result.AccessTokens, t)
	}
	if p.Total != nil {
		result.Total = *p.Total
	}
	if p.Roles != nil {
		result.Roles = make(tokens.Roles, len(p.Roles))
		for name, permissions := range p.Roles {
			result.Roles[name] = permissions
		}
	}
	return result, nil
}

// listAccessTokens is the operation that lists access tokens.
var listAccessTokens = operation[accessTokenSelection, accessTokenPage]{
	"GET", "/v1/access-tokens", "listAccessTokens", "List the access tokens that the caller may show", false,
}

// accessTokenListEndpoints are what a server does for lists of access tokens.
func accessTokenListEndpoints() []endpoint {
	return []endpoint{
		served(listAccessTokens, func(
			ctx context.Context, b tokens.Backend, in accessTokenSelection,
		) (accessTokenPage, error) {
			query, err := in.domain()
			if err != nil {
				return accessTokenPage{}, err
			}
			p, err := b.AccessTokens(ctx, query)
			if err != nil {
				return accessTokenPage{}, err
			}
			return accessTokenPageOf(p, query.CountTotal), nil
		}),
	}
}

// AccessTokens implements tokens.Backend. It asks for as many pages as the query needs. All of them tell of the time at
// which the first was read.
func (c *Client) AccessTokens(ctx context.Context, query tokens.TokenQuery) (tokens.TokenPage, error) {
	in := accessTokenSelectionOf(query)
	var all *tokens.TokenPage
	err := eachPage(in.pageInput, func(page pageInput) (int, string, error) {
		in.pageInput = page
		p, err := received(accessTokenPage.domain)(ask(ctx, c, listAccessTokens, in))
		if err != nil {
			return 0, "", err
		}
		count := len(p.AccessTokens)
		if all != nil {
			p = joined(*all, p)
		}
		all, in.CountTotal = &p, false
		return count, p.NextCursor, nil
	})
	if err != nil {
		return tokens.TokenPage{}, err
	}
	return *all, nil
}

// joined returns two pages that follow each other as one.
func joined(a, b tokens.TokenPage) tokens.TokenPage {
	a.AccessTokens, a.NextCursor = append(a.AccessTokens, b.AccessTokens...), b.NextCursor
	a.GroupNames = both(a.GroupNames, b.GroupNames)
	if a.Roles == nil || b.Roles == nil {
		a.Roles = nil
	} else {
		a.Roles = both(a.Roles, b.Roles)
	}
	return a
}

// both returns what is in either of two maps.
func both[M ~map[string]V, V any](a, b M) M {
	all := M{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}
