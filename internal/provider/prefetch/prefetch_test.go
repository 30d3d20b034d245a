package prefetch_test

import (
	"context"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/prefetch"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// world is a database, the holder of an access token who reads ahead there, and somebody else.
type world struct {
	*testing.T
	ctx     context.Context
	file    string
	ahead   *prefetch.Backend
	asked   *counting
	holder  tokens.Backend
	outside tokens.Backend

	mu  sync.Mutex
	now time.Time
}

// counting counts the looks that the backend of a world is asked for.
type counting struct {
	tokens.Backend
	tokens, lists, marks, callers atomic.Int64
	// meanwhile is what happens in the course of a list.
	meanwhile func()
}

func (c *counting) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	c.tokens.Add(1)
	return c.Backend.AccessToken(ctx, id)
}

func (c *counting) AccessTokens(ctx context.Context, q tokens.TokenQuery) (tokens.TokenPage, error) {
	c.lists.Add(1)
	defer c.meanwhile()
	return c.Backend.AccessTokens(ctx, q)
}

func (c *counting) Marks(ctx context.Context, first int64, limit int) (tokens.MarkRange, error) {
	c.marks.Add(1)
	return c.Backend.Marks(ctx, first, limit)
}

func (c *counting) Whoami(ctx context.Context) (tokens.Self, error) {
	c.callers.Add(1)
	return c.Backend.Whoami(ctx)
}

// all is how many looks there were, and forgets them.
func (c *counting) all() (single, others int64) {
	return c.tokens.Swap(0), c.lists.Swap(0) + c.marks.Swap(0) + c.callers.Swap(0)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		T: t, ctx: t.Context(), file: filepath.Join(t.TempDir(), "latchkey.db"),
		now: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC),
	}
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	w.must(err)
	_, err = service.Bootstrap{Options: service.Options{Database: w.file, Now: w.clock}, Actor: "local:anna@host"}.
		Run(w.ctx, tokens.NewSecretFor{Request: tokens.NewRequest(w.now), Secret: secret})
	w.must(err)
	opened := service.Open(service.Options{Database: w.file, Follow: true, Now: w.clock})
	t.Cleanup(func() { w.must(opened.Close()) })
	w.holder, w.outside = opened.As(tokens.AsTokenHolder(secret)), opened.As(tokens.AsDatabaseOwner("local:anna@host"))
	w.asked = &counting{Backend: w.holder, meanwhile: func() {}}
	w.ahead = prefetch.Over(w.asked, w.clock)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// seen is a token as a state has it, with the mark beside it.
type seen struct {
	id   string
	mark tokens.Mark
}

// make makes tokens by a backend.
func (w *world) make(by tokens.Backend, count int) []seen {
	w.Helper()
	made := make([]seen, count)
	for i := range made {
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		w.must(err)
		var witness tokens.Witness
		t, err := by.CreateAccessToken(tokens.WithWitness(w.ctx, &witness), tokens.NewAccessToken{
			NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(w.clock()), Secret: secret},
			Settings:     tokens.Settings{Name: "ci", Enabled: true},
		})
		w.must(err)
		made[i] = seen{t.ID, witness.Saw}
	}
	return made
}

// read reads a token as a run does, and notes the mark that it saw.
func (w *world) read(s *seen) (tokens.AccessToken, error) {
	witness := tokens.Witness{Expects: s.mark}
	t, err := w.ahead.AccessToken(tokens.WithWitness(w.ctx, &witness), s.id)
	if err == nil {
		s.mark = witness.Saw
	}
	return t, err
}

// readAll reads tokens, so many at a time as Terraform does.
func (w *world) readAll(all []seen) {
	w.Helper()
	var wait sync.WaitGroup
	slots := make(chan struct{}, 10)
	for i := range all {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if _, err := w.read(&all[i]); err != nil {
				w.Error(err)
			}
		})
	}
	wait.Wait()
}

// rename renames a token outside.
func (w *world) rename(id, name string) {
	w.Helper()
	_, err := w.outside.UpdateAccessToken(w.ctx, id, tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Name: name}, Fields: tokens.Fields{"name"},
	})
	w.must(err)
}

// Many tokens take as few looks as one page of them, and what is read ahead is what the backend says of each.
func TestReadAhead(t *testing.T) {
	w := newWorld(t)
	all := w.make(w.holder, 40)
	w.rename(all[0].id, "renamed") // the database has moved on since most were seen
	w.readAll(all)
	if single, others := w.asked.all(); single != 1 || others != 3 {
		t.Errorf("%d tokens were read singly, and %d other looks taken; want 1 and 3", single, others)
	}
	for i := range all {
		ahead, err := w.read(&all[i])
		w.must(err)
		var witness tokens.Witness
		asked, err := w.holder.AccessToken(tokens.WithWitness(w.ctx, &witness), all[i].id)
		w.must(err)
		if diff := cmp.Diff(asked, ahead, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("what was read ahead is not what the backend says (-backend +ahead):\n%s", diff)
		}
		if all[i].mark != witness.Saw {
			t.Errorf("the mark is %v, not %v", all[i].mark, witness.Saw)
		}
	}
}

// A single token is read by itself, however often.
func TestReadAheadOfOne(t *testing.T) {
	w := newWorld(t)
	all := w.make(w.holder, 1)
	for range 3 {
		_, err := w.read(&all[0])
		w.must(err)
	}
	if single, others := w.asked.all(); single != 3 || others != 0 {
		t.Errorf("%d tokens were read singly, and %d other looks taken; want 3 and none", single, others)
	}
}

