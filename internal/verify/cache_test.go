package verify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// memory is a database in memory. Each change is one that its watches tell of.
type memory struct {
	mu      sync.Mutex
	secrets map[tokens.SecretHash]verify.Found
	// failing is the error of every look-up and look, if there is one.
	failing error
	// asked counts the look-ups.
	asked int
	// pause is called in each look-up after it has read, without the lock.
	pause func(ctx context.Context)
	// off is how far its clock is off; nil where it has none of its own.
	off *time.Duration
	// watches holds what each watch has still to tell.
	watches map[*memoryWatch]*store.Changes
}

func newMemory() *memory {
	return &memory{secrets: map[tokens.SecretHash]verify.Found{}, watches: map[*memoryWatch]*store.Changes{}}
}

// Secret implements verify.Rows.
func (m *memory) Secret(ctx context.Context, hash tokens.SecretHash) (verify.Found, bool, error) {
	m.mu.Lock()
	m.asked++
	found, ok := m.secrets[hash]
	err, pause := m.failing, m.pause
	m.mu.Unlock()
	if pause != nil {
		pause(ctx)
	}
	return found, ok, err
}

// Watch implements verify.Database.
func (m *memory) Watch(context.Context) (store.Watch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		return nil, m.failing
	}
	w := &memoryWatch{m}
	m.watches[w] = &store.Changes{Any: true, All: true}
	return w, nil
}

// memoryWatch is a watch on a memory.
type memoryWatch struct{ of *memory }

// Look implements store.Watch.
func (w *memoryWatch) Look(context.Context) (store.Changes, error) {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if w.of.failing != nil {
		return store.Changes{}, w.of.failing
	}
	changes := *w.of.watches[w]
	w.of.watches[w] = &store.Changes{}
	if w.of.off != nil {
		changes.At = time.Now().Add(*w.of.off)
	}
	return changes, nil
}

// Wait implements store.Watch.
func (w *memoryWatch) Wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(25 * time.Millisecond):
	}
}

// Notifications implements store.Watch.
func (w *memoryWatch) Notifications() (n store.Notifications) { return n }

// Close implements store.Watch.
func (w *memoryWatch) Close() error {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	delete(w.of.watches, w)
	return nil
}

// change changes the database, and tells which objects that touched; of everything where none is named.
func (m *memory) change(fn func(), ids ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fn()
	for _, told := range m.watches {
		told.Any = true
		told.All = told.All || len(ids) == 0
		for _, id := range ids {
			told.Objects = append(told.Objects, store.ChangedObject{Kind: tokens.KindOf(id), ID: id})
		}
	}
}

// fail makes every look-up and look fail, or with nil succeed again.
func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing = err
}

// lookUps returns how many look-ups there were since the last call.
func (m *memory) lookUps() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	asked := m.asked
	m.asked = 0
	return asked
}

// issue adds an active token of an account.
func (m *memory) issue(t *testing.T, userID string, now time.Time) (tokens.Secret, string) {
	t.Helper()
	secret := newSecret(t)
	id := tokens.NewID(tokens.KindAccessToken, now)
	m.change(func() {
		m.secrets[secret.Hash()] = verify.Found{SecretRow: tokens.SecretRow{Hash: secret.Hash(), Version: 1,
			AccessToken: tokens.AccessToken{
				ID: id, Settings: tokens.Settings{Enabled: true},
				User: tokens.TechnicalUser{
					ID: userID, TechnicalUserSettings: tokens.TechnicalUserSettings{Enabled: true},
				},
				Secret: tokens.SecretState{Version: 1, CreatedAt: now},
			}}, Roles: tokens.NewRoles(nil)}
	}, id)
	return secret, id
}

// alter changes a token without telling anybody.
func (m *memory) alter(secret tokens.Secret, fn func(*tokens.AccessToken)) {
	found := m.secrets[secret.Hash()]
	fn(&found.AccessToken)
	m.secrets[secret.Hash()] = found
}

// disable disables a token and tells of it.
func (m *memory) disable(secret tokens.Secret, id string) {
	m.change(func() { m.alter(secret, func(t *tokens.AccessToken) { t.Enabled = false }) }, id)
}

// cached is a running cache on a memory, whose clock can be moved.
type cached struct {
	*testing.T
	*memory
	*verify.Cache[string]

	mu sync.Mutex
	// step is how far the wall clock is off.
	step time.Duration
}

// looked is longer than the cache takes to see a change.
const looked = 50 * time.Millisecond

