package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What runs for every verification, creation and refresh finds its rows by index, without sorting, however many tokens
// there are. Only what is of one account, group or role is sorted.
func TestQueriesUseIndexes(t *testing.T) {
	statements := RecordStatements(t)
	path := newDatabase(t, 1)
	s := openStore(t, path)
	if _, err := readGroups(t.Context(), s); err != nil { // opens it
		t.Fatal(err)
	}
	for name, query := range map[string]func(context.Context, store.View) error{
		"SecretWithHash": func(ctx context.Context, v store.View) error {
			_, _, _, err := v.SecretWithHash(ctx, tokens.SecretHash{})
			return err
		},
		"AccessTokenWithRoles": func(ctx context.Context, v store.View) error {
			_, _, err := v.AccessTokenWithRoles(ctx, "")
			return err
		},
		"MemberWithEmailAndRoles": func(ctx context.Context, v store.View) error {
			_, _, _, err := v.MemberWithEmailAndRoles(ctx, "")
			return err
		},
		"MemberWithRoles": func(ctx context.Context, v store.View) error {
			_, _, err := v.MemberWithRoles(ctx, "")
			return err
		},
		"TechnicalUserWithRoles": func(ctx context.Context, v store.View) error {
			_, _, err := v.TechnicalUserWithRoles(ctx, "")
			return err
		},
		"HoldersOfRole": func(ctx context.Context, v store.View) error {
			_, err := v.HoldersOfRole(ctx, "")
			return err
		},
		"AccessTokensOf": func(ctx context.Context, v store.View) error {
			_, _, err := v.AccessTokensOf(ctx, "")
			return err
		},
		"PersonalTokensOf": func(ctx context.Context, v store.View) error {
			_, err := v.PersonalTokensOf(ctx, "")
			return err
		},
		"LeftOverTokensOf": func(ctx context.Context, v store.View) error {
			_, err := v.LeftOverTokensOf(ctx, "", noon)
			return err
		},
		"UnusedNamesakes": func(ctx context.Context, v store.View) error {
			_, err := v.UnusedNamesakes(ctx, tokens.AccessToken{}, 1)
			return err
		},
		"UnusedNamesakes by the system": func(ctx context.Context, v store.View) error {
			_, err := v.UnusedNamesakes(ctx, tokens.AccessToken{User: tokens.TechnicalUser{SystemCreated: true}}, 1)
			return err
		},
		"WasRefusedOn": func(ctx context.Context, v store.View) error {
			_, err := v.WasRefusedOn(ctx, tokens.Event{}, noon, noon)
			return err
		},
		"EndedGraces": func(ctx context.Context, v store.View) error {
			_, err := v.EndedGraces(ctx, noon)
			return err
		},
		"TechnicalUsersIn": func(ctx context.Context, v store.View) error {
			_, err := v.TechnicalUsersIn(ctx, "")
			return err
		},
	} {
		before := len(statements())
		err := s.Read(t.Context(), func(v store.View) error { return query(t.Context(), v) })
		if err != nil && tokens.ErrorCode(err) != tokens.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
		ran := statements()[before:]
		if len(ran) == 0 {
			t.Errorf("%s ran no statement", name)
		}
		for _, text := range ran {
			plan := queryPlan(t, path, text)
			for _, step := range plan {
				mayBeSorted := []string{"AccessTokensOf", "PersonalTokensOf", "LeftOverTokensOf", "TechnicalUsersIn", "HoldersOfRole"}
				sorts := strings.Contains(step, "TEMP B-TREE") && !slices.Contains(mayBeSorted, name)
				if strings.HasPrefix(step, "SCAN") || sorts {
					t.Errorf("%s: %s\n%s", name, strings.Join(plan, "; "), text)
				}
			}
		}
	}
}

