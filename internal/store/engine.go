package store

import (
	"context"
)

// Engine is a database of some kind: everything that differs between SQLite and others, apart from the statements,
// which all of them share.
type Engine interface {
	// Location says where the database is, in words for messages.
	Location() string
	// Connect opens the database. A missing one is made and founded, unless found is nil: then it is an error.
	Connect(ctx context.Context, found Found) (Connection, error)
	// Watch watches the database, on a connection of its own, for changes that anybody makes.
	Watch(ctx context.Context) (Watch, error)
	// Explain turns an error of the driver into one of the domain, which says what to do.
	Explain(err error) error
}

// Connection is an open database. Its methods may be called from several goroutines at once.
type Connection interface {
	Reader
	Writer
	// Check fails when what is open is no longer what the location names: what would be written then is lost, and what
	// would be read is of the past.
	Check() error
	// SchemaVersion is the version of the schema in the database, as last seen. An older one than this program's is
	// migrated by the first write, for good; a read of it sees the schema of this program too, but leaves the database
	// as it is.
	SchemaVersion() int
	// Close closes the database.
	Close() error
}

// Reader reads a database.
type Reader interface {
	// Read runs fn, whose statements each see the database as it is at that moment.
	Read(ctx context.Context, fn func(View) error) error
	// ReadAtOnce runs fn, whose statements all see the database as it is at one moment.
	ReadAtOnce(ctx context.Context, fn func(View) error) error
}

// Writer changes a database.
type Writer interface {
	// Write runs fn in a transaction, which commits when fn returns nil. What fn reads in it stays true until then, as far as
	// the reach goes and for members, roles, groups and technical users. An engine that finds out only later that another
	// transaction was first, or that fn reaches further, drops what fn did and runs it again.
	Write(ctx context.Context, reach Reach, fn func(Tx) error) error
	// Record is Write for events alone, which every schema holds alike: it leaves an older schema as it is.
	Record(ctx context.Context, fn func(Tx) error) error
}

// Found writes what a new database begins with. It runs in the transaction that makes the schema.
type Found func(ctx context.Context, tx Tx) error