// start runs a cache in the bubble of a test.
func start(t *testing.T, options verify.Options) *cached {
	t.Helper()
	c := &cached{T: t, memory: newMemory()}
	options.Now = c.now
	render := func(s tokens.ResolvedSecret, _ tokens.Database) string { return s.Token().ID }
	c.Cache = verify.New(c.memory, render, options)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Cache.Run(ctx, func(error) {}) }()
	t.Cleanup(func() { stop(); <-done })
	time.Sleep(looked)
	return c
}

// now is the clock of the cache. Its elapsed time steps with the wall clock, which that of a machine doesn't.
func (c *cached) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.step)
}

// defaults are the options of most tests.
func defaults() verify.Options {
	return verify.Options{Rows: 1000, MaxStaleness: verify.DefaultMaxStaleness}
}

// want checks the verdict on a value.
func (c *cached) want(what string, secret tokens.Secret, active bool) verify.Answer[string] {
	c.Helper()
	answer, err := c.Verify(c.Context(), secret)
	if err != nil || answer.Active != active {
		c.Errorf("%s: active is %t (%v), want %t", what, answer.Active, err, active)
	}
	return answer
}

// wantUnavailable checks that nothing can be told of a value.
func (c *cached) wantUnavailable(what string, secret tokens.Secret) {
	c.Helper()
	answer, err := c.Verify(c.Context(), secret)
	if tokens.ErrorCode(err) != tokens.CodeUnavailable || answer.Active || answer.Row != nil {
		c.Errorf("%s: got %+v (%v), want CodeUnavailable", what, answer, err)
	}
}

// wantLookUps checks how many look-ups there were since the last call.
func (c *cached) wantLookUps(what string, want int) {
	c.Helper()
	if got := c.lookUps(); got != want {
		c.Errorf("%s: %d look-ups, want %d", what, got, want)
	}
}

func newUserID() string { return tokens.NewID(tokens.KindTechnicalUser, time.Now()) }

// Nothing is looked up twice, whether it is known or not.
func TestCacheKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, id := c.issue(t, newUserID(), time.Now())
		unknown := newSecret(t)
		time.Sleep(looked)
		for range 3 {
			if answer := c.want("a good value", secret, true); answer.Row.Rendered != id || answer.Row.TokenID != id {
				t.Errorf("the row is %+v", answer.Row)
			}
			if answer := c.want("an unknown value", unknown, false); answer.Row != nil {
				t.Errorf("the row is %+v", answer.Row)
			}
		}
		c.wantLookUps("six verifications of two values", 2)
	})
}

// Each kind of change drops what it made untrue, and no more than it has to.
func TestChangesDropRows(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		name string
		// changed returns what the change names: the token's ID and its account's are given.
		changed func(token, user string) []string
		// again is how many of the changed token, another one of its account and a foreign one are looked up again.
		again int
	}{
		{"the token", func(token, _ string) []string { return []string{token} }, 1},
		{"its account", func(_, user string) []string { return []string{user} }, 2},
		{"a role", func(_, _ string) []string { return []string{tokens.NewID(tokens.KindRole, now)} }, 3},
		{"a group", func(_, _ string) []string { return []string{tokens.NewID(tokens.KindGroup, now)} }, 3},
		{"the database", func(_, _ string) []string { return []string{tokens.NewID(tokens.KindDatabase, now)} }, 3},
		{"something without a kind", func(_, _ string) []string { return []string{"what is this"} }, 3},
		{"everything", func(_, _ string) []string { return nil }, 3},
		{"another member", func(_, _ string) []string { return []string{tokens.NewID(tokens.KindMember, now)} }, 0},
		{"a share", func(token, _ string) []string {
			return []string{tokens.ShareID(token, tokens.NewID(tokens.KindMember, now))}
		}, 0},
		{"another token", func(_, _ string) []string { return []string{tokens.NewID(tokens.KindAccessToken, now)} }, 0},
	} {
		for _, account := range []string{newUserID(), tokens.NewID(tokens.KindMember, now)} {
			t.Run(test.name+" of a "+tokens.KindOf(account).Noun(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := start(t, defaults())
					first, id := c.issue(t, account, now)
					second, _ := c.issue(t, account, now)
					foreign, _ := c.issue(t, newUserID(), now)
					time.Sleep(looked)
					all := []tokens.Secret{first, second, foreign}
					for _, secret := range all {
						c.want("before", secret, true)
					}
					c.wantLookUps("before", len(all))
					c.change(func() {}, test.changed(id, account)...)
					time.Sleep(looked)
					for _, secret := range all {
						c.want("after", secret, true)
					}
					c.wantLookUps("after", test.again)
				})
			})
		}
	}
}

