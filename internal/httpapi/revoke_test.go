package httpapi_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Only a value that is live, even if it is not active, is worth a transaction. The answer is the same for all.
func TestRevoke(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	inGrace := token()
	inGrace.Previous = &tokens.PreviousSecret{Version: 2, EndsAt: time.Now().Add(time.Hour)}
	values := w.badValues()
	values["good"], values["in grace"] = w.add(token()), w.addVersion(inGrace, 2)
	live := []string{"good", "in grace", "expired", "disabled", "no user", "held", "pending"}
	for cause, value := range values {
		for _, header := range []string{"X: y", bearer(newSecret(t).Reveal()), "Authorization: x"} {
			w.recorder.revoked, w.recorder.used, w.recorder.refused = nil, nil, nil
			r := w.post("/v1/revoke", "token_type_hint=x&token="+url.QueryEscape(value), header)
			if got, want := told(r), "200 OK\nCache-Control: no-store\nContent-Length: 0\n"; got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", cause, got, want)
			}
			if got := w.recorder.last(); got != "revoke allowed" {
				t.Errorf("%s: the observer heard %q", cause, got)
			}
			var want []string
			if slices.Contains(live, cause) {
				want = []string{value}
			}
			if !slices.Equal(w.recorder.revoked, want) {
				t.Errorf("%s: %d transactions", cause, len(w.recorder.revoked))
			}
			if w.recorder.used != nil || w.recorder.refused != nil {
				t.Errorf("%s: a revocation counts as a use", cause)
			}
		}
	}
}

func TestRevokeFails(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	value := w.add(token())
	for _, test := range []struct {
		name string
		err  error
		want int
	}{
		{"revoked meanwhile", &tokens.Error{Code: tokens.CodeNotFound}, 200},
		{"unavailable", tokens.Unavailable(nil, "the disk is full"), 503},
		{"forbidden", tokens.Forbidden("", "not you"), 503},
	} {
		w.recorder.revokeError = test.err
		if r := w.post("/v1/revoke", "token="+value); r.StatusCode != test.want {
			t.Errorf("%s: %s", test.name, told(r))
		}
	}
	if log := w.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "the disk is full") ||
		strings.Contains(log, value) {
		t.Errorf("the log is %q", log)
	}
	w.database.err = tokens.Unavailable(nil, "the disk is gone")
	w.recorder.revoked = nil
	r := w.post("/v1/revoke", "token="+newSecret(t).Reveal())
	if r.StatusCode != http.StatusServiceUnavailable || w.recorder.revoked != nil {
		t.Errorf("a value that can't be looked up: %d transactions, %s", len(w.recorder.revoked), told(r))
	}
	for _, form := range []string{"", "token=", "token_type_hint=access_token", "token=x&token=x"} {
		r := w.post("/v1/revoke", form)
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %s", form, told(r))
		}
		checkError(t, r, "invalid_request")
	}
}
