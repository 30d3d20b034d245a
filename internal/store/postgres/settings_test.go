//go:build unix

package postgres

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// While a change is open, others wait for it: so it waits for locks, and idles, for a short time alone, unless it is a patient one.
func TestSettingsOfChange(t *testing.T) {
	address := pgtest.Address(t)
	engine, err := New(address)
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, time.Now)
	defer s.Close()
	if err := s.WriteOrMake(t.Context(), begun, func(store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	c, err := engine.Connect(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	own := c.(*connection) //nolint:forcetypeassert // that is what the engine opens
	for _, test := range []struct {
		name  string
		reach store.Reach
		want  string
	}{
		{"everything", store.Everything, "5s|5s|off|off|read committed|pg_catalog"},
		{"tokens", store.ReachOfTokens, "5s|5s|off|off|read committed|pg_catalog"},
		{"patiently", store.EverythingPatiently, "5s|0|off|off|read committed|pg_catalog"},
	} {
		var got string
		err := own.transaction(t.Context(), own.changing(test.reach), `ROLLBACK`, func(tx *transaction) error {
			return scanOne(t.Context(), tx.statements, &got, `SELECT current_setting('lock_timeout') || '|' ||
				current_setting('idle_in_transaction_session_timeout') || '|' || current_setting('jit') || '|' ||
				current_setting('transaction_read_only') || '|' || current_setting('transaction_isolation') || '|' ||
				current_setting('search_path')`)
		})
		if err != nil || got != test.want {
			t.Errorf("%s: got %q (%v), want %q", test.name, got, err, test.want)
		}
	}
}

// A transaction of somebody else that holds the row of the serial makes a change fail after a while, with the reason, and nothing
// is changed.
func TestHeldSerial(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lock")
	}
	at := pgtest.New(t)
	engine, err := New(at.Address("held"))
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, time.Now)
	defer s.Close()
	if err := s.WriteOrMake(t.Context(), begun, func(store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	e := engine.(server) //nolint:forcetypeassert // that is what New returns
	db := e.pool()
	defer db.Close()
	holder, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.ExecContext(t.Context(), `SELECT id FROM held.database FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	change := func() error {
		return s.Write(t.Context(), func(tx store.Tx) error {
			return tx.InsertEvent(t.Context(), tokens.Event{
				ID: tokens.NewID(tokens.KindEvent, noon), At: noon, Actor: "local:anna@host", Action: tokens.ActionDatabaseShow, Outcome: tokens.OutcomeDone,
			})
		})
	}
	if err := change(); tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "took longer than 5s") {
		t.Errorf("while the row is held: %v", err)
	}
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := change(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	err = s.Read(t.Context(), func(v store.View) error {
		head, err := v.Head(t.Context())
		if head.Number != 1 {
			t.Errorf("%d events were written, want 1", head.Number)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What the server drops for the sake of another transaction is tried again, and nothing else that it refuses.
func TestTriedAgain(t *testing.T) {
	for code, want := range map[string]bool{
		"40001": true, "40P01": true, "23505": true, "23503": true, "57P01": true, "25006": true,
		"22021": false, "42501": false, "42P01": false,
	} {
		if got := mayTryAgain(&pgconn.PgError{Code: code}); got != want {
			t.Errorf("%s: %t, want %t", code, got, want)
		}
	}
	if mayTryAgain(errors.New("something else")) {
		t.Error("anything is tried again")
	}
}

// A database whose encoding can't hold every text is refused.
func TestOtherEncoding(t *testing.T) {
	at := pgtest.New(t)
	at.Run(t, `CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`)
	engine, err := New(at.AddressOf("postgres", "ascii", url.Values{}))
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, time.Now)
	defer s.Close()
	err = s.WriteOrMake(t.Context(), begun, func(store.Tx) error { return nil })
	if tokens.ErrorReason(err) != tokens.ReasonWrongPlace || !strings.Contains(err.Error(), "has the encoding SQL_ASCII, and Latchkey needs UTF8") {
		t.Errorf("got %v", err)
	}
}
