//go:build unix

package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// explainer notes the plan by which each query ran.
type explainer struct {
	statements
	t     *testing.T
	plans []plan
}

// QueryContext implements store.Querier.
func (e *explainer) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	var explained []byte
	if err := scanOne(ctx, e.statements, &explained, `EXPLAIN (ANALYZE, FORMAT JSON) `+text, args...); err != nil {
		e.t.Errorf("%v: %s", err, text)
		return nil, err
	}
	var plans []struct{ Plan plan }
	if err := json.Unmarshal(explained, &plans); err != nil {
		return nil, err
	}
	e.plans = append(e.plans, plans[0].Plan)
	return e.statements.QueryContext(ctx, text, args...)
}

// plan is what EXPLAIN (ANALYZE, FORMAT JSON) tells of a step.
type plan struct {
	Node     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Plans    []plan
}

// read returns how many rows of tables a plan reads.
func (p plan) read() (rows float64) {
	if p.Relation != "" {
		rows = (p.Rows + p.Removed) * p.Loops
	}
	for _, below := range p.Plans {
		rows += below.read()
	}
	return rows
}

func (p plan) String() string {
	text := fmt.Sprintf("%s %s: %g rows %g times, %g removed", p.Node, p.Relation, p.Rows, p.Loops, p.Removed)
	for _, below := range p.Plans {
		text += "\n  " + strings.ReplaceAll(below.String(), "\n", "\n  ")
	}
	return text
}

