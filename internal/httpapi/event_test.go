package httpapi

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestEventsOverHTTP(t *testing.T) {
	m := newManaged(t)
	c, local, ctx := m.client(m.owner), m.service.As(anna), t.Context()
	began := time.Now()
	const number = 2*largestPage + 7
	var ids []string
	for i := range number {
		if _, err := local.CreateGroup(ctx, tokens.NewGroup{
			Request: tokens.NewRequest(began), GroupSettings: tokens.GroupSettings{Name: fmt.Sprintf("group-%d", i)},
		}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.ReleaseAccessToken(ctx, tokens.NewID(tokens.KindAccessToken, began))
	if tokens.ErrorCode(err) != tokens.CodeNotFound {
		t.Fatal(err)
	}
	for _, query := range []tokens.EventQuery{
		{}, {Limit: 1}, {Limit: largestPage + 1}, {Limit: 5 * largestPage}, {Action: "group.*"}, {Outcome: tokens.OutcomeRefused},
		{Actor: "local:*", Since: began, Until: time.Now().Add(time.Hour + 1)}, {ObjectID: "x"}, {Run: "none"},
	} {
		want, err := local.EventsAfter(ctx, query, tokens.EventPosition{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.EventsAfter(ctx, query, tokens.EventPosition{})
		if err != nil {
			t.Fatalf("%+v: %v", query, err)
		}
		want.End.At, got.End.At = time.Time{}, time.Time{} // when they were read
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: here (-) and over HTTP (+):\n%s", query, diff)
		}
		if len(got.Events) > 0 {
			ids = append(ids, got.Events[0].ID)
		}
	}
	if len(ids) < 7 {
		t.Errorf("only %d queries select something", len(ids))
	}
	for _, query := range []tokens.EventQuery{
		{Limit: -1}, {Cursor: "x"}, {Action: "x"}, {Outcome: "x"}, {Since: began, Until: began.Add(-time.Hour)},
	} {
		_, here := local.Events(ctx, query)
		_, there := c.Events(ctx, query)
		sameError(t, here, there)
	}
	// Whoever follows gets what is new, however much that is.
	all, err := c.EventsAfter(ctx, tokens.EventQuery{Limit: 1}, tokens.EventPosition{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.CreateGroup(ctx, tokens.NewGroup{
			Request:       tokens.NewRequest(time.Now()),
			GroupSettings: tokens.GroupSettings{Name: "new-" + tokens.NewID(tokens.KindGroup, time.Now())[10:]},
		}); err != nil {
			t.Fatal(err)
		}
	}
	want, err := local.EventsAfter(ctx, tokens.EventQuery{}, all.End)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.EventsAfter(ctx, tokens.EventQuery{}, all.End)
	if err != nil || len(got.Events) < 3 || !cmp.Equal(want.Events, got.Events) {
		t.Errorf("what is new is %+v, %v, want %+v", got.Events, err, want.Events)
	}
	if again, err := c.EventsAfter(ctx, tokens.EventQuery{}, got.End); err != nil || len(again.Events) > 0 {
		t.Errorf("asked again: %+v, %v", again.Events, err)
	}

	_, here := local.PruneEvents(ctx, time.Now().Add(time.Hour))
	_, there := c.PruneEvents(ctx, time.Now().Add(time.Hour))
	sameError(t, here, there)
	if deleted, err := c.PruneEvents(ctx, time.Now()); err != nil || deleted < number {
		t.Errorf("%d events were deleted, %v", deleted, err)
	}
	if status := m.ask("POST", "/v1/events/prune", `{}`, nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a deletion without a time is answered with %d", status)
	}
	if status := m.ask("GET", "/v1/events?after=x", "", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a position that is none is answered with %d", status)
	}
}
