package managed

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A creation is tried again while another object stands in the way, and for no other error.
func TestCreateWhenFree(t *testing.T) {
	conflict, invalid := tokens.Conflict("name", "grp_1", "taken"), tokens.Invalid("name", "bad")
	for _, test := range []struct {
		name  string
		errs  []error // of one attempt after the other
		tries int
		want  error
	}{
		{"free at once", []error{nil}, 1, nil},
		{"free in the end", []error{conflict, conflict, nil}, 3, nil},
		{"another error", []error{invalid}, 1, invalid},
		{"another error in the end", []error{conflict, invalid}, 2, invalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			tries := 0
			_, err := CreateWhenFree(context.Background(), func() (int, error) {
				tries++
				return tries, test.errs[tries-1]
			})
			if err != test.want || tries != test.tries { //nolint:errorlint // the very error is meant
				t.Errorf("%d tries ended in %v; want %d and %v", tries, err, test.tries, test.want)
			}
		})
	}
	t.Run("until the run is stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := CreateWhenFree(ctx, func() (int, error) { cancel(); return 0, conflict })
		if tokens.ErrorCode(err) != tokens.CodeConflict {
			t.Errorf("got %v", err)
		}
	})
	var total time.Duration
	for _, wait := range nameRetries {
		total += wait
	}
	if total != 5*time.Second {
		t.Errorf("the waits add up to %s", total)
	}
}
