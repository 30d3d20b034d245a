package backendtest

import (
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Each event is a link of a chain, refusals too, and its head tells that part of the history from every other one.
func testHistory(w *world) {
	ctx := w.Context()
	whole := func(known tokens.Head) tokens.History {
		h := must(w.VerifyHistory(ctx, known))(w)
		if h.Broken != nil {
			w.Errorf("the history is broken: %s", h.Broken)
		}
		w.equal("the number of events", h.Events, int64(len(w.events(""))))
		return h
	}
	g := w.group("payments")
	first := whole(tokens.Head{})
	w.equal("the number of the head", first.Head.Number, int64(2)) // of the database and the group
	w.equal("the checkpoint", first.Checkpoint, tokens.Head{})
	w.equal("the head, again", whole(first.Head), first)

	w.clock.Advance(later)
	w.refusal(w.DeleteGroup(ctx, tokens.NewID(tokens.KindGroup, w.clock.Now())), tokens.CodeNotFound)
	w.create(w.request("deploy", ""))
	w.succeed(w.DeleteGroup(ctx, g.ID))
	second := whole(first.Head)
	if second.Head.Number <= first.Head.Number+2 || second.Head.Hash == first.Head.Hash {
		w.Errorf("the head went from %s to %s", first.Head, second.Head)
	}

	for _, test := range []struct {
		name  string
		known tokens.Head
		at    int64
		says  string
	}{
		{"another hash", tokens.Head{Number: first.Head.Number, Hash: second.Head.Hash}, first.Head.Number, "another hash"},
		{"a later event", tokens.Head{Number: second.Head.Number + 3, Hash: second.Head.Hash}, second.Head.Number + 1, "is not there"},
	} {
		h := must(w.VerifyHistory(ctx, test.known))(w)
		if h.Broken == nil || h.Broken.Number != test.at || !strings.Contains(h.Broken.Problem, test.says) {
			w.Errorf("%s: got %+v", test.name, h.Broken)
		}
	}

	w.clock.Advance(later)
	since := w.clock.Instant()
	w.group("billing")
	w.equal("the number of pruned events", must(w.PruneEvents(ctx, since))(w), second.Head.Number)
	pruned := whole(second.Head)
	w.equal("the checkpoint after that", pruned.Checkpoint, second.Head)
	events := w.events("")
	w.equal("what the last event says of it", events[len(events)-1].Details.Checkpoint, second.Head.String())
	_, err := w.VerifyHistory(ctx, first.Head)
	refusal := w.refusal(err, tokens.CodeInvalid)
	w.equal("the field", refusal.Field, "head")
	w.mentions(refusal.Message, "pruned")
	whole(pruned.Head)
}
