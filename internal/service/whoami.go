package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whoami implements tokens.Backend.
func (b *Backend) Whoami(ctx context.Context) (tokens.Self, error) {
	return readAs(ctx, b, look{action: tokens.ActionDatabaseShow}, func(r reader) (none tokens.Self, err error) {
		switch {
		case r.used != nil:
			t, _, err := r.AccessTokenWithRoles(ctx, r.used.tokenID)
			if err != nil {
				return none, err
			}
			return tokens.SelfByToken(t, r.caller.Access), nil
		case r.caller.AccountID != "":
			m, _, err := r.MemberWithRoles(ctx, r.caller.AccountID)
			if err != nil {
				return none, err
			}
			return tokens.SelfAsMember(m, r.caller.Access), nil
		}
		return tokens.Self{Grants: tokens.Grants{Role: tokens.RoleOwner}, Access: r.caller.Access}, nil
	})
}
