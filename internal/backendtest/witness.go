package backendtest

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// saw runs an operation and returns the mark that its witness saw.
func (w *world) saw(operation func(context.Context) error) tokens.Mark {
	w.Helper()
	witness := new(tokens.Witness)
	if err := operation(tokens.WithWitness(w.Context(), witness)); err != nil {
		w.Fatal(err)
	}
	return witness.Saw
}

// newest returns the newest mark of the database.
func (w *world) newest() tokens.Mark {
	w.Helper()
	return w.saw(func(ctx context.Context) error { _, err := w.Groups(ctx); return err })
}

// testSerial counts changes: each raises the serial by one and leaves a mark, and nothing else does.
func testSerial(w *world) {
	ctx := w.Context()
	group, member, user := w.group("payments"), w.member("anna@example.com"), w.user("ci", "")
	request := w.request("deploy", user.ID)
	token := w.create(request)
	database := must(w.Backend.Database(ctx))(w)
	stranger := w.acting("nobody@example.com")
	before := w.newest()
	w.equal("the database of the mark", before.Database, database.ID)
	for _, test := range []struct {
		name    string
		changes int64
		try     func(context.Context) error
	}{
		{"a look", 0, func(ctx context.Context) error { _, err := w.AccessToken(ctx, token.ID); return err }},
		{"a list", 0, func(ctx context.Context) error { _, err := w.Events(ctx, tokens.EventQuery{}); return err }},
		{"a creation", 1, func(ctx context.Context) error {
			_, err := w.ShareAccessToken(ctx, tokens.NewTokenShare{Request: w.request("", "").Request, AccessTokenID: token.ID,
				MemberID: member.ID, Role: tokens.ShareViewer})
			return err
		}},
		{"the same creation again", 0, func(ctx context.Context) error { _, err := w.CreateAccessToken(ctx, request); return err }},
		{"an update", 1, func(ctx context.Context) error {
			_, err := w.UpdateGroup(ctx, group.ID, tokens.Updating(group.GroupSettings, tokens.GroupSettings{Name: "billing"}))
			return err
		}},
		{"an update that changes nothing", 0, func(ctx context.Context) error {
			_, err := w.UpdateGroup(ctx, group.ID, tokens.GroupUpdate{})
			return err
		}},
		{"a hold", 1, func(ctx context.Context) error { _, err := w.HoldAccessToken(ctx, token.ID, "leaked"); return err }},
		{"a release", 1, func(ctx context.Context) error { _, err := w.ReleaseAccessToken(ctx, token.ID); return err }},
		{"a verification", 0, func(ctx context.Context) error {
			_, err := w.VerifySecret(ctx, request.Secret, tokens.VerifyOptions{RecordUse: true})
			return err
		}},
		{"the uses, written", 0, func(ctx context.Context) error {
			w.clock.Advance(time.Hour)
			_, err := w.VerifySecret(ctx, request.Secret, tokens.VerifyOptions{RecordUse: true})
			return err
		}},
		{"a revocation", 1, func(ctx context.Context) error { _, err := w.RevokeSecret(ctx, request.Secret); return err }},
		{"a refused look", 0, func(ctx context.Context) error {
			_, err := stranger.Groups(ctx)
			w.refusal(err, tokens.CodeForbidden)
			return nil
		}},
		{"a refused change", 0, func(ctx context.Context) error {
			w.refusal(w.DeleteTechnicalUser(ctx, user.ID), tokens.CodeConflict)
			return nil
		}},
		{"a deletion", 1, func(ctx context.Context) error { return w.DeleteAccessToken(ctx, token.ID) }},
		{"pruned events", 1, func(ctx context.Context) error { _, err := w.PruneEvents(ctx, w.clock.Now()); return err }},
	} {
		witness := &tokens.Witness{Expects: before} // which every database knows that was there before
		if err := test.try(tokens.WithWitness(ctx, witness)); err != nil {
			w.Errorf("%s: %v", test.name, err)
		}
		after := w.newest()
		if after.Serial != before.Serial+test.changes || (after == before) != (test.changes == 0) ||
			!tokens.IsMarkValue(after.Value) || test.changes > 0 && !after.At.After(before.At) {
			w.Errorf("%s: the mark went from %+v to %+v, want %d changes", test.name, before, after, test.changes)
		}
		if witness.Saw.Serial != 0 && witness.Saw != after {
			w.Errorf("%s: its witness saw %+v, want %+v", test.name, witness.Saw, after)
		}
		before = after
	}

	// A clock that is set back leaves a later time.
	w.clock.Advance(-24 * time.Hour)
	w.group("audit")
	if after := w.newest(); !after.At.After(before.At) || after.Serial != before.Serial+1 {
		w.Errorf("with an earlier time, the mark went from %+v to %+v", before, after)
	}
}