// A new token works although its value was asked for before.
func TestUnknownValueBecomesKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, id := c.issue(t, newUserID(), time.Now())
		found := c.secrets[secret.Hash()]
		c.change(func() { delete(c.secrets, secret.Hash()) }, id)
		time.Sleep(looked)
		c.want("before it exists", secret, false)
		c.change(func() { c.secrets[secret.Hash()] = found }, id)
		time.Sleep(looked)
		c.want("when it exists", secret, true)
	})
}

// What was read before a change is not kept, however long the reading took.
func TestLateRowsAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, id := c.issue(t, newUserID(), time.Now())
		time.Sleep(looked)
		var before atomic.Int64
		c.pause = func(context.Context) {
			if before.Add(1) == 1 {
				time.Sleep(200 * time.Millisecond)
			}
		}
		var group sync.WaitGroup
		group.Go(func() { c.want("a request from before the change", secret, true) })
		time.Sleep(20 * time.Millisecond)
		c.disable(secret, id)
		time.Sleep(looked)
		// The first look-up still runs. A request from after the change doesn't join it.
		c.want("a request while the first one waits", secret, false)
		group.Wait()
		c.want("a request after the first one", secret, false)
		c.wantLookUps("in all", 2)
	})
}

// The verdict falls at each request, by the clock.
func TestVerdictFollowsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, id := c.issue(t, newUserID(), time.Now())
		c.change(func() {
			c.alter(secret, func(t *tokens.AccessToken) {
				t.ActivatesAt, t.ExpiresAt = time.Now().Add(time.Second), time.Now().Add(2*time.Second)
			})
		}, id)
		time.Sleep(looked)
		c.want("too early", secret, false)
		time.Sleep(time.Second)
		c.want("in time", secret, true)
		time.Sleep(time.Second)
		c.want("too late", secret, false)
		c.mu.Lock()
		c.step = -time.Second // back into the span
		c.mu.Unlock()
		answer := c.want("too late, though the clock was set back", secret, false)
		if !answer.At.Equal(c.now()) {
			t.Errorf("it was answered at %s, want %s", answer.At, c.now())
		}
		if err := c.Ready(); err != nil {
			t.Errorf("a second back: %v", err)
		}
		c.mu.Lock()
		c.step = -62 * time.Second
		c.mu.Unlock()
		time.Sleep(looked)
		c.want("too late, though the clock was set far back", secret, false)
		if err := c.Ready(); tokens.ErrorCode(err) != tokens.CodeUnavailable {
			t.Errorf("a minute back: %v", err)
		}
		c.wantLookUps("in all", 1)
	})
}

// A node whose clock is far from that of the database should not be asked. If it is, it answers.
func TestClockOfTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, _ := c.issue(t, newUserID(), time.Now())
		for _, test := range []struct {
			off  time.Duration
			want string
		}{
			{0, ""},
			{2 * time.Second, ""},
			{-2 * time.Second, ""},
			{3 * time.Second, "is 3s behind that of the database"},
			{-3 * time.Second, "is 3s ahead of that of the database"},
			{0, ""},
		} {
			c.memory.mu.Lock()
			c.off = &test.off
			c.memory.mu.Unlock()
			time.Sleep(looked)
			err := c.Ready()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%s off: got %v, want %q", test.off, err, test.want)
			}
			if got := c.Stats().ClockOff; got != -test.off {
				t.Errorf("%s off: it is said to be %s ahead", test.off, got)
			}
			c.want(test.off.String()+" off", secret, true)
		}
	})
}

// Look-ups that hang take the place of others for a while only.
func TestHangingLookUps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		c.memory.mu.Lock()
		c.pause = func(ctx context.Context) { <-ctx.Done() }
		c.memory.mu.Unlock()
		for range 4 {
			unknown, _ := c.issue(t, newUserID(), time.Now())
			if _, err := c.Verify(t.Context(), unknown); tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("a look-up that hangs: got %v", err)
			}
		}
		c.memory.mu.Lock()
		c.pause = nil
		c.memory.mu.Unlock()
		secret, _ := c.issue(t, newUserID(), time.Now())
		if _, err := c.Verify(t.Context(), secret); tokens.ErrorCode(err) != tokens.CodeUnavailable {
			t.Errorf("a look-up behind those that hang: got %v", err)
		}
		time.Sleep(2 * time.Second)
		c.want("a look-up after them", secret, true)
	})
}

