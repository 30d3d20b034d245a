package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Inspection is what a look at a database finds. What could not be found is zero.
type Inspection struct {
	// Location says where the database is.
	Location string
	// Unusable says why no operation works; nil where all do.
	Unusable error
	// Server is the version of the server, Encoding that of the database.
	Server, Encoding string
	// Encrypted is the version of TLS that the connection uses; empty for none. Local means that it needs none.
	Encrypted string
	Local     bool
	// Role is who works with it, and Owner whose the schema is.
	Role, Owner string
	// LatestSchema is the version of the schema that this program writes.
	LatestSchema int
	// Content is what the database holds.
	store.Content
}

// Inspect looks at the database at an address, and changes nothing. CodeInvalid for what is no address.
func Inspect(ctx context.Context, address string) (Inspection, error) {
	s, err := newServer(address)
	if err != nil {
		return Inspection{}, err
	}
	i := Inspection{Location: s.Location(), LatestSchema: store.SchemaVersion}
	c := newConnection(s)
	err = errors.Join(c.inspect(ctx, &i), c.Close())
	i.Unusable = store.Explain(s, err)
	return i, nil
}

func (c *connection) inspect(ctx context.Context, i *Inspection) error {
	err := c.db.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('server_encoding'), current_user,
		coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), ''),
		inet_client_addr() IS NULL OR inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1',
		coalesce((SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = $1), '')`, c.schema).
		Scan(&i.Server, &i.Encoding, &i.Role, &i.Encrypted, &i.Local, &i.Owner)
	if err != nil {
		return err
	}
	if err := c.open(ctx); err != nil {
		return err
	}
	i.Database, i.SchemaVersion = c.database, c.SchemaVersion()
	if i.SchemaVersion > store.SchemaVersion {
		return store.NewerSchema(c.Location(), i.SchemaVersion)
	}
	if c.isOld() {
		return c.readMigrated(ctx, func(v store.View) error { return v.Inspect(ctx, &i.Content, nil) })
	}
	return c.ReadAtOnce(ctx, func(v store.View) error { return v.Inspect(ctx, &i.Content, nil) })
}

// ServerText describes the server for people.
func (i Inspection) ServerText() string {
	return fmt.Sprintf("PostgreSQL %s, encoding %s", tokens.Cleaned(i.Server), tokens.Cleaned(i.Encoding))
}
