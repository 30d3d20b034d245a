package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// builtInRoles are the roles of a database without custom ones.
var builtInRoles = tokens.NewRoles(nil)

// rolesWith returns the built-in roles and the custom ones.
func rolesWith(custom []tokens.Role) tokens.Roles {
	if len(custom) == 0 {
		return builtInRoles
	}
	return tokens.NewRoles(custom)
}

// actsAsMember tells whether the caller is a member, and not the owner of the database.
func (b *Backend) actsAsMember() bool { return b.options.ActAs != "" }

// databaseOwner is the caller where no member is named.
func (b *Backend) databaseOwner() tokens.Caller { return tokens.DatabaseOwner(b.options.Actor) }

// member returns the member that the options name as the caller, with what it holds now.
func (b *Backend) member(ctx context.Context, v store.View) (tokens.Caller, error) {
	m, custom, ok, err := v.MemberWithRoles(ctx, b.options.ActAs)
	if err != nil {
		return tokens.Caller{}, err
	}
	if !ok {
		refusal := tokens.Forbidden("", "there is no member %q in organization %q: name a member by its e-mail address, or leave act_as out to work as the owner of the database",
			b.options.ActAs, v.Database().Organization)
		refusal.Field = "act_as"
		return tokens.Caller{}, refusal
	}
	return tokens.Caller{AccountID: m.ID, Name: m.Email, Access: m.Access(rolesWith(custom))}, nil
}

// shareWith returns the role that the caller has on a token by a share; empty for none.
func shareWith(ctx context.Context, v store.View, c tokens.Caller, tokenID string) (string, error) {
	if c.AccountID == "" {
		return "", nil
	}
	share, err := v.TokenShare(ctx, tokenID, c.AccountID)
	if tokens.ErrorCode(err) == tokens.CodeNotFound {
		return "", nil
	}
	return share.Role, err
}

// reader is an operation that only reads, with who asks for it.
type reader struct {
	store.View
	caller tokens.Caller
}

// readAs runs fn on the database for the caller. What an acting member may do is looked up at the same moment as all that
// fn reads; for the owner of the database nothing is looked up.
func readAs[T any](ctx context.Context, b *Backend, fn func(reader) (T, error)) (T, error) {
	if !b.actsAsMember() {
		return read(ctx, b, func(v store.View) (T, error) { return fn(reader{v, b.databaseOwner()}) })
	}
	return readBy(ctx, b, (*store.Store).ReadAtOnce, func(v store.View) (none T, err error) {
		caller, err := b.member(ctx, v)
		if err != nil {
			return none, err
		}
		return fn(reader{v, caller})
	})
}

// mayShow checks that the caller may show a token.
func (r reader) mayShow(ctx context.Context, t tokens.AccessToken, roles tokens.Roles) error {
	share, err := shareWith(ctx, r.View, r.caller, t.ID)
	if err != nil {
		return err
	}
	return r.caller.MayUse(tokens.OperationShow, t, share, roles)
}
