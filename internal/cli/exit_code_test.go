package cli

import (
	"errors"
	"fmt"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestExitCode(t *testing.T) {
	id := "tok_01jz0000000000000000000000"
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errAnswerIsNo, 1},
		{tokens.NotFound(tokens.KindAccessToken, id), 1},
		{tokens.Forbidden(id, "no"), 1},
		{tokens.Conflict("", id, "held"), 1},
		{tokens.Invalid("ttl", "too short"), 1},
		{errors.New("nothing was deleted"), 1},
		{misusef("which one?"), 2},
		{tokens.Unavailable(nil, "the database is locked"), 3},
		{tokens.Unavailable(nil, "there is no database").Because(tokens.ReasonNoDatabase), 3},
		{&unreadable{errors.New("no such file")}, 3},
		{&untold{tokens.Forbidden(id, "may not verify")}, 3},
		{&toldError{3}, 3},
	} {
		for _, err := range []error{test.err, fmt.Errorf("unable to hold it: %w", test.err)} {
			if test.err == nil {
				err = nil
			}
			if got := exitCode(err); got != test.want {
				t.Errorf("%v ends with %d, want %d", err, got, test.want)
			}
		}
	}
}
