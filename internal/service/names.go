package service

import (
	"context"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Names implements tokens.Backend.
func (b *Backend) Names(ctx context.Context, ids []string) (map[string]string, error) {
	return readAs(ctx, b, look{action: tokens.ActionDatabaseShow}, func(r reader) (map[string]string, error) {
		names := map[string]string{}
		known := func(kind tokens.Kind, knows func(id string) bool) []string {
			return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
				return !tokens.IsID(kind, id) || !knows(id)
			})
		}
		if asked := known(tokens.KindGroup, r.caller.KnowsGroup); len(asked) > 0 {
			groups, err := r.Groups(ctx)
			if err != nil {
				return nil, err
			}
			for _, group := range groups {
				if slices.Contains(asked, group.ID) {
					names[group.ID] = group.Name
				}
			}
		}
		if asked := known(tokens.KindMember, r.caller.KnowsMember); len(asked) > 0 {
			members, err := r.Members(ctx)
			if err != nil {
				return nil, err
			}
			for _, member := range members {
				if slices.Contains(asked, member.ID) {
					names[member.ID] = member.Email
				}
			}
		}
		return names, nil
	})
}
