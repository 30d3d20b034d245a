package service

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// operation is one transaction that may change something, together with its caller and its time.
type operation struct {
	store.Tx
	backend *Backend
	now     time.Time
	// caller is who asks, and actor is the name that events give it.
	caller tokens.Caller
	actor  tokens.Actor
	// identity is what the caller's requests are bound to.
	identity string
	// used is the secret of the access token by which the caller asks; nil if it asks by none.
	used *usedSecret
	// rejected means that the access token by which the caller asks is not good.
	rejected bool
	// run is the run of a pipeline in which the caller claims to ask; empty for none.
	run string
	// roles holds the built-in roles and the custom roles that the operation has needed so far; see know.
	roles tokens.Roles
	// knowsRoles is set if roles holds all custom roles.
	knowsRoles bool
	// again means that it may have taken place before: the answer to the first attempt was lost.
	again bool
	// chores are those that the operation has done, if it commits.
	chores []*schedule
	// readBack holds what is to be read again before the operation commits, and fails if the database does not hold it.
	readBack []func(context.Context) error
	// object is what the event names if the operation is refused.
	object object
}

// object is what an event is about.
type object struct{ id, name string }

// objectOf returns the object with an identifier from a caller. Text that is not a well-formed identifier might be
// anything, even a secret pasted by mistake, so no event repeats it.
func objectOf(kind tokens.Kind, id string) object {
	if !tokens.IsID(kind, id) {
		return object{}
	}
	return object{id: id}
}

// change runs fn as one transaction on an existing database.
func change[T any](
	ctx context.Context, b *Backend, action tokens.Action, about object, fn func(*operation) (T, error),
) (T, error) {
	return transact(ctx, b, action, about, nil, fn)
}

// creation describes how to create an object once for each request.
type creation[T any] struct {
	request tokens.Request
	// input is everything that the request asks for; see tokens.Digest.
	input any
	// brings is the secret that comes with it; zero for none.
	brings tokens.Secret
	// name is the object's name, for events.
	name string
	// invalid is the error if the input is invalid by itself.
	invalid error
	// refers is an existing object to which the input refers. If there is no database then, it was lost: it is not a new
	// one. It is zero if the input refers to none.
	refers reference
	// make creates the object and returns it with its identifier.
	make func(*operation) (T, string, error)
	// again returns the object that the same request created before, if the caller may still create it.
	again func(o *operation, made store.Request) (T, error)
}

// create creates an object. It also creates a missing database, unless the input is invalid or it, or the principal,
// refers to an object that can exist only in a database.
func create[T any](ctx context.Context, b *Backend, kind tokens.Kind, action tokens.Action, c creation[T]) (T, error) {
	once := func(o *operation) (T, error) { return c.once(ctx, o, kind, action) }
	if c.invalid == nil && c.refers == (reference{}) && b.principal.IsDatabaseOwner() {
		return transact(ctx, b, action, object{name: c.name}, b.found, once)
	}
	about := object{name: c.name}
	if c.invalid != nil {
		about = object{} // the name may be the invalid part, so the event does not repeat it
	}
	result, err := transact(ctx, b, action, about, nil, once)
	switch {
	case !tokens.IsNoDatabase(err):
	case c.invalid != nil:
		err = c.invalid
	default:
		err = cmp.Or(c.refers, reference{tokens.KindMember, "the member who acts"}).withoutDatabase(err)
	}
	return result, err
}

// reference is an object to which a request refers.
type reference struct {
	kind tokens.Kind
	// text names it in a sentence.
	text string
}

// referenceTo is the reference by an identifier; zero for none.
func referenceTo(kind tokens.Kind, id string) reference {
	if id == "" {
		return reference{}
	}
	return reference{kind, kind.Noun() + " " + id}
}

// withoutDatabase says, in one sentence, that only a database can hold the object, and that there is none, which missing
// says.
func (r reference) withoutDatabase(missing error) error {
	text := missing.Error()
	if e, ok := errors.AsType[*tokens.Error](missing); ok {
		text = e.Message
	}
	refusal := tokens.Unavailable(nil, "%s can only be in a database, and %s", r.text, text)
	refusal.Kind, refusal.Reason = r.kind, tokens.ErrorReason(missing)
	return refusal
}

// once creates the object, unless the same request did so before.
func (c creation[T]) once(
	ctx context.Context, o *operation, kind tokens.Kind, action tokens.Action,
) (made T, err error) {
	request := o.request(c.request, action, tokens.Digest(c.input))
	before, repeated, err := o.repeated(ctx, request)
	switch {
	case err != nil:
		return made, err
	case repeated:
		made, err = c.again(o, before)
		if tokens.ErrorCode(err) == tokens.CodeNotFound {
			err = tokens.Conflict("request_id", before.ObjectID, "%s %s, which this request made, was deleted since then: "+
				"send a new request to make another one", kind.Noun(), before.ObjectID)
		}
		return made, err
	case c.invalid != nil:
		return made, c.invalid
	}
	secret := o.checkTexts(ctx, c.input, c.brings)
	if secret != nil {
		o.object = object{} // its name may be the secret
	}
	if tokens.ErrorCode(secret) == tokens.CodeUnavailable {
		return made, secret
	}
	if made, request.ObjectID, err = c.make(o); err != nil || secret != nil {
		return made, refusalOf(secret, err, c.input)
	}
	return made, o.InsertRequest(ctx, request)
}