// testWitness calls every method along with a witness that expects another database, or one that has been through other
// changes. Whatever the method is asked, it answers that it can't tell, and leaves no event and no change.
func testWitness(w *world) {
	w.member("anna@example.com")
	first := w.newest()
	w.group("payments")
	newest := w.newest()
	change := func(change func(*tokens.Mark)) tokens.Mark { m := newest; change(&m); return m }
	callers := map[string]tokens.Backend{
		"an owner": w.Backend, "a member": w.acting("anna@example.com"),
		// The account may have been made since the copy.
		"an unknown member": w.acting("new@example.com"),
	}
	events := w.events("")
	for _, test := range []struct {
		name    string
		expects tokens.Mark
		reason  tokens.Reason
		words   []string
	}{
		{"a newer mark", change(func(m *tokens.Mark) { m.Serial, m.At = m.Serial+7, m.At.Add(time.Hour) }),
			tokens.ReasonOlderDatabase, []string{"older copy", tokens.FormatTimestamp(newest.At),
				tokens.FormatTimestamp(newest.At.Add(time.Hour))}},
		{"another mark under the same serial", change(func(m *tokens.Mark) { m.Value = tokens.NewMarkValue() }),
			tokens.ReasonForkedDatabase, []string{"went its own way"}},
		{"another mark under an earlier serial",
			change(func(m *tokens.Mark) { m.Serial, m.Value = first.Serial, tokens.NewMarkValue() }),
			tokens.ReasonForkedDatabase, []string{"went its own way"}},
		{"another database", tokens.Mark{Database: tokens.NewID(tokens.KindDatabase, w.clock.Now())},
			tokens.ReasonWrongDatabase, []string{newest.Database}},
	} {
		for caller, backend := range callers {
			every(backend, func(method string, call func(context.Context) error) {
				witness := &tokens.Witness{Expects: test.expects}
				err := call(tokens.WithWitness(w.Context(), witness))
				if tokens.ErrorCode(err) != tokens.CodeUnavailable || tokens.ErrorReason(err) != test.reason {
					w.Errorf("%s, as %s: %s: got %v, want CodeUnavailable because of %s", test.name, caller, method, err, test.reason)
					return
				}
				for _, word := range append(test.words, test.expects.Database) {
					if !strings.Contains(err.Error(), word) {
						w.Errorf("%s: %q does not say %q", test.name, err, word)
					}
				}
				if witness.Saw != (tokens.Mark{}) {
					w.Errorf("%s: %s: the witness saw %+v", test.name, method, witness.Saw)
				}
			})
		}
	}
	w.equal("the events", w.events(""), events)
	w.equal("the newest mark", w.newest(), newest)

	// Who asks by a value that is not good learns nothing of the database.
	nobody := w.service.As(tokens.AsTokenHolder(w.secret()))
	_, err := nobody.Groups(tokens.WithWitness(w.Context(), &tokens.Witness{Expects: change(func(m *tokens.Mark) { m.Serial += 7 })}))
	w.refusal(err, tokens.CodeForbidden)

	for name, expects := range map[string]tokens.Mark{
		"the newest mark": newest, "an earlier mark": first, "the identity alone": {Database: newest.Database}, "nothing": {},
	} {
		every(w.Backend, func(method string, call func(context.Context) error) {
			if err := call(tokens.WithWitness(w.Context(), &tokens.Witness{Expects: expects})); tokens.ErrorCode(err) == tokens.CodeUnavailable {
				w.Errorf("%s: %s: got %v", name, method, err)
			}
		})
	}
}

// every calls fn with each method of a backend that asks for nothing in particular.
func every(backend tokens.Backend, fn func(method string, call func(context.Context) error)) {
	methods := reflect.TypeFor[tokens.Backend]()
	for m := range methods.NumMethod() {
		method := reflect.ValueOf(backend).MethodByName(methods.Method(m).Name)
		fn(methods.Method(m).Name, func(ctx context.Context) error {
			arguments := []reflect.Value{reflect.ValueOf(ctx)}
			for n := 1; n < method.Type().NumIn(); n++ {
				arguments = append(arguments, reflect.Zero(method.Type().In(n)))
			}
			results := method.Call(arguments)
			err, _ := results[len(results)-1].Interface().(error)
			return err
		})
	}
}
