package store

import (
	"context"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Unsound reads every row, as the operations do, and returns what is wrong with the first bad one of each table.
func (v View) Unsound(ctx context.Context) (problems []string, err error) {
	for _, check := range []func(context.Context) error{
		v.checkIncompleteTokens,
		func(ctx context.Context) error {
			row := newTokenRow()
			return each(ctx, v.q, func(from scanner) error { return row.scan(from) }, selectAccessTokens)
		},
		func(ctx context.Context) error { return checkEach(ctx, v.q, scanSecret, selectHashes) },
		func(ctx context.Context) error { _, err := v.TechnicalUsers(ctx); return err },
		func(ctx context.Context) error { _, err := v.Members(ctx); return err },
		func(ctx context.Context) error { return checkEach(ctx, v.q, scanGroup, selectGroups) },
		func(ctx context.Context) error { return checkEach(ctx, v.q, scanRole, selectRoles) },
		func(ctx context.Context) error { return checkEach(ctx, v.q, scanTokenShare, selectTokenShares) },
		func(ctx context.Context) error { return checkEach(ctx, v.q, scanRequest, selectRequests) },
		func(ctx context.Context) error {
			return checkEach(ctx, v.q, scanEvent, selectEvents+` ORDER BY e.number`)
		},
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

// checkEach scans each row that a query yields.
func checkEach[T any](ctx context.Context, q Querier, scan func(scanner) (T, error), query string) error {
	return each(ctx, q, func(row scanner) error {
		_, err := scan(row)
		return err
	}, query)
}

// incomplete selects the access tokens that lack what each has: their technical user, at the same level, and their
// current secret.
const incomplete = `SELECT t.id FROM access_tokens t LEFT JOIN technical_users u ON u.id = t.technical_user_id
	LEFT JOIN secrets s ON s.access_token_id = t.id AND s.version = t.secret_version
	WHERE u.id IS NULL OR s.hash IS NULL OR t.group_id <> coalesce(u.group_id, '')
	LIMIT 1`

// checkIncompleteTokens refuses access tokens whose level or whose technical user and secret don't fit them.
func (v View) checkIncompleteTokens(ctx context.Context) error {
	return checkEach(ctx, v.q, scanIncompleteToken, incomplete)
}

// scanIncompleteToken returns the error about the token that a row holds.
func scanIncompleteToken(row scanner) (string, error) {
	id, err := scanText(row)
	if err == nil {
		err = &rowError{rowOf(tokens.KindAccessToken, id), "its technical user, at its level, or its current secret is not there"}
	}
	return id, err
}