// What runs for every verification, creation and refresh, and for the first pages of lists, reads few rows, however many there
// are.
func TestQueriesReadFewRows(t *testing.T) {
	if testing.Short() {
		t.Skip("it stores many tokens")
	}
	const stored, levels, page = 20_000, 21, 50
	address := pgtest.Address(t)
	s := openAt(t, address)
	if err := s.WriteOrMake(t.Context(), begun, func(store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	pgtest.StoreTokens(t, address, stored)
	secret, _ := tokens.PresentedSecret(pgtest.StoredValue(stored / 2))
	var token tokens.AccessToken
	if err := s.Read(t.Context(), func(v store.View) error {
		known, _, _, err := v.SecretWithHash(t.Context(), secret.Hash())
		token = known.AccessToken
		return err
	}); err != nil || token.ID == "" {
		t.Fatalf("the token is %q, %v", token.ID, err)
	}
	queries := map[string]func(context.Context, store.View) error{
		"SecretWithHash": func(ctx context.Context, v store.View) error {
			_, _, _, err := v.SecretWithHash(ctx, secret.Hash())
			return err
		},
		"an unknown secret": func(ctx context.Context, v store.View) error {
			_, _, _, err := v.SecretWithHash(ctx, tokens.HashOf("unknown"))
			return err
		},
		"AccessTokenWithRoles": func(ctx context.Context, v store.View) error {
			_, _, err := v.AccessTokenWithRoles(ctx, token.ID)
			return err
		},
		"TechnicalUserWithRoles": func(ctx context.Context, v store.View) error {
			_, _, err := v.TechnicalUserWithRoles(ctx, token.User.ID)
			return err
		},
		"AccessTokensOf": func(ctx context.Context, v store.View) error {
			_, _, err := v.AccessTokensOf(ctx, token.User.ID)
			return err
		},
		"LeftOverTokensOf": func(ctx context.Context, v store.View) error {
			_, err := v.LeftOverTokensOf(ctx, token.User.ID, noon)
			return err
		},
		"UnusedNamesakes": func(ctx context.Context, v store.View) error {
			_, err := v.UnusedNamesakes(ctx, token, 10)
			return err
		},
		"UnusedNamesakes by the system": func(ctx context.Context, v store.View) error {
			of := token
			of.User.SystemCreated = true
			_, err := v.UnusedNamesakes(ctx, of, 10)
			return err
		},
		"Request": func(ctx context.Context, v store.View) error {
			_, _, err := v.Request(ctx, "unknown")
			return err
		},
		"SecretExists": func(ctx context.Context, v store.View) error {
			_, err := v.SecretExists(ctx, secret.Hash())
			return err
		},
		"EndedGraces": func(ctx context.Context, v store.View) error {
			_, err := v.EndedGraces(ctx, noon)
			return err
		},
		"Past": func(ctx context.Context, v store.View) error {
			_, err := v.Past(ctx, tokens.Mark{Serial: stored / 2, Value: "AAAAAAAAAAA"})
			return err
		},
		"ChangesSince": changesSince(10),
		"the latest events": func(ctx context.Context, v store.View) error {
			_, err := v.Events(ctx, store.EventSelection{
				EventQuery: tokens.EventQuery{Limit: page}, Audience: store.Audience{All: true},
			})
			return err
		},
		"the events of a token": func(ctx context.Context, v store.View) error {
			_, err := v.Events(ctx, store.EventSelection{
				EventQuery: tokens.EventQuery{ObjectID: token.ID, Limit: page}, UserID: token.User.ID,
				Audience: store.Audience{All: true},
			})
			return err
		},
		"tokens by name": listing(store.TokenSelection{
			Query: tokens.TokenQuery{Name: token.Name, Sort: tokens.ColumnName}, Limit: page, Audience: store.Audience{All: true},
		}),
		"tokens of a technical user": listing(store.TokenSelection{
			Query: tokens.TokenQuery{TechnicalUserID: token.User.ID}, Limit: page, Audience: store.Audience{All: true},
		}),
	}
	for _, column := range []tokens.TokenColumn{
		tokens.ColumnCreatedAt, tokens.ColumnName, tokens.ColumnExpiresAt, tokens.ColumnLastUsedAt,
	} {
		for _, descending := range []bool{false, true} {
			for _, after := range []*tokens.AccessToken{nil, &token} {
				for _, audience := range []store.Audience{
					{All: true}, {Groups: []string{token.User.GroupID}, AccountID: "mem_1"},
				} {
					name := fmt.Sprintf("a page by %s, descending: %t, behind a token: %t, of everything: %t", column, descending,
						after != nil, audience.All)
					queries[name] = listing(store.TokenSelection{
						Query: tokens.TokenQuery{Sort: column, Descending: descending}, After: after, Limit: page, Audience: audience,
					})
				}
			}
		}
	}
	c := connectionOf(t, address)
	for name, query := range queries {
		limit := 500.0
		if strings.Contains(name, "page") {
			limit = 8 * levels * page
		}
		e := &explainer{statements{c.db, nil, nil, c.tables}, t, nil}
		if err := query(t.Context(), store.NewView(c.database, e)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(e.plans) == 0 {
			t.Errorf("%s ran no query", name)
		}
		if i := slices.IndexFunc(e.plans, func(p plan) bool { return p.read() > limit }); i >= 0 {
			t.Errorf("%s reads %g rows:\n%s", name, e.plans[i].read(), e.plans[i])
		}
	}
	if err := s.Read(t.Context(), func(v store.View) error { return changesSince(1000)(t.Context(), v) }); err != nil {
		t.Error(err)
	}
}

// changesSince returns what looks for a number of changes, and fails where it doesn't find each of them.
func changesSince(number int64) func(context.Context, store.View) error {
	return func(ctx context.Context, v store.View) error {
		past, err := v.Past(ctx, tokens.Mark{})
		if err != nil {
			return err
		}
		seen := past.Newest
		seen.Serial -= number
		if past, err = v.Past(ctx, seen); err != nil {
			return err
		}
		seen.Value = past.SameSerial
		changes, _, err := v.ChangesSince(ctx, seen, true)
		if err == nil && len(changes.Objects) != int(number) {
			err = fmt.Errorf("found %d changes, want %d", len(changes.Objects), number)
		}
		return err
	}
}

// listing returns what reads a selection of tokens.
func listing(selection store.TokenSelection) func(context.Context, store.View) error {
	selection.Now = noon
	return func(ctx context.Context, v store.View) error {
		_, err := v.AccessTokens(ctx, selection)
		return err
	}
}

// connectionOf opens the database at an address.
func connectionOf(t *testing.T, address string) *connection {
	t.Helper()
	engine, err := New(address)
	if err != nil {
		t.Fatal(err)
	}
	open, err := engine.Connect(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = open.Close() })
	return open.(*connection)
}
