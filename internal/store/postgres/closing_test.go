//go:build unix

package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A change with many events writes them all as links of one chain.
func TestManyEventsAtOnce(t *testing.T) {
	engine, err := New(pgtest.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(engine, func() time.Time { return noon })
	defer s.Close()
	if err := s.WriteOrMake(t.Context(), begun, func(store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	const number = 1000
	err = s.Record(t.Context(), func(u store.Uncounted) error {
		for i := range number {
			err := u.InsertEvent(t.Context(), tokens.Event{
				ID: tokens.NewID(tokens.KindEvent, noon), At: noon, Actor: "local:anna@host", Action: tokens.ActionAccessTokenCreate,
				Outcome: tokens.OutcomeRefused, Detail: fmt.Sprint("number ", i),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(t.Context(), func(v store.View) error {
		history, err := v.History(t.Context(), tokens.Head{})
		if err == nil && (history.Head.Number != number || history.Broken != nil) {
			t.Errorf("got %+v", history)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
