package store

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// InsertDatabase writes the identity of a new database.
func (t Tx) InsertDatabase(ctx context.Context, id, organization string, createdAt time.Time) error {
	return t.exec(ctx, `INSERT INTO database (id, organization, created_at) VALUES ($1, $2, $3)`,
		id, organization, microseconds(createdAt))
}

// Identify reads the identity of the database at a location.
func Identify(ctx context.Context, q Querier, location string) (tokens.Database, error) {
	scan := func(row scanner) (d tokens.Database, err error) {
		err = row.Scan(textTo(&d.ID), textTo(&d.Organization))
		return d, checkedRow(tokens.KindDatabase, d.ID, err, checkID("id", tokens.KindDatabase, d.ID))
	}
	all, err := list(ctx, q, scan, `SELECT id, organization FROM database`)
	d, ok, err := first(all, err)
	if len(all) > 1 {
		err = &rowError{rowOf(tokens.KindDatabase, d.ID), fmt.Sprintf("it is one of %d identities, and a database has one", len(all))}
	}
	if err == nil && !ok {
		err = tokens.Unavailable(nil,
			"database %s has no identity: Latchkey did not make it, or it was emptied; restore it from a "+
				"backup", location)
	}
	d.Location = location
	return d, err
}
