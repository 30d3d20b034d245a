package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// What runs beside may hang, such as at a file of a mount that doesn't answer. The server ends nevertheless, and writes
// what is in memory alone.
func TestServingEndsWithoutWhatHangs(t *testing.T) {
	for name, test := range map[string]struct {
		// further is when a second signal comes; never for 0.
		further time.Duration
		took    time.Duration
		want    error
	}{
		"one signal":        {0, endTimeout, nil},
		"two signals":       {2 * time.Second, 2 * time.Second, errCutShort},
		"one signal, twice": {time.Millisecond, endTimeout, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hanging := make(chan struct{})
				defer close(hanging)
				finished := false
				s := &serving{
					log: slog.New(slog.DiscardHandler), health: &health{},
					beside: []func(context.Context){func(context.Context) { <-hanging }},
					finish: func() error { finished = true; return nil },
				}
				signals := make(chan os.Signal, 2)
				signals <- syscall.SIGTERM
				if test.further > 0 {
					time.AfterFunc(test.further, func() { signals <- syscall.SIGTERM })
				}
				began := time.Now()
				if err := s.run(t.Context(), signals); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
				synctest.Wait()
				if took := time.Since(began); took != test.took || !finished {
					t.Errorf("it ended after %s, want %s; it wrote what is in memory: %t", took, test.took, finished)
				}
			})
		})
	}
}
