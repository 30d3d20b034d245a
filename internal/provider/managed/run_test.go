package managed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// names is a backend of objects that have names. Each attempt that fails and leaves an event is counted.
type names struct {
	mu      sync.Mutex
	holders map[string]string // identifiers by name
	events  int
}

func (n *names) rename(ctx context.Context, id, name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var err error
	if holder := n.holders[name]; holder != "" && holder != id {
		err = tokens.Taken(tokens.KindGroup, "name", holder, "taken")
	}
	if err != nil {
		if tokens.LeavesEvent(ctx, err) {
			n.events++
		}
		return err
	}
	n.remove(id)
	n.holders[name] = id
	return nil
}

func (n *names) remove(id string) {
	for name, holder := range n.holders {
		if holder == id {
			delete(n.holders, name)
		}
	}
}

// terraform carries out operations, so many at a time, in their order, and returns their errors. It needs the given
// time before it begins the next one.
func terraform(parallelism int, between time.Duration, operations ...func() error) []error {
	errs := make([]error, len(operations))
	slots := make(chan struct{}, parallelism)
	for i, operation := range operations {
		slots <- struct{}{}
		go func() {
			errs[i] = operation()
			time.Sleep(between)
			<-slots
		}()
	}
	for range parallelism {
		slots <- struct{}{}
	}
	return errs
}

func TestChange(t *testing.T) {
	type world struct {
		*names
		c *Connection
	}
	rename := func(w world, id, name string) func() error {
		return func() error {
			_, err := Change(context.Background(), w.c, id, func(ctx context.Context) (int, error) {
				return 0, w.rename(ctx, id, name)
			})
			return err
		}
	}
	remove := func(w world, id string, takes time.Duration) func() error {
		return func() error {
			_, err := Change(context.Background(), w.c, id, func(context.Context) (int, error) {
				time.Sleep(takes)
				w.mu.Lock()
				defer w.mu.Unlock()
				w.remove(id)
				return 0, nil
			})
			return err
		}
	}
	for _, test := range []struct {
		name        string
		parallelism int
		operations  func(world) []func() error
		fail        []int // which of them
		within      time.Duration
	}{
		{
			"the name becomes free", 10,
			func(w world) []func() error { return []func() error{rename(w, "a", "y"), remove(w, "b", time.Second)} }, nil,
			1100 * time.Millisecond,
		},
		{
			"it takes too long", 10,
			func(w world) []func() error { return []func() error{rename(w, "a", "y"), remove(w, "b", time.Minute)} },
			[]int{0}, time.Minute + time.Second,
		},
		{
			"nobody else works on it", 10,
			func(w world) []func() error { return []func() error{rename(w, "a", "y")} }, []int{0}, lull + time.Second/2,
		},
		{
			"a chain", 10,
			func(w world) []func() error {
				return []func() error{rename(w, "a", "y"), rename(w, "b", "z"), remove(w, "c", 0)}
			}, nil, lull,
		},
		{
			"a chain, two at a time: the one for whose object nobody waits gives way", 2,
			func(w world) []func() error {
				return []func() error{rename(w, "b", "z"), rename(w, "a", "y"), remove(w, "c", 0)}
			}, []int{1}, 2 * lull,
		},
		{
			"one at a time", 1,
			func(w world) []func() error { return []func() error{rename(w, "a", "y"), remove(w, "b", 0)} }, []int{0}, 2 * lull,
		},
		{
			"a swap", 10,
			func(w world) []func() error { return []func() error{rename(w, "a", "y"), rename(w, "b", "x")} }, []int{0, 1},
			3 * lull,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := world{&names{holders: map[string]string{"x": "a", "y": "b", "z": "c"}}, &Connection{}}
				began := time.Now()
				errs := terraform(test.parallelism, 100*time.Millisecond, test.operations(w)...)
				for i, err := range errs {
					if failed := err != nil; failed != slices.Contains(test.fail, i) {
						t.Errorf("operation %d ended with %v", i, err)
					}
				}
				if w.events != len(test.fail) {
					t.Errorf("%d events of %d refusals", w.events, len(test.fail))
				}
				if took := time.Since(began); took > test.within {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// No other error is worth another attempt, and one that follows a conflict ends the waiting.
func TestChangeOtherErrors(t *testing.T) {
	conflict, invalid := tokens.Taken(tokens.KindGroup, "name", "grp_1", "taken"), tokens.Invalid("name", "bad")
	moved := tokens.Conflict("", "", "another one").Because(tokens.ReasonVersionMovedOn)
	for _, test := range []struct {
		name string
		errs []error // of one attempt after the other
		want error
	}{
		{"free at once", []error{nil}, nil},
		{"free in the end", []error{conflict, nil}, nil},
		{"another error", []error{invalid}, invalid},
		{"another error in the end", []error{conflict, invalid}, invalid},
		{"a conflict that does not pass", []error{moved}, moved},
		{"unavailable because of a conflict", []error{tokens.Unavailable(conflict, "gone")}, conflict},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				_, err := Change(context.Background(), &Connection{}, "", func(context.Context) (int, error) {
					tries++
					return tries, test.errs[tries-1]
				})
				if !errors.Is(err, test.want) || tries != len(test.errs) {
					t.Errorf("%d tries ended in %v; want %d and %v", tries, err, len(test.errs), test.want)
				}
			})
		})
	}
}

// A run that is told to stop does not wait, and what it was refused leaves its event.
func TestChangeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		var lasting []bool
		conflict := tokens.Taken(tokens.KindGroup, "name", "grp_1", "taken")
		_, err := Change(ctx, &Connection{}, "", func(ctx context.Context) (int, error) {
			cancel()
			lasting = append(lasting, tokens.LeavesEvent(ctx, conflict) && ctx.Err() == nil)
			return 0, conflict
		})
		if tokens.ErrorCode(err) != tokens.CodeConflict || !slices.Equal(lasting, []bool{false, true}) {
			t.Errorf("got %v after attempts of which %v could leave an event", err, lasting)
		}
	})
}

// A conflict tells what the run knows of the object in the way.
func TestChangeExplains(t *testing.T) {
	type want struct{ changed, managed bool }
	for _, test := range []struct {
		name string
		id   string
		met  string
		want want
	}{
		{"made beside a stranger", "", "grp_2", want{false, false}},
		{"made beside an object of the state", "", "grp_1", want{false, true}},
		{"renamed", "grp_3", "", want{true, false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c Connection
				c.Meet(test.met)
				_, err := Change(context.Background(), &c, test.id, func(context.Context) (int, error) {
					return 0, tokens.Taken(tokens.KindGroup, "name", "grp_1", "taken")
				})
				contested, _ := errors.AsType[diagnostics.ContestedError](err)
				if got := (want{contested.Changed, contested.Managed}); got != test.want || len(contested.Ring) > 0 {
					t.Errorf("got %+v and %v", got, contested.Ring)
				}
			})
		})
	}
}
