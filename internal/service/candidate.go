package service

import (
	"cmp"
	"context"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Candidates implements tokens.Backend.
func (b *Backend) Candidates(
	ctx context.Context, kind tokens.Kind, begun string, limit int,
) ([]tokens.Candidate, error) {
	return readAs(ctx, b, look{action: tokens.ActionDatabaseShow}, func(r reader) ([]tokens.Candidate, error) {
		all, err := r.candidates(ctx, kind)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(c tokens.Candidate) bool { return !c.Begins(begun) })
		slices.SortFunc(all, func(a, b tokens.Candidate) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		return all[:min(limit, len(all))], nil
	})
}

// candidates returns the objects of a kind that the caller may list.
func (r reader) candidates(ctx context.Context, kind tokens.Kind) ([]tokens.Candidate, error) {
	const purpose = "to list them"
	switch {
	case kind == tokens.KindMember && r.caller.MayListMembers() == nil:
		return candidatesOf(ctx, r.Members, func(m tokens.Member) tokens.Candidate {
			return tokens.Candidate{ID: m.ID, Name: m.Name, Email: m.Email}
		})
	case kind == tokens.KindTechnicalUser && r.caller.MayListTechnicalUsers() == nil:
		return candidatesOf(ctx, r.managedTechnicalUsers, func(u tokens.TechnicalUser) tokens.Candidate {
			return tokens.Candidate{ID: u.ID, Name: u.Name, Email: u.Email, Description: u.Description}
		})
	case kind == tokens.KindGroup && r.caller.MayManageAccounts("", "", purpose) == nil:
		return candidatesOf(ctx, r.Groups, func(g tokens.Group) tokens.Candidate {
			return tokens.Candidate{ID: g.ID, Name: g.Name, Description: g.Description}
		})
	case kind == tokens.KindRole && r.caller.MayManageAccounts("", "", purpose) == nil:
		return candidatesOf(ctx, r.Roles, func(role tokens.Role) tokens.Candidate {
			return tokens.Candidate{ID: role.ID, Name: role.Name, Description: role.Description}
		})
	}
	return nil, nil
}

// candidatesOf reads a list and returns its objects as candidates.
func candidatesOf[T any](
	ctx context.Context, read func(context.Context) ([]T, error), candidate func(T) tokens.Candidate,
) ([]tokens.Candidate, error) {
	list, err := read(ctx)
	candidates := make([]tokens.Candidate, len(list))
	for i, object := range list {
		candidates[i] = candidate(object)
	}
	return candidates, err
}
