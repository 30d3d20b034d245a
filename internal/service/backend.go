package service

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Options say what a Service works on.
type Options struct {
	// Database is the path of the SQLite file, or the address of a PostgreSQL server.
	Database string
	// ListenDatabase is the address at which notifications of changes are heard, if that is another one than Database. A
	// database in PostgreSQL alone has any.
	ListenDatabase string
	// Organization is the name that the organization must have. If empty, any name will do, and a new database gets the
	// name "default".
	Organization string
	// Follow means that the service goes on with whichever database the path names, as one must that runs for long: after
	// a restore, with the restored one. Without it, every operation fails once the path names another file.
	Follow bool
	// Now is the clock. It is required.
	Now func() time.Time
	// wrap returns an engine around that of the file, in tests.
	wrap func(store.Engine) store.Engine
}

// Service is the bundled backend of one database. It serves any number of principals at once, who share its connections
// and its record of uses.
type Service struct {
	options Options
	store   *store.Store
	// invalid is the error in the options, if any; every operation returns it.
	invalid error
	// uses and refusedUses wait in memory to be written, by one flush at a time.
	uses        useRecord
	refusedUses refusedUseRecord
	flushing    sync.Mutex
	// denied is why the database takes no uses, which the one who flushes knows; see flush.
	denied denial
	// forgets is when old requests are deleted, and graces when the ends of grace periods are written.
	forgets, graces schedule
}

// Open returns the service of a database. It does not connect; the first operation returns an error if the database
// can't be used.
func Open(options Options) *Service {
	s := &Service{options: options}
	engine, err := engineOf(options)
	if err != nil {
		s.invalid = err
		return s
	}
	if options.wrap != nil {
		engine = options.wrap(engine)
	}
	opening := store.New
	if options.Follow {
		opening = store.NewFollowing
	}
	s.store = opening(engine, s.now)
	if options.Organization != "" {
		s.invalid = tokens.ValidateName("organization", options.Organization)
	}
	return s
}

// engineOf returns the engine of a database: of the server at an address, or of the file at a path.
func engineOf(options Options) (store.Engine, error) {
	if tokens.IsDatabaseAddress(options.Database) {
		return postgres.NewListening(options.Database, cmp.Or(options.ListenDatabase, options.Database))
	}
	if options.ListenDatabase != "" {
		return nil, tokens.Invalid("listen_database", "the database is a file, of which nobody sends notifications: leave the address "+
			"to listen at out")
	}
	return sqlite.New(options.Database)
}

// Locate returns where the database is that a field names, as errors tell it: the same for every name of it. It doesn't
// connect. CodeInvalid.
func Locate(field, database string) (string, error) {
	err := tokens.ValidateDatabase(field, database)
	if err != nil {
		return "", err
	}
	engine, err := engineOf(Options{Database: database})
	if err != nil {
		if invalid, ok := errors.AsType[*tokens.Error](err); ok {
			invalid.Field = field
		}
		return "", err
	}
	return engine.Location(), nil
}

// Location is where the database is, as errors tell it; empty where the options name none.
func (s *Service) Location() string {
	if s.store == nil {
		return ""
	}
	return s.store.Location()
}

// Close writes what is still in memory and closes the database.
func (s *Service) Close() error {
	if s.store == nil {
		return nil
	}
	_, unwritten := s.flush(context.Background(), func(context.Context) error { return nil })
	closed := s.store.Close()
	if unwritten != nil && !takesNoUses(unwritten) {
		return unwritten
	}
	return closed
}

// Backend is a tokens.Backend for one principal.
type Backend struct {
	*Service
	principal tokens.Principal
	claim     runClaim
	// revokes means that the principal, who holds a token, ends the very secret that it presents. For that it need not be
	// active.
	revokes bool
}

var _ tokens.Backend = (*Backend)(nil)

// As returns the backend for a principal. Each operation looks up what the principal may do at that time.
func (s *Service) As(principal tokens.Principal) *Backend {
	return &Backend{Service: s, principal: principal}
}

// Database implements tokens.Backend.
func (b *Backend) Database(ctx context.Context) (tokens.Database, error) {
	about := look{action: tokens.ActionDatabaseShow}
	asked := b
	if actor := b.principal.Actor(); actor != "" { // whoever runs this program has opened the database
		asked = b.As(tokens.AsDatabaseOwner(actor))
	}
	return readAs(ctx, asked, about, func(r reader) (tokens.Database, error) { return r.Database(), nil })
}

// now returns the current time.
func (s *Service) now() time.Time { return asStored(s.options.Now()) }

// asStored returns a time as the database keeps it and answers show it: in UTC and whole microseconds.
func asStored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// readBy runs fn on the database by means of one of the store's reading methods.
func readBy[T any](
	ctx context.Context, s *Service, method readMethod, fn func(store.View) (T, error),
) (result T, err error) {
	if s.invalid != nil {
		return result, s.invalid
	}
	err = method(s.store, ctx, func(v store.View) error {
		if err := s.checkOrganization(v); err != nil {
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

// readMethod is a method expression of store.Store.
type readMethod = func(s *store.Store, ctx context.Context, fn func(store.View) error) error

// checkOrganization refuses a database that belongs to another organization than the options name.
func (s *Service) checkOrganization(v store.View) error {
	has, wanted := v.Database().Organization, s.options.Organization
	if wanted == "" || wanted == has {
		return nil
	}
	return tokens.Invalid("organization", "database %s belongs to organization %q, not %q: "+
		"an organization is named when its database is made, and keeps that name; "+
		"set organization to %q, or name another database",
		s.store.Location(), has, wanted, has).Because(tokens.ReasonOtherOrganization)
}

// found gives a new database its identity.
func (b *Backend) found(ctx context.Context, tx store.Tx) error {
	now := b.now()
	id, organization := tokens.NewID(tokens.KindDatabase, now), cmp.Or(b.options.Organization, tokens.DefaultOrganization)
	if err := tx.InsertDatabase(ctx, id, organization, now); err != nil {
		return err
	}
	made := event(now, b.principal.Actor(), tokens.ActionDatabaseCreate, object{id, organization})
	made.ClaimedRun = b.principal.Run() // a new database knows no secrets
	return tx.InsertEvent(ctx, made)
}
