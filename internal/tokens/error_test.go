package tokens_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// wantInvalid fails the test unless the error has the code invalid and is about the attribute.
func wantInvalid(t *testing.T, field string, err error) {
	t.Helper()
	e, ok := errors.AsType[*tokens.Error](err)
	if !ok || e.Code != tokens.CodeInvalid || e.Field != field {
		t.Errorf("the error is %v, want one of code invalid about %s", err, field)
	}
}

func TestErrorCode(t *testing.T) {
	for _, test := range []struct {
		err  error
		want tokens.Code
	}{
		{nil, ""},
		{tokens.NotFound(tokens.KindGroup, groupA), tokens.CodeNotFound},
		{tokens.Conflict("name", groupA, "taken"), tokens.CodeConflict},
		{tokens.Invalid("name", "bad"), tokens.CodeInvalid},
		{tokens.Unavailable(fs.ErrPermission, "closed"), tokens.CodeUnavailable},
		{fmt.Errorf("while reading: %w", tokens.NotFound(tokens.KindGroup, groupA)), tokens.CodeNotFound},
		{errors.Join(errors.New("first"), tokens.Invalid("name", "bad")), tokens.CodeInvalid},
		// Nothing is known about the object, so this never counts as not found.
		{fs.ErrNotExist, tokens.CodeUnavailable},
	} {
		if got := tokens.ErrorCode(test.err); got != test.want {
			t.Errorf("%v has code %q, want %q", test.err, got, test.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"name: taken":                tokens.Conflict("name", groupA, "taken"),
		"closed (permission denied)": tokens.Unavailable(errors.New("permission denied"), "closed"),
		"role: no role \"x\"":        tokens.Invalid("role", "no role %q", "x"),
		"there is no technical user " + userID +
			"; it was deleted, or the identifier belongs to another database": tokens.NotFound(tokens.KindTechnicalUser, userID),
	} {
		if err.Error() != want {
			t.Errorf("the error reads %q, want %q", err, want)
		}
	}
	if err := tokens.Unavailable(fs.ErrPermission, "closed"); !errors.Is(err, fs.ErrPermission) {
		t.Error("the cause is lost")
	}
}
