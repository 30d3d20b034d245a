package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// schemaFiles make the tables: the first file those of version 1, each further one the next version from the one before
// it. A released file stays as it is. A change is one more file, and only adds, so that the release before still
// verifies secrets.
//
// SERIAL stands for the type of a number that the database counts up, which differs between engines.
//
//go:embed schema/*.sql
var schemaFiles embed.FS

// migrations are the contents of schemaFiles in the order of their names.
var migrations = readMigrations()

// SchemaVersion is the version of the schema that this program writes.
var SchemaVersion = len(migrations)

func readMigrations() []string {
	names, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil {
		panic(err) // the pattern is malformed
	}
	texts := make([]string, len(names))
	for i, name := range names {
		text, err := schemaFiles.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("embedded file %s: %v", name, err))
		}
		texts[i] = string(text)
	}
	return texts
}

// Migrate turns the schema of a version, 0 for none, into that of another one, within a transaction. SERIAL becomes the
// engine's type of a number that the database counts up.
func Migrate(ctx context.Context, tx Tx, from, to int, serial string) error {
	for version := from + 1; version <= to; version++ {
		if err := tx.exec(ctx, strings.ReplaceAll(migrations[version-1], "SERIAL", serial)); err != nil {
			return err
		}
		if from == 0 || version == historySince && tx.unfilled {
			continue // there are no rows, or they are not needed
		}
		fill := map[int]func(context.Context) error{
			keysSince: tx.fillKeys, addressesSince: tx.fillAddresses, historySince: tx.fillHistory,
		}[version]
		if fill == nil {
			continue
		}
		if err := fill(ctx); err != nil {
			return err
		}
	}
	return nil
}

// NewerSchema says that the database needs a newer program.
func NewerSchema(location string, version int) error {
	return tokens.Unavailable(nil,
		"database %s was written by a newer version of Latchkey (its schema has version %d, this program knows %d): "+
			"upgrade this program; until then it can only verify secrets, and only on a schema that is one version newer",
		location, version, SchemaVersion)
}
