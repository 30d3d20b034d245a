package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// personalToken is a token of a member who may do everything.
func personalToken() tokens.AccessToken {
	t := token()
	m := tokens.Member{ID: tokens.NewID(tokens.KindMember, t.CreatedAt), Email: "ada@example.com"}
	m.Role = tokens.RoleOwner
	t.User = m.Account()
	return t
}

// A personal token gets what an unknown value gets, and leaves as little behind.
func TestPersonalTokensAreUnknown(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, nil)
	personal, unknown := w.add(personalToken()), newSecret(t).Reveal()
	admin := client()
	credential := bearer(w.add(admin))
	for name, ask := range map[string]func(value string) reply{
		"authenticate":         func(value string) reply { return w.get("/v1/authenticate", bearer(value)) },
		"authorize":            func(value string) reply { return w.get("/v1/authorize/orders:read", bearer(value)) },
		"introspect it":        func(value string) reply { return w.post(path, "token="+value, credential) },
		"introspect as client": func(value string) reply { return w.post(path, "token="+personal, bearer(value)) },
	} {
		w.recorder.used, w.recorder.refused = nil, nil
		want, heard := told(ask(unknown)), w.recorder.last()
		used, refused := w.recorder.used, w.recorder.refused
		w.recorder.used, w.recorder.refused = nil, nil
		if got := told(ask(personal)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		if got := w.recorder.last(); got != heard {
			t.Errorf("%s: the observer heard %q, want %q", name, got, heard)
		}
		if !slices.Equal(w.recorder.used, used) || !slices.Equal(w.recorder.refused, refused) {
			t.Errorf("%s: recorded %v and %v, want %v and %v", name, w.recorder.used, w.recorder.refused, used, refused)
		}
	}
	if w.log.Len() > 0 {
		t.Errorf("the log says %s", w.log)
	}
}

// Whoever has the value of a personal token may end it, whether such tokens pass or not.
func TestRevokePersonalToken(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		w := newWorld(t, httpapi.Renderer{}, func(o *httpapi.Options) { o.AcceptPersonal = accepted })
		value := w.add(personalToken())
		r := w.post("/v1/revoke", "token="+value)
		if r.StatusCode != http.StatusOK || !slices.Equal(w.recorder.revoked, []string{value}) {
			t.Errorf("accepted %t: got %s, and %d revocations", accepted, r.Status, len(w.recorder.revoked))
		}
	}
}

// Where personal tokens are accepted, they tell the address of their member, may introspect, and end like others.
func TestAcceptedPersonalTokens(t *testing.T) {
	w := newWorld(t, httpapi.Renderer{}, func(o *httpapi.Options) { o.AcceptPersonal = true })
	good := personalToken()
	value := w.add(good)
	for _, target := range []string{"/v1/authenticate", "/v1/authorize/orders:read"} {
		r := w.get(target, bearer(value))
		if r.StatusCode != http.StatusOK || r.Header.Get("X-Latchkey-Technical-User") != "ada%40example.com" ||
			r.Header.Get("X-Latchkey-Token-Id") != good.ID || r.Header.Get("X-Latchkey-Roles") != tokens.RoleOwner {
			t.Errorf("%s: got %s", target, told(r))
		}
	}
	want := fmt.Sprintf(`{"active":true,"scope":"*","client_id":%q,"sub":%q,"username":"ada@example.com","token_type":"Bearer",`+
		`"iat":%d}`, good.User.ID, good.User.ID, good.Secret.CreatedAt.Unix())
	if r := w.post(path, "token="+value, bearer(value)); r.body != want {
		t.Errorf("got\n%s\nwant\n%s", told(r), want)
	}
	held := personalToken()
	held.Held = &tokens.Stop{By: "local:anna@host", At: time.Now(), Reason: "leaked"}
	if r := w.get("/v1/authenticate", bearer(w.add(held))); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("one that is held: got %s", told(r))
	}
}