// The first page of a list comes from the beginnings of indexes, and no table is read from end to end.
func TestFirstPagesUseIndexes(t *testing.T) {
	statements := RecordStatements(t)
	path := newDatabase(t, 1)
	s := openStore(t, path)
	indexes := map[tokens.TokenColumn]string{
		tokens.ColumnCreatedAt: "creation", tokens.ColumnName: "name", tokens.ColumnExpiresAt: "end",
		tokens.ColumnLastUsedAt: "use",
	}
	after := &tokens.AccessToken{ID: tokens.NewID(tokens.KindAccessToken, noon), CreatedAt: noon}
	for column, order := range indexes {
		index := "access_tokens_at_level_by_" + order + " (group_id=? AND visibility=?"
		for _, audience := range []store.Audience{{All: true}, {Groups: []string{"grp_1"}, AccountID: "mem_1"}} {
			for _, selection := range []store.TokenSelection{{}, {Query: tokens.TokenQuery{Descending: true}}, {After: after}} {
				selection.Query.Sort, selection.Audience, selection.Limit = column, audience, 50
				if err := s.Read(t.Context(), func(v store.View) error {
					_, err := v.AccessTokens(t.Context(), selection)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				ran := statements()
				plan := queryPlan(t, path, ran[len(ran)-1])
				for _, step := range plan {
					for _, table := range []string{"t", "u", "s", "r", "h"} {
						if strings.HasPrefix(step, "SCAN "+table+" ") || step == "SCAN "+table {
							t.Errorf("%+v: %s", selection, step)
						}
					}
				}
				if !strings.Contains(strings.Join(plan, "\n"), "INDEX "+index) {
					t.Errorf("%+v does not use %s:\n%s", selection, index, strings.Join(plan, "\n"))
				}
			}
		}
	}
}

// What a token is called finds it by index, too: people name tokens on the command line and when they import.
func TestNamesUseIndexes(t *testing.T) {
	statements := RecordStatements(t)
	path := newDatabase(t, 1)
	s := openStore(t, path)
	for _, test := range []struct {
		query tokens.TokenQuery
		index string
	}{
		{tokens.TokenQuery{Name: "deploy", Sort: tokens.ColumnName}, "access_tokens_at_level_by_name (group_id=? AND visibility=? AND name_key=?)"},
		{
			tokens.TokenQuery{NamePrefix: "dep", Sort: tokens.ColumnName},
			"access_tokens_at_level_by_name (group_id=? AND visibility=? AND name_key>? AND name_key<?)",
		},
		{tokens.TokenQuery{IDPrefix: "tok_06w", Sort: tokens.ColumnID}, "sqlite_autoindex_access_tokens_1 (id>? AND id<?)"},
		{
			tokens.TokenQuery{TechnicalUserEmail: "ci@acme.latchkey.internal", Name: "deploy"},
			"access_tokens_of_user (technical_user_id=?",
		},
		{tokens.TokenQuery{MemberID: "mem_1"}, "access_tokens_of_member (member_id=?"},
		{tokens.TokenQuery{MemberID: "mem_1", Sort: tokens.ColumnTechnicalUser}, "access_tokens_of_member (member_id=?"},
	} {
		selection := store.TokenSelection{Query: test.query, Audience: store.Audience{All: true}, Limit: 10}
		if err := s.Read(t.Context(), func(v store.View) error {
			_, err := v.AccessTokens(t.Context(), selection)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		ran := statements()
		if plan := strings.Join(queryPlan(t, path, ran[len(ran)-1]), "\n"); !strings.Contains(plan, test.index) {
			t.Errorf("%+v does not use %s:\n%s", test.query, test.index, plan)
		}
	}
}

// What changed is read from the end of the table, without sorting it, and what is too old to be kept from its beginning.
func TestChangesAreNotSearched(t *testing.T) {
	statements := RecordStatements(t)
	path := newDatabase(t, 1)
	w := watchOf(t, path)
	write(t, path, func(tx store.Tx) error { return insertGroups(t, tx, 1) })
	if _, err := w.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	plans := map[string]string{}
	for _, text := range statements() {
		for _, beginning := range []string{"SELECT serial, kind, id FROM changes", "DELETE FROM changes"} {
			if strings.HasPrefix(text, beginning) {
				plans[beginning] = strings.Join(queryPlan(t, path, text), "\n")
			}
		}
	}
	if len(plans) != 2 {
		t.Errorf("got %d plans, want 2", len(plans))
	}
	for text, plan := range plans {
		scans := strings.Contains(plan, "SCAN") && strings.HasPrefix(text, "DELETE")
		if scans || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: %s", text, plan)
		}
	}
}

// queryPlan returns how SQLite finds the rows of a query in the file at a path.
func queryPlan(t *testing.T, path, query string) (steps []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, make([]any, strings.Count(query, "$"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// The latest events come from the end of the log, and those of an object from an index in their order, so that neither
// takes longer in a long log.
func TestLatestEventsUseIndexes(t *testing.T) {
	statements := RecordStatements(t)
	path := newDatabase(t, 1)
	s := openStore(t, path)
	token, user := tokens.NewID(tokens.KindAccessToken, noon), tokens.NewID(tokens.KindTechnicalUser, noon)
	const own, shares = "INDEX events_object (object_id=?", "INDEX events_object (object_id>? AND object_id<?)"
	for _, test := range []struct {
		selection store.EventSelection
		// steps are how often events are looked up by which index.
		steps map[string]int
	}{
		{store.EventSelection{}, nil},
		{store.EventSelection{EventQuery: tokens.EventQuery{ObjectID: user}}, map[string]int{own: 1}},
		{store.EventSelection{EventQuery: tokens.EventQuery{ObjectID: token}, UserID: user}, map[string]int{own: 2, shares: 1}},
		{
			store.EventSelection{
				EventQuery: tokens.EventQuery{ObjectID: token, Outcome: tokens.OutcomeRefused}, UserID: user, Before: 9, After: 3,
			},
			map[string]int{own: 2, shares: 1},
		},
	} {
		for _, audience := range []store.Audience{{All: true}, {Groups: []string{"grp_1"}, AccountID: "mem_1"}} {
			test.selection.Audience, test.selection.Limit = audience, 20
			if err := s.Read(t.Context(), func(v store.View) error {
				_, err := v.Events(t.Context(), test.selection)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			ran := statements()
			plan := queryPlan(t, path, ran[len(ran)-1])
			text := strings.Join(plan, "\n")
			for index, times := range test.steps {
				if got := strings.Count(text, index); got != times {
					t.Errorf("%+v uses %s %d times, want %d:\n%s", test.selection, index, got, times, text)
				}
			}
			reads := slices.Contains(plan, "SCAN e") || strings.Contains(text, "PRIMARY KEY (rowid>") ||
				strings.Contains(text, "PRIMARY KEY (rowid<")
			if strings.Contains(text, "TEMP B-TREE") || test.steps != nil && reads {
				t.Errorf("%+v sorts or reads the log:\n%s", test.selection, text)
			}
		}
	}
}

// The uses of many tokens find the rows of these by index: a flush keeps others from writing.
func TestUsesFindTheirRowsByIndex(t *testing.T) {
	statements := RecordStatements(t)
	path := newDatabase(t, 1)
	s := openStore(t, path)
	err := s.WriteUses(t.Context(), []store.SecretUse{{TokenID: "tok_1", Version: 1, Count: 1, Last: noon}})
	if err != nil {
		t.Fatal(err)
	}
	updates := 0
	for _, text := range statements() {
		if !strings.HasPrefix(text, "WITH used") {
			continue
		}
		updates++
		plan := strings.Join(queryPlan(t, path, text), "; ")
		if strings.Contains(plan, "SCAN access_tokens") || strings.Contains(plan, "SCAN secrets") ||
			strings.Contains(plan, "AUTOMATIC") {
			t.Errorf("%s\n%s", plan, text)
		}
		t.Log(plan)
	}
	if updates != 2 {
		t.Errorf("%d statements write the uses, want 2", updates)
	}
}
