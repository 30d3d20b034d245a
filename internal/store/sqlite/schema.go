package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// schemaDigests are the digests of what selectSchema yields for a database of each version of the schema, from 1 on.
// TestSchemaDigests says which line to add for a new version: to make the tables anew at each start to compare with
// would cost more than all the rest of it.
var schemaDigests = []string{
	"f4b17d6bbcf744507c5f58194b43b906557d085fabdc015e3b32836362d37038",
	"65c95387b5d4a74379f95d4a8727eb7acef6c4629ddec532dbde31c115f8e589",
	"5afe27e0565572f26b65c9c25c5396447912de30ee710733022101c1d46b4444",
	"41b4141aa4616ad4a8618c330a8669ad5fb97ec65369b30a4357d453eb705be5",
	"4fc05cdae73443bffead90970e2be5e9e1446515907e4cebb1b2ee39254b4169",
	"9ee0598d67ae0fb53e2d037e9b953e1c01d36ac2a5249797fbf11327c41ad55d",
	"4b338f302cae9296faaf005dcde5e873510c0a034e5ded3ead84404c1a87e91c",
	"1b657be484ee03aa75ce060b3bb445ef5619895be80514bc3ab94fb56cc6fe11",
	"077d5639cc794f17e10f2340dc2ff7b35ff8d0ee933d0d11a99687041abbe972",
	"d549b4dab4411e1b99b0c6797ad9653245fcc7b045956fb2a19e75c802b31642",
	"567594bf485d44c7bed0113ef00da5dbefaa54151db859c9368ab9d3dcadf687",
	"ad20de2e5a313e40f2f0787a714ccf547c2a379da980dda9ff911e42faf436cd",
	"cde932a20b24628f6904914cc9e299fff3440e5f7b1a35e89b8ab7c65f33f669",
	"026f586b7f440a748b2c798ecf375bda9e8d49c48dfb4c59b9ec0267d4dc2912",
}

// ownStatistics are SQLite's own tables, which anyone's ANALYZE makes. They only decide how a query is carried out.
const ownStatistics = `'CREATE TABLE sqlite_stat1(tbl,idx,stat)', 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)'`

// schemaObjects are all tables, indexes, triggers and views, SQLite's statistics apart. The indexes and the table that
// SQLite makes for our own tables are among them: they are the same in each database.
const schemaObjects = `SELECT type, name, tbl_name, sql FROM sqlite_master
	WHERE NOT (type = 'table' AND name LIKE 'sqlite\_stat_' ESCAPE '\' AND coalesce(sql, '') IN (` + ownStatistics + `))
	ORDER BY type, name`

// selectSchema yields whose database it is, of which version, the count of changes to the schema, and the schema as a
// text that differs where anything in it does, all as of one moment.
const selectSchema = `SELECT (SELECT application_id FROM pragma_application_id), ` + selectVersion + `, ` +
	selectCookie + `, (SELECT coalesce(group_concat(hex(type) || ' ' || hex(name) || ' ' || hex(tbl_name) || ' ' || hex(sql)
		|| char(10), ''), '') FROM (` + schemaObjects + `))`

const (
	selectVersion = `(SELECT user_version FROM pragma_user_version)`
	selectCookie  = `(SELECT schema_version FROM pragma_schema_version)`
)

