package store

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Request is the record of a request that took effect, by which the same one sent again is recognized.
type Request struct {
	ID string
	// Caller identifies who made the request: a member or an access token by its identifier, which nobody else ever has,
	// or the owner of the database as events call it.
	Caller    string
	Operation tokens.Action
	// Digest is that of the content of the request. It covers the hash of a secret, never its value.
	Digest string
	// ObjectID is the object that the request made or changed.
	ObjectID  string
	CreatedAt time.Time
}

const selectRequests = `SELECT id, actor, operation, digest, object_id, created_at FROM requests `

func scanRequest(row scanner) (r Request, err error) {
	err = row.Scan(textTo(&r.ID), textTo(&r.Caller), textTo(&r.Operation), textTo(&r.Digest), textTo(&r.ObjectID),
		someInstant{&r.CreatedAt})
	return r, checkedRow(tokens.KindRequest, r.ID, err)
}

// Request returns the record of a request, and whether there is one.
func (v View) Request(ctx context.Context, id string) (Request, bool, error) {
	return find(ctx, v.q, scanRequest, selectRequests+`WHERE id = $1`, id)
}

// InsertRequest writes the record of a request.
func (t Tx) InsertRequest(ctx context.Context, r Request) error {
	_, err := t.execBeside(ctx, `INSERT INTO requests (id, actor, operation, digest, object_id, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, r.Caller, string(r.Operation), r.Digest, r.ObjectID, microseconds(r.CreatedAt))
	return err
}

// DeleteRequestsBefore forgets requests made before an instant.
func (t Tx) DeleteRequestsBefore(ctx context.Context, at time.Time) error {
	_, err := t.execBeside(ctx, `DELETE FROM requests WHERE created_at < $1`, microseconds(at))
	return err
}