// transact runs fn as one transaction; see transactOnce. Where nobody can tell whether it was committed, it runs once more, if
// that does no harm: a creation finds what its request made, a secret is found by its hash, and what has stopped has stopped.
// An edit might undo that of somebody else, so its error says that it may have taken place.
func transact[T any](
	ctx context.Context, b *Backend, action tokens.Action, about object, found store.Found,
	fn func(*operation) (T, error),
) (T, error) {
	result, err := transactOnce(ctx, b, action, about, found, false, fn)
	if tokens.ErrorReason(err) != tokens.ReasonOutcomeUnknown {
		return result, err
	}
	_, verb, _ := strings.Cut(string(action), ".")
	switch verb {
	case "create", "regenerate", "retire_previous", "disable", "hold":
		return transactOnce(ctx, b, action, about, found, true, fn)
	case "delete", "revoke":
		if result, err = transactOnce(ctx, b, action, about, found, true, fn); tokens.ErrorCode(err) == tokens.CodeNotFound {
			return result, nil // it was this operation that ended it
		}
	}
	return result, err
}

// transactOnce runs fn as one transaction, which may call it twice. If fn refuses, its changes are dropped and the refusal
// is recorded. A nil found requires an existing database.
func transactOnce[T any](
	ctx context.Context, b *Backend, action tokens.Action, about object, found store.Found, again bool,
	fn func(*operation) (T, error),
) (result T, err error) {
	if b.invalid != nil {
		return result, b.invalid
	}
	var o *operation
	w := witness{Witness: tokens.WitnessOf(ctx)}
	mark, err := b.store.Change(ctx, reach(action, about), found, func(tx store.Tx) error {
		if err := b.checkOrganization(tx.View); err != nil {
			return err
		}
		o = &operation{Tx: tx, backend: b, now: b.now(), roles: builtInRoles, object: about, again: again}
		if err := w.checkFirst(ctx, tx.View, b.principal); err != nil {
			return err
		}
		if err := o.begin(ctx); err != nil {
			return err
		}
		if err := w.checkLast(ctx, tx.View, b.principal); err != nil {
			return err
		}
		if err := o.endGraces(ctx); err != nil {
			return err
		}
		if result, err = fn(o); err != nil {
			return err
		}
		tx.AtTheEnd(o.readBackAll)
		return nil
	})
	if o != nil {
		b.recordUseBy(o.used, o.now)
	}
	if err == nil {
		for _, chore := range o.chores {
			chore.done(o.now)
		}
		w.saw(mark)
		return result, nil
	}
	err = w.Unreached(err)
	if o != nil && refused(err) && tokens.LeavesEvent(ctx, err) {
		err = b.recordRefusal(ctx, refusal{o.actor, action, o.object, o.rejected}, err)
	}
	var none T
	return none, err
}

// reach is how far an action on an object reaches. What else it turns out to write, the store runs again as a change of
// everything.
func reach(action tokens.Action, about object) store.Reach {
	if area, _, _ := strings.Cut(string(action), "."); area != "access_token" && area != "token_share" {
		return store.Everything
	}
	if id, _, _ := strings.Cut(about.id, "/"); tokens.IsID(tokens.KindAccessToken, id) {
		return store.ReachOf(id)
	}
	return store.ReachOfTokens
}

// begin looks up the caller.
func (o *operation) begin(ctx context.Context) error {
	by, err := o.backend.caller(ctx, o.View)
	o.caller, o.actor, o.identity, o.used, o.rejected = by.Caller, by.actor, by.identity, by.used, by.rejected
	if err == nil {
		o.run, err = o.backend.run(ctx, o.View)
	}
	return err
}

// record writes the event of something that the operation did, with what there is to say about it.
func (o *operation) record(ctx context.Context, action tokens.Action, id, name string, facts ...fact) error {
	done := event(o.now, o.actor, action, object{id, name})
	done.ClaimedRun = o.run
	for _, tell := range facts {
		tell(&done)
	}
	return o.InsertEvent(ctx, done)
}

// fact adds to an event what it tells, in words for people and in details for programs.
type fact func(*tokens.Event)

// event returns a new event of something that was done.
func event(at time.Time, by tokens.Actor, action tokens.Action, about object) tokens.Event {
	return tokens.Event{
		ID:         tokens.NewID(tokens.KindEvent, at),
		At:         at,
		Actor:      by,
		Action:     action,
		ObjectID:   about.id,
		ObjectName: about.name,
		Outcome:    tokens.OutcomeDone,
	}
}
