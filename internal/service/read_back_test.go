package service

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// hideTrigger adds a trigger to a database such that a program which has it open does not notice: SQLite's count of
// changes to the schema stays what it was.
func hideTrigger(t *testing.T, path, trigger string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var count int
	if err := db.QueryRowContext(t.Context(), `PRAGMA schema_version`).Scan(&count); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`%s; PRAGMA schema_version = %d`, trigger, count)); err != nil {
		t.Fatal(err)
	}
}

// Whatever undoes a stop in the same transaction, nobody is told that the token is stopped.
func TestStopsThatAreUndone(t *testing.T) {
	const (
		undoHold    = `UPDATE access_tokens SET held_by = NULL, held_at = NULL, held_reason = NULL`
		undoDisable = `UPDATE access_tokens SET enabled = true, disabled_by = NULL, disabled_at = NULL`
		undoEnd     = `UPDATE secrets SET ended_at = NULL`
		undoGrace   = undoEnd + `; UPDATE secrets SET grace_ends_at = 4000000000000000 WHERE version = 1`
		onEvent     = `CREATE TRIGGER undo AFTER INSERT ON events BEGIN %s; END`
	)
	for _, test := range []struct {
		name, trigger string
		stop          func(context.Context, *Backend, tokens.AccessToken, tokens.Secret) error
	}{
		{"hold", fmt.Sprintf(onEvent, undoHold), func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
			_, err := b.HoldAccessToken(ctx, t.ID, "leaked")
			return err
		}},
		{"hold, undone by the last statement", `CREATE TRIGGER undo AFTER INSERT ON changes BEGIN ` + undoHold + `; END`,
			func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
				_, err := b.HoldAccessToken(ctx, t.ID, "leaked")
				return err
			}},
		{"hold, undone at once", `CREATE TRIGGER undo AFTER UPDATE OF held_by ON access_tokens BEGIN ` + undoHold + `; END`,
			func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
				_, err := b.HoldAccessToken(ctx, t.ID, "leaked")
				return err
			}},
		{"disable", fmt.Sprintf(onEvent, undoDisable), func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
			_, err := b.UpdateAccessToken(ctx, t.ID, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}})
			return err
		}},
		{"revoke", fmt.Sprintf(onEvent, undoEnd), func(ctx context.Context, b *Backend, _ tokens.AccessToken, secret tokens.Secret) error {
			_, err := b.RevokeSecret(ctx, secret)
			return err
		}},
		{"retire", fmt.Sprintf(onEvent, undoGrace), func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
			_, err := b.RetirePreviousSecret(ctx, t.ID, 0)
			return err
		}},
		{"regenerate", fmt.Sprintf(onEvent, undoGrace+`; UPDATE secrets SET grace_ends_at = 4000000000000000`),
			func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
				_, err := b.UpdateAccessToken(ctx, t.ID, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
					NewSecretFor: newSecret(), Reason: tokens.ReasonTrigger, Grace: &tokens.Grace{},
				}})
				return err
			}},
		{"shorten the life", `CREATE TRIGGER undo AFTER UPDATE OF ttl_seconds ON access_tokens BEGIN
			UPDATE access_tokens SET ttl_seconds = 7776000; END`,
			func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
				_, err := b.UpdateAccessToken(ctx, t.ID, tokens.AccessTokenUpdate{
					Settings: tokens.Settings{TTL: time.Hour * 24 * 7}, Fields: tokens.Fields{"ttl"},
				})
				return err
			}},
		{"delete", `CREATE TRIGGER undo BEFORE DELETE ON access_tokens BEGIN SELECT RAISE(IGNORE); END`,
			func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
				return b.DeleteAccessToken(ctx, t.ID)
			}},
		{"disable the technical user", fmt.Sprintf(onEvent, `UPDATE technical_users SET enabled = true, disabled_by = NULL, disabled_at = NULL`),
			func(ctx context.Context, b *Backend, t tokens.AccessToken, _ tokens.Secret) error {
				_, err := b.UpdateTechnicalUser(ctx, t.User.ID, tokens.TechnicalUserUpdate{Fields: tokens.Fields{"enabled"}})
				return err
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := t.Context()
			path := filepath.Join(t.TempDir(), "latchkey.db")
			s := Open(Options{Database: path, Now: time.Now})
			defer s.Close()
			b := s.As(tokens.AsDatabaseOwner("local:anna@host"))
			user, err := b.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
				Request:               tokens.NewRequest(time.Now()),
				TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true, Grants: tokens.Grants{Role: tokens.RoleViewer}},
			})
			if err != nil {
				t.Fatal(err)
			}
			created, err := b.CreateAccessToken(ctx, tokens.NewAccessToken{NewSecretFor: newSecret(), TechnicalUserID: user.ID,
				Settings: tokens.Settings{Name: "deploy", Enabled: true, TTL: 90 * 24 * time.Hour,
					Policies: tokens.Policies{Grace: tokens.Grace{Duration: time.Hour}}}})
			if err != nil {
				t.Fatal(err)
			}
			current := newSecret()
			token, err := b.UpdateAccessToken(ctx, created.ID, tokens.AccessTokenUpdate{
				Regeneration: &tokens.Regeneration{NewSecretFor: current, Reason: tokens.ReasonTrigger},
			})
			if err != nil {
				t.Fatal(err)
			}
			hideTrigger(t, path, test.trigger)
			// While the connections that have seen the old schema are busy, the stop takes a new one.
			err = s.store.ReadAtOnce(ctx, func(store.View) error {
				return s.store.ReadAtOnce(ctx, func(store.View) error { return test.stop(ctx, b, token, current.Secret) })
			})
			if tokens.ErrorCode(err) != tokens.CodeUnavailable || tokens.ErrorReason(err) != tokens.ReasonDatabaseFailing {
				t.Errorf("got %v, want CodeUnavailable", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			again := Open(Options{Database: path, Now: time.Now})
			defer again.Close()
			_, err = again.As(tokens.AsDatabaseOwner("local:anna@host")).HoldAccessToken(ctx, token.ID, "leaked")
			if tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("a program that opens the database: got %v, want CodeUnavailable", err)
			}
		})
	}
}

// newSecret returns a request with a new value.
func newSecret() tokens.NewSecretFor {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		panic(err)
	}
	return tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret}
}
