package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Unsound reads every row, as the operations do, and returns what is wrong with the first bad one of each table, and with
// the first that does not fit another row or what it was derived from.
func (v View) Unsound(ctx context.Context) (problems []string, err error) {
	for _, check := range []check{
		v.checkIncompleteTokens,
		inTurn(
			func(ctx context.Context) error {
				row := newTokenRow()
				return each(ctx, v.q, func(from scanner) error { return row.scan(from) }, selectAccessTokens)
			},
			checkOf(v, scanTokenKeys, selectDerived),
		),
		inTurn(checkOf(v, scanSecret, selectHashes), checkOf(v, scanMisplacedSecret, misplacedSecrets)),
		inTurn(
			func(ctx context.Context) error { _, err := v.TechnicalUsers(ctx); return err },
			checkOf(v, scanUserKeys, `SELECT id, name, name_key, email, email_key FROM technical_users`),
		),
		inTurn(
			func(ctx context.Context) error { _, err := v.Members(ctx); return err },
			checkOf(v, scanMemberKey, `SELECT id, email, email_key FROM members`),
		),
		checkOf(v, scanGroup, selectGroups),
		checkOf(v, scanRole, selectRoles),
		checkOf(v, scanTokenShare, selectTokenShares),
		checkOf(v, scanRequest, selectRequests),
		inTurn(
			checkOf(v, scanMark, `SELECT serial, mark FROM marks ORDER BY serial`),
			checkOf(v, scanMissingMarks, selectMissingMarks),
			checkOf(v, scanListedChange, selectListedChanges),
			func(ctx context.Context) error { _, err := v.Past(ctx, tokens.Mark{}); return err },
		),
		checkOf(v, scanEvent, selectEvents+` ORDER BY e.number`),
	} {
		err := check(ctx)
		if row, ok := errors.AsType[*rowError](err); ok {
			problems = append(problems, row.Error())
		} else if err != nil {
			return problems, err
		}
	}
	return problems, nil
}

// UnsoundMigrated is Unsound for rows of an older version of the schema, which it migrates: the transaction must not commit
// to a database that stays. A row that can't be migrated is one more that is wrong.
func (t Tx) UnsoundMigrated(ctx context.Context, from int, serial string) ([]string, error) {
	t = t.NotForGood()
	err := Migrate(ctx, t, from, SchemaVersion, serial)
	if row, ok := errors.AsType[*rowError](err); ok {
		return []string{row.Error()}, nil
	} else if err != nil {
		return nil, err
	}
	return t.Unsound(ctx)
}

// check returns a rowError about the first bad row that it finds.
type check func(context.Context) error