// Without fresh knowledge nothing can be told, and everything again as soon as there is some.
func TestStaleKnowledge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, id := c.issue(t, newUserID(), time.Now())
		time.Sleep(looked)
		c.want("at first", secret, true)
		c.fail(errors.New("the disk is gone"))
		time.Sleep(verify.DefaultMaxStaleness - 2*looked)
		c.want("while the knowledge is fresh", secret, true)
		if err := c.Ready(); err != nil {
			t.Errorf("while the knowledge is fresh: %v", err)
		}
		time.Sleep(3 * looked)
		c.wantUnavailable("a known value by old knowledge", secret)
		c.wantUnavailable("an unknown value by old knowledge", newSecret(t))
		if err := c.Ready(); tokens.ErrorCode(err) != tokens.CodeUnavailable {
			t.Errorf("by old knowledge: %v", err)
		}
		c.disable(secret, id)
		c.fail(nil)
		time.Sleep(looked)
		c.want("what was disabled meanwhile", secret, false)
	})
}

// Once a database was moved elsewhere, nothing can be told by it, not even for a moment; once it counts again, everything can.
func TestMovedDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, id := c.issue(t, newUserID(), time.Now())
		time.Sleep(looked)
		c.want("at first", secret, true)
		c.fail(tokens.Unavailable(nil, "it was moved to another place").Because(tokens.ReasonMoved))
		time.Sleep(looked)
		c.wantUnavailable("a known value", secret)
		c.wantUnavailable("an unknown value", newSecret(t))
		if err := c.Ready(); tokens.ErrorReason(err) != tokens.ReasonMoved {
			t.Errorf("it is ready: %v", err)
		}
		c.fail(errors.New("the disk is gone")) // which doesn't say that it came back
		time.Sleep(looked)
		c.wantUnavailable("a known value, since the database can't be read", secret)
		c.disable(secret, id)
		c.fail(nil)
		time.Sleep(looked)
		c.want("what was disabled meanwhile", secret, false)
		if err := c.Ready(); err != nil {
			t.Errorf("once it counts again: %v", err)
		}
	})
}

// A cache that nothing runs can tell nothing.
func TestUnwatchedCache(t *testing.T) {
	m := newMemory()
	secret, _ := m.issue(t, newUserID(), time.Now())
	render := func(tokens.ResolvedSecret, tokens.Database) string { return "" }
	options := defaults()
	options.Now = time.Now
	answer, err := verify.New(m, render, options).Verify(t.Context(), secret)
	if tokens.ErrorCode(err) != tokens.CodeUnavailable || answer.Active {
		t.Errorf("got %+v, %v", answer, err)
	}
}

// Few look-ups run at once, one for each value; not too many requests wait for them, and none for long.
func TestLookUpsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		warm, _ := c.issue(t, newUserID(), time.Now())
		time.Sleep(looked)
		c.want("a warm value", warm, true)
		c.lookUps()
		release := make(chan struct{})
		c.pause = func(context.Context) { <-release }
		var group sync.WaitGroup
		var mu sync.Mutex
		refused := map[time.Duration]int{}
		begun := time.Now()
		ask := func(secret tokens.Secret) {
			group.Go(func() {
				if _, err := c.Verify(t.Context(), secret); tokens.ErrorCode(err) == tokens.CodeUnavailable {
					mu.Lock()
					refused[time.Since(begun)]++
					mu.Unlock()
				}
			})
		}
		same := newSecret(t)
		for range 100 {
			ask(same)
		}
		for range 200 {
			ask(newSecret(t))
		}
		synctest.Wait()
		c.wantLookUps("of 201 values at once", 4)
		if s := c.Stats(); s.Waiting != 256 || refused[0] != 300-256 {
			t.Errorf("%d wait, %d were refused at once", s.Waiting, refused[0])
		}
		c.want("a warm value meanwhile", warm, true)
		group.Wait()
		if refused[250*time.Millisecond] != 256 {
			t.Errorf("refused after times: %v", refused)
		}
		close(release)
		synctest.Wait()
		c.memory.mu.Lock()
		c.pause = nil
		c.memory.mu.Unlock()
		c.want("a value afterwards", same, false)
		if s := c.Stats(); s.Waiting != 0 {
			t.Errorf("%d still wait", s.Waiting)
		}
	})
}

// Who asks and hangs up takes no place in the line from those who wait.
func TestHangingUpCostsOthersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		c.pause = func(context.Context) { time.Sleep(time.Millisecond) }
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		for range 5000 {
			if _, err := c.Verify(gone, newSecret(t)); tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Fatalf("got %v", err)
			}
		}
		began := time.Now()
		c.want("a patient request", newSecret(t), false)
		if took := time.Since(began); took > 10*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
}

