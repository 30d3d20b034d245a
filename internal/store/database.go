package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"time"
)

// InsertDatabase writes the identity of a new database.
func (t Tx) InsertDatabase(ctx context.Context, id, organization string, createdAt time.Time) error {
	return t.exec(ctx, `INSERT INTO database (id, organization, created_at) VALUES ($1, $2, $3)`, id, organization, microseconds(createdAt))
}

// readDatabase reads the identity of a database.
func readDatabase(ctx context.Context, q querier, location string) (tokens.Database, error) {
	d := tokens.Database{Location: location}
	err := q.QueryRowContext(ctx, `SELECT id, organization FROM database`).Scan(&d.ID, &d.Organization)
	return d, err
}
