package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// defaultSchema is the schema of PostgreSQL that holds the tables where the address names none.
	defaultSchema = "latchkey"
	// mostConnections is how many connections one program has at most.
	mostConnections = 10
	// connectPatience is how long connecting to one of the hosts may take, where the address says nothing else.
	connectPatience = 5 * time.Second
	// oldestServer is the first version of PostgreSQL that works, as PostgreSQL numbers them.
	oldestServer = 130000
)

// schemaName matches the names that a schema may have.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// server is the store.Engine of a database on a server.
type server struct {
	address string
	config  *pgx.ConnConfig
	schema  string
	// tables qualifies statements.
	tables *qualifier
	// listen is where notifications of changes are heard: the server itself, past what may stand before it.
	listen *server
}

var _ store.Engine = server{}

// parameters are what an address may hold beside schema. Others would be settings of the session, which a pooler hands on to
// somebody else, or they would be ignored, such as a list of revoked certificates.
var parameters = []string{
	"host", "port", "dbname", "user", "password", "passfile", "service", "application_name", "connect_timeout",
	"target_session_attrs", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcertmode", "sslsni",
	"sslnegotiation", "channel_binding", "require_auth", "krbsrvname", "krbspn", "min_protocol_version", "max_protocol_version",
}

// values are those of the parameters that have few.
var values = map[string][]string{
	"sslmode":              {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
	"target_session_attrs": {"any", "read-write", "primary"},
}

// New returns the engine of the database at an address, such as postgres://latchkey@db.example.com/latchkey. It does not
// connect. The password may stand in the address, in PGPASSWORD or in a password file. The parameter schema names the
// schema that holds the tables; it is "latchkey" by default. CodeInvalid.
func New(address string) (store.Engine, error) {
	return NewListening(address, address)
}

// NewListening is New for a watch that hears of changes at another address of the same database: a pooler that hands out a
// connection for each transaction lets no notification through. CodeInvalid.
func NewListening(address, listen string) (store.Engine, error) {
	s, err := newServer(address)
	if err != nil {
		return nil, err
	}
	heard, err := newServer(listen)
	if err != nil {
		return nil, err
	}
	s.listen = &heard
	return s, nil
}

// newServer is New. No error repeats what stands in the address, which may be a part of a password in a wrong place.
func newServer(address string) (server, error) {
	if err := tokens.ValidateDatabase("database", address); err != nil {
		return server{}, err
	}
	base, text, _ := strings.Cut(address, "?")
	query, err := url.ParseQuery(text)
	if err != nil {
		return server{}, tokens.Invalid("database", "what follows the ? in its address can't be read: write it like "+
			"sslmode=verify-full&schema=latchkey, with special characters percent-encoded")
	}
	if err := checkParameters(query); err != nil {
		return server{}, err
	}
	s := server{schema: defaultSchema}
	if query.Has("schema") {
		s.schema = query.Get("schema")
	}
	query.Del("schema")
	s.address = base + "?" + query.Encode()
	if !schemaName.MatchString(s.schema) || strings.HasPrefix(s.schema, "pg_") || s.schema == "information_schema" {
		return server{}, tokens.Invalid("database", "the schema in its address has a name that no schema of ours has: use 1 to 63 "+
			"characters of a-z, 0-9 and _, and don't begin with pg_")
	}
	if s.config, err = pgx.ParseConfig(s.address); err != nil {
		if file, ok := errors.AsType[*fs.PathError](err); ok {
			return server{}, tokens.Invalid("database", "a file that its address or the environment names can't be read: %s", file)
		}
		return server{}, tokens.Invalid("database", "its address can't be used: check host, port and connect_timeout, and that "+
			"sslrootcert, sslcert and sslkey name files in PEM form")
	}
	if s.config.Database == "" {
		return server{}, tokens.Invalid("database", "its address names no database on the server: write the name after the host, as in "+
			"\"postgres://latchkey@db.example.com/latchkey\"")
	}
	for name := range s.config.RuntimeParams { // of the environment, such as PGTZ
		if name != "application_name" {
			delete(s.config.RuntimeParams, name)
		}
	}
	s.config.DefaultQueryExecMode = pgx.QueryExecModeExec                   // which leaves nothing on the connection
	s.config.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {} // a pooler may send one to whoever is there
	s.config.DialFunc = dial
	s.config.ValidateConnect = s.refusingReplica(s.config.ValidateConnect)
	if s.config.ConnectTimeout == 0 {
		s.config.ConnectTimeout = connectPatience
	}
	s.config.StatementCacheCapacity, s.config.DescriptionCacheCapacity = 0, 0
	s.tables = newQualifier(s.schema)
	return s, nil
}

// checkParameters refuses what an address may not ask for.
func checkParameters(query url.Values) error {
	for name, given := range query {
		allowed, hasFew := values[name]
		switch {
		case name != "schema" && !slices.Contains(parameters, name):
			return tokens.Invalid("database", "its address has a parameter that means nothing here; these may follow the ?: schema, %s",
				strings.Join(parameters, ", "))
		case len(given) > 1:
			return tokens.Invalid("database", "its address has the parameter %s twice: keep one", name)
		case hasFew && !slices.Contains(allowed, given[0]):
			return tokens.Invalid("database", "%s in its address has a value that it can't have; these work: %s", name,
				strings.Join(allowed, ", "))
		}
	}
	return nil
}

// Location implements store.Engine: the address without user, password and how to connect. Two addresses of a database have
// the same.
func (s server) Location() string {
	var hosts []string
	add := func(host string, port uint16) {
		if strings.HasPrefix(host, "/") { // the directory of a socket, in whose name the port is
			host = path.Join(host, ".s.PGSQL."+strconv.Itoa(int(port)))
		} else {
			host = net.JoinHostPort(strings.ToLower(host), strconv.Itoa(int(port)))
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	add(s.config.Host, s.config.Port)
	for _, other := range s.config.Fallbacks { // one of them may be the same host with another use of TLS
		add(other.Host, other.Port)
	}
	return fmt.Sprintf("%s in schema %s of PostgreSQL at %s", s.config.Database, s.schema,
		strings.Join(hosts, ","))
}

// pool returns connections to the server, none of which is made yet. Each one looks for the password anew, since managed
// services change what the password file holds.
func (s server) pool() *sql.DB {
	db := stdlib.OpenDB(*s.config, stdlib.OptionBeforeConnect(func(_ context.Context, config *pgx.ConnConfig) error {
		return withPassword(config, s.address)
	}))
	db.SetMaxOpenConns(mostConnections)
	db.SetMaxIdleConns(mostConnections)
	return db
}

// withPassword gives a configuration the password for an address as it is now.
func withPassword(config *pgx.ConnConfig, address string) error {
	fresh, err := pgx.ParseConfig(address)
	if err == nil {
		config.Password = fresh.Password
	}
	return err
}

// Connect implements store.Engine.
func (s server) Connect(ctx context.Context, found store.Found) (store.Connection, error) {
	c := newConnection(s)
	err := c.open(ctx)
	if tokens.IsNoDatabase(err) && found != nil {
		if err = c.make(ctx, found); err == nil {
			err = c.open(ctx)
		}
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// refusingReplica returns a check of each new connection, behind that of target_session_attrs, which goes on to the next host, if
// there is one. Behind a name that stands for several servers, a connection may lead to another one than the last, and a replica
// lags behind: whoever reads there takes what was stopped for good.
func (s server) refusingReplica(wanted pgconn.ValidateConnectFunc) pgconn.ValidateConnectFunc {
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		if wanted != nil {
			if err := wanted(ctx, conn); err != nil {
				return err
			}
		}
		err := pgconn.ValidateConnectTargetSessionAttrsPrimary(ctx, conn)
		if !errors.Is(err, pgconn.ErrStandbyConnection) {
			return err
		}
		return tokens.Unavailable(nil, "database %s is on a replica, which may lag behind and takes no changes: name the primary, or list "+
			"several hosts with target_session_attrs=read-write", s.Location()).Because(tokens.ReasonWrongPlace)
	}
}

// checkServer refuses a server that can't hold a database.
func (s server) checkServer(ctx context.Context, db *sql.DB) error {
	var version int
	var encoding string
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`).
		Scan(&version, &encoding)
	switch {
	case err != nil:
		return err
	case version < oldestServer:
		return tokens.Unavailable(nil, "database %s is on a server of version %d, and Latchkey needs PostgreSQL 13 or later: upgrade the server",
			s.Location(), version/10000).Because(tokens.ReasonWrongPlace)
	case encoding != "UTF8":
		return tokens.Unavailable(nil, "database %s has the encoding %s, and Latchkey needs UTF8: make a database with ENCODING 'UTF8' "+
			"TEMPLATE template0", s.Location(), encoding).Because(tokens.ReasonWrongPlace)
	}
	return nil
}
