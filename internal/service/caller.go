package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// builtInRoles are the roles of a database without custom ones.
var builtInRoles = tokens.NewRoles(nil)

// rolesWith returns the built-in roles together with custom ones.
func rolesWith(custom []tokens.Role) tokens.Roles {
	if len(custom) == 0 {
		return builtInRoles
	}
	return tokens.NewRoles(custom)
}

// caller is a principal as one operation sees it: with what it may do, the name that events give it and, if it asks by
// an access token, the secret that it used.
type caller struct {
	tokens.Caller
	actor tokens.Actor
	// identity is what a request is bound to: unlike the actor's address, it never passes to somebody else.
	identity string
	used     *usedSecret
	// rejected means that it asks by an access token that is not good, or by nothing at all.
	rejected bool
}

// caller looks up the principal in the database.
func (b *Backend) caller(ctx context.Context, v store.View) (caller, error) {
	if actor := b.principal.Actor(); b.principal.IsDatabaseOwner() {
		return caller{Caller: tokens.DatabaseOwner(actor), actor: actor, identity: string(actor)}, nil
	}
	if email, ok := b.principal.Member(); ok {
		return b.member(ctx, v, email)
	}
	if secret, ok := b.principal.TokenHolder(); ok {
		if b.revokes {
			return b.revoker(ctx, v, secret)
		}
		return b.tokenHolder(ctx, v, secret)
	}
	return caller{actor: tokens.ActorUnknown, rejected: true}, tokens.NobodyAsks()
}

// member returns the member with an address as the caller.
func (b *Backend) member(ctx context.Context, v store.View, email string) (caller, error) {
	m, custom, ok, err := v.MemberWithEmailAndRoles(ctx, email)
	if err != nil {
		return caller{}, err
	}
	if !ok {
		refusal := tokens.Forbidden("", "there is no member %q in organization %q: check the e-mail address",
			email, v.Database().Organization).Because(tokens.ReasonUnknownCaller)
		refusal.Field = "act_as"
		return caller{actor: b.principal.Actor()}, refusal
	}
	return caller{
		Caller:   tokens.Caller{AccountID: m.ID, Name: m.Email, Access: m.Access(rolesWith(custom))},
		actor:    tokens.Actor(m.Email),
		identity: m.ID,
	}, nil
}

// tokenHolder returns the account of the token with a value as the caller. A value that is not active gets the
// same answer whatever the reason, so nobody can use it to find out about tokens. In a database that was moved, nobody can tell.
func (b *Backend) tokenHolder(ctx context.Context, v store.View, secret tokens.Secret) (caller, error) {
	if err := v.CheckNotMoved(ctx); err != nil {
		return caller{}, err
	}
	known, ok, err := verify.Value(ctx, secretRows{v}, secret)
	if err != nil {
		return caller{}, err
	}
	if !ok {
		return caller{actor: tokens.ActorUnknown, rejected: true}, tokens.StrangerAsks()
	}
	verdict := known.Verdict(b.now())
	by := callerByToken(*verdict.AccessToken, verdict.Access, known.Credential())
	if !verdict.Active {
		return caller{actor: by.actor, rejected: true}, tokens.StrangerAsks()
	}
	by.used = &usedSecret{verdict.AccessToken.ID, known.Version()}
	return by, nil
}

// revoker returns whoever presents a live value to end it as the caller: the holder of that token, who may do nothing
// else. To end a value is no use of it. CodeNotFound for a value that is no live secret.
func (b *Backend) revoker(ctx context.Context, v store.View, secret tokens.Secret) (caller, error) {
	row, _, err := liveSecret(ctx, v, secret, b.now())
	if err != nil {
		return caller{actor: tokens.ActorUnknown, rejected: true}, err
	}
	return callerByToken(row.AccessToken, tokens.Access{}, &tokens.Credential{Own: &tokens.Access{}}), nil
}

// callerByToken returns the caller who asks by a token, with what that allows.
func callerByToken(t tokens.AccessToken, access tokens.Access, by *tokens.Credential) caller {
	name := t.QualifiedID()
	if t.Visibility == tokens.VisibilityRestricted {
		name = t.ID // the address may tell the name of the token to those who may not know it
	}
	return caller{
		Caller:   tokens.Caller{AccountID: t.User.ID, Name: name, Access: access, Credential: by},
		actor:    tokens.Actor(name),
		identity: t.ID,
	}
}

// shareWith returns the role that a share gives the caller on a token; empty for none.
func shareWith(ctx context.Context, v store.View, c tokens.Caller, tokenID string) (string, error) {
	if !tokens.IsID(tokens.KindMember, c.AccountID) {
		return "", nil
	}
	share, err := v.TokenShare(ctx, tokenID, c.AccountID)
	if tokens.ErrorCode(err) == tokens.CodeNotFound {
		return "", nil
	}
	return share.Role, err
}

// reader is an operation that only reads, together with its caller.
type reader struct {
	store.View
	service *Service
	caller  tokens.Caller
	// used is the secret of the access token by which the caller asks; nil if it asks by none.
	used *usedSecret
	// object is what the event names if the look is refused.
	object *object
}

// look is an operation that only reads: the action, and the object that the event of a refusal names.
type look struct {
	action tokens.Action
	object object
}

// readAs runs fn on the database for the principal. What the principal may do is read from the same snapshot as
// everything else. The owner of the database needs no look-up, and so no snapshot.
func readAs[T any](ctx context.Context, b *Backend, l look, fn func(reader) (T, error)) (T, error) {
	if b.principal.IsDatabaseOwner() {
		return readAsBy(ctx, b, (*store.Store).Read, l, fn)
	}
	return readAsBy(ctx, b, (*store.Store).ReadAtOnce, l, fn)
}

// readAsBy is readAs by means of one of the store's reading methods.
func readAsBy[T any](
	ctx context.Context, b *Backend, method readMethod, l look, fn func(reader) (T, error),
) (T, error) {
	var by caller
	about := l.object
	w := witness{Witness: tokens.WitnessOf(ctx)}
	result, err := readBy(ctx, b.Service, method, func(v store.View) (none T, err error) {
		if err := w.checkFirst(ctx, v, b.principal); err != nil {
			return none, err
		}
		if by, err = b.caller(ctx, v); err != nil {
			return none, err
		}
		if err := w.checkLast(ctx, v, b.principal); err != nil {
			return none, err
		}
		return fn(reader{v, b.Service, by.Caller, by.used, &about})
	})
	b.recordUseBy(by.used, b.now())
	if err == nil {
		w.saw(tokens.Mark{})
	}
	if tokens.ErrorCode(err) != tokens.CodeForbidden {
		return result, w.Unreached(err)
	}
	r := refusal{by.actor, l.action, about, by.rejected}
	if p, ok := tokens.PurposeOf(ctx); ok {
		r.action, r.object = p.Action, objectOf(tokens.KindOf(p.ObjectID), p.ObjectID)
	}
	return result, b.recordRefusal(ctx, r, err)
}

// mayShow checks that the caller may show a token.
func (r reader) mayShow(ctx context.Context, t tokens.AccessToken, roles tokens.Roles) error {
	share, err := shareWith(ctx, r.View, r.caller, t.ID)
	if err != nil {
		return err
	}
	return r.caller.MayUse(tokens.OperationShow, t, share, roles)
}
