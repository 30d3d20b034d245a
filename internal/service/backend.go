package service

import (
	"cmp"
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Options say what a Backend works on.
type Options struct {
	// Database is the path of the SQLite file.
	Database string
	// Organization is the name that the organization must have. When empty any name will do, and a new database gets
	// "default".
	Organization string
	// Actor is who appears in audit events; see LocalActor.
	Actor tokens.Actor
	// ActAs is the e-mail address of the member whose permissions count and who appears in audit events. When empty the
	// caller is the owner of the database.
	ActAs string
	// Now is the clock. It is required.
	Now func() time.Time
}

// Backend is a tokens.Backend over a database on this machine.
type Backend struct {
	options Options
	store   *store.Store
	// invalid is the error of options with which nothing can work; every operation returns it.
	invalid error
	uses    useRecord
}

var _ tokens.Backend = (*Backend)(nil)

// New returns a backend. It never connects: what is wrong with the database is the error of the first operation.
func New(options Options) *Backend {
	b := &Backend{options: options}
	b.store, b.invalid = sqlite.New(options.Database)
	if b.invalid == nil && options.Organization != "" {
		b.invalid = tokens.ValidateName("organization", options.Organization)
	}
	return b
}

// Close implements tokens.Backend.
func (b *Backend) Close() error {
	if b.store == nil {
		return nil
	}
	unwritten, err := b.writeUses(context.Background(), b.now()), b.store.Close()
	if unwritten != nil {
		return unwritten
	}
	return err
}

// Database implements tokens.Backend.
func (b *Backend) Database(ctx context.Context) (tokens.Database, error) {
	return read(ctx, b, func(v store.View) (tokens.Database, error) { return v.Database(), nil })
}

// now returns the present instant.
func (b *Backend) now() time.Time { return kept(b.options.Now()) }

// kept returns an instant as it is stored and answered: in UTC and whole microseconds.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// read runs fn on the database.
func read[T any](ctx context.Context, b *Backend, fn func(store.View) (T, error)) (T, error) {
	return readBy(ctx, b, (*store.Store).Read, fn)
}

// readBy runs fn by one of the store's methods for reading.
func readBy[T any](ctx context.Context, b *Backend, method readMethod, fn func(store.View) (T, error)) (result T, err error) {
	if b.invalid != nil {
		return result, b.invalid
	}
	err = method(b.store, ctx, func(v store.View) error {
		if err := b.checkOrganization(v); err != nil {
			return err
		}
		result, err = fn(v)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

type readMethod = func(s *store.Store, ctx context.Context, fn func(store.View) error) error

// checkOrganization refuses a database of another organization than the options ask for.
func (b *Backend) checkOrganization(v store.View) error {
	has, wanted := v.Database().Organization, b.options.Organization
	if wanted == "" || wanted == has {
		return nil
	}
	return tokens.Invalid("organization", "database %s belongs to organization %q, not %q: an organization is named when its database is made and keeps that name; "+
		"set organization to %q, or name another database", b.store.Location(), has, wanted, has)
}

// found begins a new database with its identity.
func (b *Backend) found(ctx context.Context, tx store.Tx) error {
	now := b.now()
	id, organization := tokens.NewID(tokens.KindDatabase, now), cmp.Or(b.options.Organization, tokens.DefaultOrganization)
	if err := tx.InsertDatabase(ctx, id, organization, now); err != nil {
		return err
	}
	return tx.InsertEvent(ctx, event(now, b.options.Actor, tokens.ActionDatabaseCreate, object{id, organization}, tokens.OutcomeDone, ""))
}