// queryRower is a pool of connections or a transaction.
type queryRower interface {
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// schema is what a file says about its tables.
type schema struct {
	application, version int
	// cookie is SQLite's count of changes to the schema.
	cookie int64
	digest string
}

// readSchema reads what a file says about its tables.
func readSchema(ctx context.Context, q queryRower) (s schema, err error) {
	var text string
	err = q.QueryRowContext(ctx, selectSchema).Scan(&s.application, &s.version, &s.cookie, &text)
	sum := sha256.Sum256([]byte(text))
	s.digest = hex.EncodeToString(sum[:])
	return s, err
}

// check refuses a schema that this program, or its next version, did not make. A trigger could undo what was written
// while this program says that it is done.
func (s schema) check(ctx context.Context, f databaseFile, q queryRower) error {
	switch {
	case s.application != applicationID || s.version < 1:
		return tokens.Unavailable(nil, "database %s is an SQLite database, but not one of Latchkey: name another path, "+
			"where a database of Latchkey is or nothing exists yet", f.path).Because(tokens.ReasonWrongPlace)
	case s.version > store.SchemaVersion+1:
		return store.NewerSchema(f.path, s.version)
	case s.version > store.SchemaVersion:
		return f.explainForeign(checkNewer(ctx, q))
	}
	hasDigest := s.version <= len(schemaDigests)
	if hasDigest && s.digest == schemaDigests[s.version-1] {
		return nil
	}
	what, err := difference(ctx, q, s.version)
	if what == "" && hasDigest {
		what = "something in its schema is there twice"
	}
	return f.explainForeign(what, err)
}

// explainForeign is the error of a schema in which something is foreign; nil where nothing is.
func (f databaseFile) explainForeign(what string, err error) error {
	if err != nil || what == "" {
		return err
	}
	return tokens.Unavailable(&foreignSchemaError{what}, "database %s does not have just the tables that Latchkey makes; nothing "+
		"was changed: keep a copy of it with its -wal and -shm files, and restore it from a backup", f.path).
		Because(tokens.ReasonDatabaseFailing)
}

// foreignSchemaError says what in a schema this program did not make.
type foreignSchemaError struct{ what string }

// Error implements error.
func (e *foreignSchemaError) Error() string { return e.what }

// checkNewer returns what in the schema of the next version a verification can't rely on; empty for nothing. The
// statements themselves find out whether every column is there. Triggers and views could change what is in them, and
// a generated column holds what its schema says.
func checkNewer(ctx context.Context, q queryRower) (what string, err error) {
	var kind, name string
	err = q.QueryRowContext(ctx, `SELECT type, name FROM sqlite_master
		WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'
		UNION ALL
		SELECT 'generated column', t.name || '.' || c.name FROM sqlite_master t, pragma_table_xinfo(t.name) c
		WHERE t.type = 'table' AND c.hidden <> 0 LIMIT 1`).Scan(&kind, &name)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", err
	}
	return fmt.Sprintf("%s %q is none of them", kind, name), nil
}

// difference describes how a schema differs from the one that this program makes of a version.
func difference(ctx context.Context, q queryRower, version int) (string, error) {
	ours, err := ownSchema(ctx, version)
	if err != nil {
		return "", err
	}
	found, err := objectsOf(ctx, q)
	if err != nil {
		return "", err
	}
	var differences []string
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(found))) { // views and triggers first
		switch text, known := ours[name]; {
		case !known:
			differences = append(differences, name+" is none of them")
		case text != found[name]:
			differences = append(differences, name+" is another one")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, there := found[name]; !there {
			differences = append(differences, name+" is not there")
		}
	}
	const most = 5
	if more := len(differences) - most; more > 0 {
		differences = append(differences[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(differences, ", "), nil
}

// ownSchema makes the tables of a version in memory and returns what objectsOf does for them.
func ownSchema(ctx context.Context, version int) (objects map[string]string, err error) {
	db, err := emptyDatabase(ctx, inMemory, version)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return objectsOf(ctx, db)
}

// inMemory names a new database in memory.
const inMemory = ":memory:"

// emptyDatabase returns one connection to a new database with the tables of a version and no rows.
func emptyDatabase(ctx context.Context, name string, version int) (*sql.DB, error) {
	db, err := sql.Open(driverName, "file:"+name+"?_pragma=trusted_schema(OFF)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	err = inTransaction(ctx, db, func(tx *sql.Tx) error {
		return store.Migrate(ctx, store.NewTx(tokens.Database{}, tx), 0, version, serial)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// objectsOf returns the texts of tables, indexes, triggers and views by their kinds and names.
func objectsOf(ctx context.Context, q queryRower) (map[string]string, error) {
	objects := map[string]string{}
	err := eachRow(ctx, q, schemaObjects, func(rows *sql.Rows) error {
		var kind, name, table, text sql.NullString
		err := rows.Scan(&kind, &name, &table, &text)
		objects[fmt.Sprintf("%s %q", kind.String, name.String)] = table.String + "\n" + text.String
		return err
	})
	return objects, err
}
