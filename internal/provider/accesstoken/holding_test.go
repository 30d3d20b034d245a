package accesstoken

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// answering is a backend that answers holds one after the other, and the last way from then on.
type answering struct {
	tokens.Backend
	answers []error
	asked   int
	then    func() // after each
}

func (b *answering) HoldAccessToken(_ context.Context, id, _ string) (tokens.AccessToken, error) {
	err := b.answers[min(b.asked, len(b.answers)-1)]
	b.asked++
	if b.then != nil {
		b.then()
	}
	return tokens.AccessToken{ID: id}, err
}

// One that fails stops no other one. A run that was stopped and a backend that answers nobody do, and all that were not
// tried are named.
func TestHolding(t *testing.T) {
	gone := tokens.Unavailable(nil, "no route")
	refused := tokens.Forbidden("", "you lack tokens:manage")
	for _, test := range []struct {
		name     string
		answers  []error
		stops    bool // the run, after the first
		asked    int
		held     int
		failures []string
	}{
		{name: "one is refused", answers: []error{nil, refused, nil}, asked: 6, held: 5, failures: []string{"tok_1: you lack"}},
		{name: "no answer twice", answers: []error{gone, gone, nil}, asked: 6, held: 4, failures: []string{"tok_0: no route", "tok_1: no route"}},
		{name: "no answer any more", answers: []error{nil, gone}, asked: 4, held: 1, failures: []string{
			"tok_1: no route", "tok_2: no route", "tok_3: no route", "tok_4: it was not tried", "tok_5: it was not tried",
		}},
		{name: "stopped", answers: []error{nil}, stops: true, asked: 1, held: 1, failures: []string{
			"tok_1: it was not tried", "tok_2: it was not tried", "tok_3: it was not tried", "tok_4: it was not tried",
			"tok_5: it was not tried",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			backend := &answering{answers: test.answers}
			if test.stops {
				backend.then = cancel
			}
			h := holding{backend: backend, resp: &action.InvokeResponse{SendProgress: func(action.InvokeProgressEvent) {}}}
			var selected []diagnostics.Subject
			for i := range 6 {
				selected = append(selected, diagnostics.Subject{Kind: tokens.KindAccessToken, ID: fmt.Sprintf("tok_%d", i)})
			}
			h.holdAll(ctx, selected)
			var failures []string
			for _, f := range h.failures {
				failures = append(failures, f.ID+": "+f.Err.Error())
			}
			if backend.asked != test.asked || h.held != test.held ||
				!slices.EqualFunc(failures, test.failures, strings.HasPrefix) {
				t.Errorf("asked %d times, %d held, failed: %q", backend.asked, h.held, failures)
			}
		})
	}
}
