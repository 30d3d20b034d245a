package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// referring are, for each kind of object, the statements that find what only an object that is there can have. Deleting
// an object ends or deletes all of it.
var referring = map[tokens.Kind][]string{
	tokens.KindAccessToken: {
		`SELECT access_token_id FROM secrets WHERE access_token_id = $1 AND ended_at IS NULL LIMIT 1`,
		`SELECT access_token_id FROM token_shares WHERE access_token_id = $1 LIMIT 1`,
	},
	tokens.KindTechnicalUser: {`SELECT technical_user_id FROM access_tokens WHERE technical_user_id = $1 LIMIT 1`},
	tokens.KindMember: {
		`SELECT member_id FROM token_shares WHERE member_id = $1 LIMIT 1`,
		`SELECT member_id FROM access_tokens WHERE member_id = $1 LIMIT 1`,
	},
	tokens.KindGroup: {
		`SELECT group_id FROM technical_users WHERE group_id = $1 LIMIT 1`,
		`SELECT group_id FROM group_roles WHERE group_id = $1 LIMIT 1`,
	},
	tokens.KindRole: {
		`SELECT role_id FROM members WHERE role_id = $1 LIMIT 1`,
		`SELECT role_id FROM technical_users WHERE role_id = $1 LIMIT 1`,
		`SELECT role_id FROM access_tokens WHERE role_id = $1 LIMIT 1`,
		`SELECT role_id FROM group_roles WHERE role_id = $1 LIMIT 1`,
	},
}

// notFound returns CodeNotFound, unless something in the database still refers to the object: then the row of it was not
// deleted but lost, and that the object is gone can't be told.
func notFound(ctx context.Context, q Querier, kind tokens.Kind, id string) error {
	for _, statement := range referring[kind] {
		_, refers, err := find(ctx, q, scanText, statement, id)
		switch {
		case err != nil:
			return err
		case refers:
			return &rowError{rowOf(kind, id), "it is not there, but something else refers to it"}
		}
	}
	return tokens.NotFound(kind, id)
}
