package store

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// keysSince is the version of the schema from which on each row is written with its keys: texts in one case of letters.
const keysSince = 4

// addressesSince is the version from which on a member is written with the key of its address.
const addressesSince = 7

// fillKeys writes the keys of rows that were written before there were any.
func (t Tx) fillKeys(ctx context.Context) error {
	if err := t.fillKeysOf(ctx, tokens.KindAccessToken, "access_tokens", "name", "description"); err != nil {
		return err
	}
	return t.fillKeysOf(ctx, tokens.KindTechnicalUser, "technical_users", "name", "email")
}

// fillKeysOf writes the keys of two columns of a table, which holds objects of a kind.
func (t Tx) fillKeysOf(ctx context.Context, kind tokens.Kind, table, first, second string) error {
	type row struct{ id, first, second string }
	const batch = 1000
	scan := func(from scanner) (r row, err error) {
		err = from.Scan(textTo(&r.id), textTo(&r.first), textTo(&r.second))
		return r, checkedRow(kind, r.id, err)
	}
	for last := ""; ; {
		rows, err := list(ctx, t.q, scan,
			`SELECT id, `+first+`, `+second+` FROM `+table+` WHERE id > $1 ORDER BY id LIMIT $2`, last, batch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			err := t.exec(ctx, `UPDATE `+table+` SET `+first+`_key = $2, `+second+`_key = $3 WHERE id = $1`,
				r.id, tokens.Folded(r.first), tokens.Folded(r.second))
			if err != nil {
				return err
			}
		}
		last = rows[len(rows)-1].id
	}
}

// fillAddresses writes the keys of the addresses of members that were written before there were any. A key that another
// member has already gets the identifier behind it, which no address has: both members stay, each under its spelling.
func (t Tx) fillAddresses(ctx context.Context) error {
	type row struct{ id, email string }
	rows, err := list(ctx, t.q, func(from scanner) (r row, err error) {
		err = from.Scan(textTo(&r.id), textTo(&r.email))
		return r, checkedRow(tokens.KindMember, r.id, err)
	}, `SELECT id, email FROM members ORDER BY id`)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, r := range rows {
		key := tokens.FoldedEmail(r.email)
		if taken[key] {
			key = secondAddress(key, r.id)
		}
		taken[key] = true
		if err := t.exec(ctx, `UPDATE members SET email_key = $2 WHERE id = $1`, r.id, key); err != nil {
			return err
		}
	}
	return nil
}

// secondAddress returns the key of a member whose address has a key that another member has.
func secondAddress(key, id string) string { return key + " " + id }