// After a change, whatever it touched, a stopped value is looked up like an unknown one: the time of the next answer tells
// nobody which of them a value is. A good one is not.
func TestChangesTellNobodyWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		good, _ := c.issue(t, newUserID(), time.Now())
		stopped, id := c.issue(t, newUserID(), time.Now())
		c.disable(stopped, id)
		time.Sleep(looked)
		unknown := newSecret(t)
		for range 2 {
			for _, secret := range []tokens.Secret{stopped, unknown} {
				for _, want := range []int{1, 0} {
					c.want("a value that is not good", secret, false)
					c.wantLookUps("to ask once more", want)
				}
			}
			c.want("a good value", good, true)
			c.lookUps()
			c.change(func() {}, tokens.NewID(tokens.KindAccessToken, time.Now()))
			time.Sleep(looked)
			c.want("a good value after the change", good, true)
			c.wantLookUps("a good value after the change", 0)
		}
	})
}

// A failed look-up is not kept.
func TestFailedLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		secret, _ := c.issue(t, newUserID(), time.Now())
		c.fail(errors.New("the disk is gone"))
		if _, err := c.Verify(t.Context(), secret); err == nil {
			t.Error("a failed look-up passes for an answer")
		}
		c.fail(nil)
		c.want("once the disk is back", secret, true)
	})
}

// The cache holds no more than it may, and answers rightly all the same.
func TestCacheIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, verify.Options{Rows: 10, MaxStaleness: verify.DefaultMaxStaleness})
		var secrets []tokens.Secret
		user := newUserID()
		for range 30 {
			secret, _ := c.issue(t, user, time.Now())
			secrets = append(secrets, secret)
		}
		time.Sleep(looked)
		for range 3 {
			for _, secret := range secrets {
				c.want("one of many", secret, true)
			}
		}
		if s := c.Stats(); s.Rows != 10 || s.Dropped == 0 {
			t.Errorf("the cache is %+v", s)
		}
		c.change(func() {
			for _, secret := range secrets {
				c.alter(secret, func(t *tokens.AccessToken) { t.User.Enabled = false })
			}
		}, user)
		time.Sleep(looked)
		for _, secret := range secrets {
			c.want("one of a disabled technical user", secret, false)
		}
	})
}

// Unknown values are forgotten before there are too many.
func TestUnknownValuesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, defaults())
		for i := range 65_600 {
			secret, ok := tokens.PresentedSecret(fmt.Sprintf("%040d", i))
			if !ok {
				t.Fatal("not a secret")
			}
			if _, err := c.Verify(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
		}
		if s := c.Stats(); s.Unknown != 65_536 {
			t.Errorf("%d are kept", s.Unknown)
		}
		c.change(func() {}, tokens.NewID(tokens.KindMember, time.Now()))
		time.Sleep(looked)
		if s := c.Stats(); s.Unknown != 0 {
			t.Errorf("%d are kept after a change", s.Unknown)
		}
	})
}

// Whatever happens at once, no request that begins after a change was seen gets an answer from before it.
func TestNothingRevives(t *testing.T) {
	m := newMemory()
	render := func(s tokens.ResolvedSecret, _ tokens.Database) string { return s.Token().ID }
	c := verify.New(m, render, verify.Options{Rows: 8, MaxStaleness: time.Minute, Now: time.Now})
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { c.Run(ctx, func(error) {}) })
	defer func() { stop(); group.Wait() }()
	user := newUserID()
	for round := range 20 {
		secret, id := m.issue(t, user, time.Now())
		var asking sync.WaitGroup
		over, done := context.WithCancel(t.Context())
		for range 4 {
			asking.Go(func() {
				for over.Err() == nil {
					_, _ = c.Verify(t.Context(), secret)
				}
			})
		}
		m.disable(secret, id)
		for { // until the watch has told of it
			m.mu.Lock()
			told := len(m.watches) == 1
			for _, changes := range m.watches {
				told = told && !changes.Any
			}
			m.mu.Unlock()
			if told {
				break
			}
			time.Sleep(time.Millisecond)
		}
		for c.Stats().Age > 20*time.Millisecond { // and the cache has heard it
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Millisecond)
		for range 100 {
			if answer, err := c.Verify(t.Context(), secret); err == nil && answer.Active {
				t.Fatalf("round %d: accepted after the change was seen", round)
			}
		}
		done()
		asking.Wait()
	}
}