// inTurn runs checks until one finds something: what can't be read can't be compared, either.
func inTurn(checks ...check) check {
	return func(ctx context.Context) error {
		for _, check := range checks {
			if err := check(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// checkOf scans each row that a query yields.
func checkOf[T any](v View, scan func(scanner) (T, error), query string) check {
	return func(ctx context.Context) error { return checkEach(ctx, v.q, scan, query) }
}

// checkEach scans each row that a query yields.
func checkEach[T any](ctx context.Context, q Querier, scan func(scanner) (T, error), query string) error {
	return each(ctx, q, func(row scanner) error {
		_, err := scan(row)
		return err
	}, query)
}

// incomplete selects the access tokens that lack what each has: one account, a technical user at the same level or a
// member, and their current secret.
const incomplete = `SELECT t.id FROM access_tokens t` + accounts + `
	LEFT JOIN secrets s ON s.access_token_id = t.id AND s.version = t.secret_version
	WHERE coalesce(u.id, m.id) IS NULL OR u.id IS NOT NULL AND t.member_id IS NOT NULL OR s.hash IS NULL
		OR t.group_id <> coalesce(u.group_id, '')
	LIMIT 1`

// checkIncompleteTokens refuses access tokens whose level or whose account and secret don't fit them.
func (v View) checkIncompleteTokens(ctx context.Context) error {
	return checkEach(ctx, v.q, scanIncompleteToken, incomplete)
}

// scanIncompleteToken returns the error about the token that a row holds.
func scanIncompleteToken(row scanner) (string, error) {
	id, err := scanText(row)
	if err == nil {
		err = &rowError{rowOf(tokens.KindAccessToken, id), "its account, a technical user at its level or a member, or its current secret is not there"}
	}
	return id, err
}

// misplacedSecrets selects secrets that a regeneration would make current, or that live although their token is gone.
const misplacedSecrets = `SELECT k.access_token_id, k.version, t.id IS NULL FROM secrets k
	LEFT JOIN access_tokens t ON t.id = k.access_token_id
	WHERE t.id IS NULL AND k.ended_at IS NULL OR k.version > t.secret_version
	LIMIT 1`

// scanMisplacedSecret returns the error about the secret that a row holds.
func scanMisplacedSecret(row scanner) (id string, err error) {
	var number int64
	var gone bool
	err = row.Scan(textTo(&id), version{&number}, boolean{&gone})
	switch {
	case err != nil:
		return id, checkedRow(tokens.KindAccessToken, id, err)
	case gone:
		return id, endlessSecret(id)
	}
	return id, &rowError{
		rowOf(tokens.KindAccessToken, id), fmt.Sprintf("it has a secret of version %d, which is later than its current one", number),
	}
}

// selectDerived selects what lists of access tokens are searched and ordered by, and what that was derived from. Tokens
// without a current secret are those of checkIncompleteTokens.
const selectDerived = `SELECT t.id, t.name, t.name_key, t.description, t.description_key, t.expires_at, t.ttl_seconds,
	s.created_at, t.secret_ends_at
	FROM access_tokens t JOIN secrets s ON s.access_token_id = t.id AND s.version = t.secret_version`

// scanTokenKeys checks a row of selectDerived.
func scanTokenKeys(row scanner) (t tokens.AccessToken, err error) {
	var name, description string
	var endsAt time.Time
	err = row.Scan(textTo(&t.ID), textTo(&t.Name), textTo(&name), textTo(&t.Description), textTo(&description),
		instant{&t.ExpiresAt}, seconds{&t.TTL}, someInstant{&t.Secret.CreatedAt}, instant{&endsAt})
	return t, checkedRow(tokens.KindAccessToken, t.ID, err,
		checkDerived("name_key", "column name", name == tokens.Folded(t.Name)),
		checkDerived("description_key", "column description", description == tokens.Folded(t.Description)),
		checkDerived("secret_ends_at", "columns expires_at and ttl_seconds and its current secret",
			endsAt.Equal(t.SecretExpiresAt())))
}

// scanUserKeys checks the keys of a technical user.
func scanUserKeys(row scanner) (u tokens.TechnicalUser, err error) {
	var name, email string
	err = row.Scan(textTo(&u.ID), textTo(&u.Name), textTo(&name), textTo(&u.Email), textTo(&email))
	return u, checkedRow(tokens.KindTechnicalUser, u.ID, err,
		checkDerived("name_key", "column name", name == tokens.Folded(u.Name)),
		checkDerived("email_key", "column email", email == tokens.Folded(u.Email)))
}

// scanMemberKey checks the key of the address of a member.
func scanMemberKey(row scanner) (m tokens.Member, err error) {
	var email string
	err = row.Scan(textTo(&m.ID), textTo(&m.Email), textTo(&email))
	own := tokens.FoldedEmail(m.Email)
	return m, checkedRow(tokens.KindMember, m.ID, err,
		checkDerived("email_key", "column email", email == own || email == secondAddress(own, m.ID)))
}

// selectListedChanges selects which objects changes touched, with the count of all changes.
const selectListedChanges = `SELECT c.serial, c.kind, c.id, d.serial FROM changes c CROSS JOIN database d ORDER BY c.number`

// scanListedChange checks a row of selectListedChanges.
func scanListedChange(row scanner) (c changeRow, err error) {
	var newest int64
	err = row.Scan(version{&c.serial}, textTo(&c.object.Kind), textTo(&c.object.ID), count{&newest})
	return c, checkedRow("", "", err,
		checkOneOf("kind of changes", c.object.Kind, changedKinds...),
		checkDerived("id of changes", "column kind", tokens.KindOf(c.object.ID) == c.object.Kind ||
			c.object.ID == "" && c.object.Kind == nothing.Kind),
		checkDerived("serial of changes", "column serial of database", c.serial <= newest))
}

// checkDerived checks a column that is written with what it was derived from.
func checkDerived(column, from string, fits bool) error {
	if fits {
		return nil
	}
	return &columnError{column, "it does not fit " + from}
}
