package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// manageable is an object of the database that Terraform can manage.
type manageable struct {
	kind tokens.Kind
	id   string
	// key is what distinguishes the object from others of its kind, apart from its identifier. Access tokens may share
	// one.
	key string
	// name is what the name of its block is made from; title is what people call it.
	name, title string
	// object is the object itself.
	object any
}

// readManageable returns all objects that Terraform can manage, each before those that refer to it. What the system
// made for an access token belongs to the token and is left out.
func readManageable(ctx context.Context, backend tokens.Backend) ([]manageable, error) {
	var all []manageable
	groups, err := backend.Groups(ctx)
	if err != nil {
		return nil, err
	}
	names := groupNames{}
	for _, g := range groups {
		names[g.ID] = g.Name
		all = append(all, manageable{
			kind: tokens.KindGroup, id: g.ID, key: g.Name, name: g.Name, title: "group " + g.Name, object: g,
		})
	}
	roles, err := backend.Roles(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		if !r.BuiltIn {
			all = append(all, manageable{
				kind: tokens.KindRole, id: r.ID, key: r.Name, name: r.Name, title: "role " + r.Name, object: r,
			})
		}
	}
	members, err := backend.Members(ctx)
	if err != nil {
		return nil, err
	}
	addresses := memberAddresses{}
	for _, m := range members {
		addresses[m.ID] = m.Email
		local, _, _ := strings.Cut(m.Email, "@")
		all = append(all, manageable{
			kind: tokens.KindMember, id: m.ID, key: tokens.FoldedEmail(m.Email), name: local, title: "member " + m.Email,
			object: m,
		})
	}
	users, err := backend.TechnicalUsers(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if !u.SystemCreated {
			all = append(all, manageable{
				kind: tokens.KindTechnicalUser, id: u.ID, key: technicalUserKey(u.Name, u.GroupID),
				name:  strings.TrimPrefix(names[u.GroupID]+"-"+u.Name, "-"),
				title: "technical user " + u.Email, object: u,
			})
		}
	}
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{})
	if err != nil {
		return nil, err
	}
	position := map[string]int{}
	for i, t := range page.AccessTokens {
		position[t.ID] = i
		key := ownTokenKey(t.Name, t.User.GroupID)
		if !t.User.SystemCreated {
			key = tokenKey(t.Name, t.User.ID)
		}
		all = append(all, manageable{
			kind: tokens.KindAccessToken, id: t.ID, key: key, name: t.Name,
			title:  fmt.Sprintf("access token %q of %s, made at %s", t.Name, t.User.Email, tokens.FormatTimestamp(t.CreatedAt)),
			object: t,
		})
	}
	shares, err := backend.TokenShares(ctx, tokens.TokenShareQuery{})
	if err != nil {
		return nil, err
	}
	// Only those who may show a token manage its shares: a member's own share of another token is not theirs to manage.
	shares = slices.DeleteFunc(shares, func(s tokens.TokenShare) bool {
		_, shown := position[s.AccessTokenID]
		return !shown
	})
	slices.SortFunc(shares, func(a, b tokens.TokenShare) int {
		return cmp.Or(
			position[a.AccessTokenID]-position[b.AccessTokenID],
			strings.Compare(addresses[a.MemberID], addresses[b.MemberID]),
		)
	})
	for _, s := range shares {
		token := page.AccessTokens[position[s.AccessTokenID]]
		local, _, _ := strings.Cut(addresses[s.MemberID], "@")
		all = append(all, manageable{
			kind: tokens.KindTokenShare, id: s.ID(), key: s.ID(), name: token.Name + "-" + local,
			title:  fmt.Sprintf("access token %q (%s) shared with %s as %s", token.Name, token.ID, addresses[s.MemberID], s.Role),
			object: s,
		})
	}
	return all, nil
}

// technicalUserKey is the key of a technical user at the level of a group, or of the organization if the group is
// empty.
func technicalUserKey(name, groupID string) string { return name + "@" + groupID }

// tokenKey is the key of an access token that belongs to a technical user.
func tokenKey(name, technicalUserID string) string { return technicalUserID + "/" + name }

// ownTokenKey is the key of an access token for which the system made a technical user, at the level of a group or, if
// that is empty, of the organization.
func ownTokenKey(name, groupID string) string { return groupID + "/" + name }

// resourceType returns the type of the resource that manages objects of the kind.
func resourceType(kind tokens.Kind) string {
	return "latchkey_" + strings.ReplaceAll(kind.Noun(), " ", "_")
}

// address returns the address of a resource that is named after the object, and records it as taken, with the number of
// its last namesake.
func (m manageable) address(taken map[string]int) string {
	words := strings.FieldsFunc(strings.ToLower(m.name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	name := strings.Join(words, "_")
	if name == "" || name[0] <= '9' { // an identifier begins with a letter
		noun := m.kind.Noun()
		name = strings.TrimSuffix(noun[strings.LastIndexByte(noun, ' ')+1:]+"_"+name, "_")
	}
	plain := resourceType(m.kind) + "." + name
	address := plain
	for taken[address] > 0 {
		taken[plain]++
		address = fmt.Sprintf("%s_%d", plain, taken[plain])
	}
	taken[address] = 1
	return address
}