// Whatever is not among what was read ahead is asked for: what somebody else made, and what is gone.
func TestReadAheadLacks(t *testing.T) {
	w := newWorld(t)
	all := w.make(w.holder, 3)
	others := w.make(w.outside, 3)
	w.readAll(all)
	w.asked.all()
	w.readAll(others)
	if single, more := w.asked.all(); single != 3 || more != 0 {
		t.Errorf("of another's tokens, %d were read singly, with %d other looks; want 3 and none", single, more)
	}
	w.must(w.outside.DeleteAccessToken(w.ctx, others[0].id))
	if _, err := w.read(&others[0]); tokens.ErrorCode(err) != tokens.CodeNotFound {
		t.Errorf("a token that is gone is %v", err)
	}
	w.must(w.outside.DeleteAccessToken(w.ctx, all[1].id))
	w.advance(11 * time.Second)
	if _, err := w.read(&all[1]); tokens.ErrorCode(err) != tokens.CodeNotFound {
		t.Errorf("a token that is gone is %v", err)
	}
}

// What another one changes shows after ten seconds at the latest, and what is changed here at once.
func TestReadAheadAges(t *testing.T) {
	w := newWorld(t)
	all := w.make(w.holder, 3)
	w.readAll(all)
	name := func() string {
		w.Helper()
		got, err := w.read(&all[1])
		w.must(err)
		return got.Name
	}
	w.rename(all[1].id, "second")
	w.advance(10 * time.Second)
	if got := name(); got != "ci" {
		t.Errorf("after ten seconds, the name is %q: it was not read ahead", got)
	}
	w.advance(time.Millisecond)
	if got := name(); got != "second" {
		t.Errorf("after more than ten seconds, the name is %q", got)
	}
	w.rename(all[1].id, "third")
	w.ahead.Forget()
	if got := name(); got != "third" {
		t.Errorf("after a change, the name is %q", got)
	}
	w.readAll(all)
	w.rename(all[1].id, "fourth")
	w.advance(-time.Minute)
	if got := name(); got != "fourth" {
		t.Errorf("after the clock was set back, the name is %q", got)
	}
}

// What is being read while something changes is not used.
func TestReadAheadDuringChange(t *testing.T) {
	w := newWorld(t)
	all := w.make(w.holder, 3)
	w.asked.meanwhile = func() {
		w.ahead.Forget()
		w.rename(all[1].id, "changed")
		w.ahead.Forget()
	}
	_, err := w.read(&all[0])
	w.must(err)
	if got, err := w.read(&all[1]); err != nil || got.Name != "changed" {
		t.Errorf("the name is %q, %v", got.Name, err)
	}
}

// What the backend refuses to tell of an object, because it is not the database that the object was seen in, isn't told
// from what was read ahead either.
func TestReadAheadInWrongDatabase(t *testing.T) {
	other := newWorld(t)
	foreign := other.make(other.holder, 1)[0].mark
	w := newWorld(t)
	all := w.make(w.holder, 3)
	w.readAll(all)
	newest := all[1].mark
	later, forked := newest, newest
	later.Serial, later.Value = newest.Serial+5, tokens.NewMarkValue()
	forked.Serial, forked.Value = newest.Serial-1, tokens.NewMarkValue()
	sameSerial := newest
	sameSerial.Value = tokens.NewMarkValue()
	for _, test := range []struct {
		name string
		mark tokens.Mark
		want tokens.Reason
	}{
		{"another database", foreign, tokens.ReasonWrongDatabase},
		{"another database without marks", tokens.Mark{Database: foreign.Database}, tokens.ReasonWrongDatabase},
		{"an older copy", later, tokens.ReasonOlderDatabase},
		{"a copy that went its own way", forked, tokens.ReasonForkedDatabase},
		{"a copy that went its own way by one change", sameSerial, tokens.ReasonForkedDatabase},
		{"nothing seen", tokens.Mark{}, ""},
		{"nothing but the database", tokens.Mark{Database: newest.Database}, ""},
		{"the newest", newest, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.read(&seen{all[1].id, test.mark})
			if got := tokens.ErrorReason(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("got %v, want the reason %q", err, test.want)
			}
		})
	}
	// Once somebody said that the database is the right one, every earlier mark counts as known.
	w.advance(time.Minute)
	_, err := service.Acceptance{Options: service.Options{Database: w.file, Now: w.clock}, Actor: "local:anna@host"}.Run(w.ctx)
	w.must(err)
	w.ahead = prefetch.Over(w.asked, w.clock)
	w.readAll(all)
	w.asked.all()
	if _, err := w.read(&seen{all[1].id, forked}); err != nil {
		t.Errorf("a mark that counts as known: %v", err)
	}
	if single, _ := w.asked.all(); single != 0 {
		t.Error("it was not read ahead")
	}
}

// Who may not list anything, or fails to, reads each token by itself.
func TestReadAheadFails(t *testing.T) {
	w := newWorld(t)
	all := w.make(w.holder, 3)
	ahead := prefetch.Over(unlisted{w.asked}, w.clock)
	for range 2 {
		for _, s := range all {
			_, err := ahead.AccessToken(w.ctx, s.id)
			w.must(err)
		}
	}
	if single, others := w.asked.all(); single != 6 || others != 1 {
		t.Errorf("%d tokens were read singly, and %d other looks taken; want 6 and 1", single, others)
	}
}

// unlisted is a backend that can't list.
type unlisted struct{ *counting }

func (unlisted) AccessTokens(context.Context, tokens.TokenQuery) (tokens.TokenPage, error) {
	return tokens.TokenPage{}, tokens.Unavailable(nil, "not now")
}
