package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// anna opens the database itself.
var anna = tokens.AsDatabaseOwner("local:anna@host")

// newRequest returns a request for a new secret.
func newRequest(t *testing.T) tokens.NewSecretFor {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret}
}

// wanted returns the input for a token.
func wanted(t *testing.T, name string) tokens.NewAccessToken {
	t.Helper()
	return tokens.NewAccessToken{NewSecretFor: newRequest(t), Settings: tokens.Settings{Name: name, Enabled: true}}
}

// asObserved leaves out when a token was looked at.
func asObserved(t tokens.AccessToken) tokens.AccessToken {
	t.ObservedAt = time.Time{}
	return t
}

func TestAccessTokensOverHTTP(t *testing.T) {
	m := newManaged(t)
	c, local, ctx := m.client(m.owner), m.service.As(anna), t.Context()
	// same compares what the client says of a token with what a backend on this machine says.
	same := func(about string, got tokens.AccessToken) {
		t.Helper()
		want, err := local.AccessToken(ctx, got.ID)
		if err != nil {
			t.Fatal(about, err)
		}
		if diff := cmp.Diff(asObserved(want), asObserved(got)); diff != "" {
			t.Errorf("%s: here (-) and over HTTP (+):\n%s", about, diff)
		}
		if got.ObservedAt.IsZero() {
			t.Errorf("%s: nobody observed it", about)
		}
	}
	n := wanted(t, "deploys")
	n.Own.GroupRoles, n.TTL, n.Grace = []tokens.GroupRole{}, 90*24*time.Hour, tokens.Grace{UntilExpiry: true}
	created, err := c.CreateAccessToken(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	same("a creation", created.AccessToken)
	if again, err := c.CreateAccessToken(ctx, n); err != nil || again.ID != created.ID {
		t.Errorf("the same request made %s, %v", again.ID, err)
	}
	if twin, err := c.CreateAccessToken(ctx, wanted(t, "deploys")); err != nil || len(twin.Namesakes) != 1 ||
		twin.Namesakes[0].ID != created.ID {
		t.Errorf("beside a namesake: %+v, %v", twin.Namesakes, err)
	}
	update := tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Description: "of the shop", Own: tokens.Grants{Role: tokens.RoleViewer}},
		Fields:   tokens.Fields{"description", "group_roles", "role"},
	}
	updated, err := c.UpdateAccessToken(ctx, created.ID, update)
	if err != nil || updated.Own.GroupRoles != nil || updated.Name != "deploys" || !updated.Enabled {
		t.Fatalf("an update made %+v, %v", updated, err)
	}
	same("an update", updated)
	update = tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Description: "of the store"}, Fields: tokens.Fields{"description"},
		Regeneration: &tokens.Regeneration{
			NewSecretFor: newRequest(t), Reason: tokens.ReasonTrigger, ExpectedVersion: 1, Grace: &tokens.Grace{Duration: time.Hour},
		},
	}
	regenerated, err := c.UpdateAccessToken(ctx, created.ID, update)
	if err != nil || regenerated.Secret.Version != 2 || regenerated.Description != "of the store" || regenerated.Previous == nil {
		t.Fatalf("a regeneration made %+v, %v", regenerated, err)
	}
	same("a regeneration", regenerated)
	if again, err := c.UpdateAccessToken(ctx, created.ID, update); err != nil || again.Secret.Version != 2 {
		t.Errorf("the same regeneration made version %d, %v", again.Secret.Version, err)
	}
	shown, err := c.AccessToken(ctx, created.ID)
	if err != nil {
		t.Fatal(err)
	}
	same("a look", shown)
	if err := c.DeleteAccessToken(ctx, created.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AccessToken(ctx, created.ID); tokens.ErrorCode(err) != tokens.CodeNotFound {
		t.Errorf("a deleted token is %v", err)
	}
}

func TestPagesOfAccessTokens(t *testing.T) {
	m := newManaged(t)
	c, local, ctx := m.client(m.owner), m.service.As(anna), t.Context()
	const number = 2*largestPage + 1 // with the token of the owner, there is one more
	for i := range number {
		if _, err := local.CreateAccessToken(ctx, wanted(t, fmt.Sprintf("token-%d", i%7))); err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range []tokens.TokenQuery{
		{}, {CountTotal: true}, {Limit: largestPage + 1}, {Limit: 7, CountTotal: true}, {Limit: 5000, Sort: tokens.ColumnName},
		{Name: "token-3", Descending: true}, {Search: "TOKEN-5", Sort: tokens.ColumnRole, Limit: 20},
	} {
		want, err := local.AccessTokens(ctx, query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.AccessTokens(ctx, query)
		if err != nil {
			t.Fatalf("%+v: %v", query, err)
		}
		next := query
		if next.Cursor = got.NextCursor; (next.Cursor == "") != (want.NextCursor == "") {
			t.Errorf("%+v: the next page is %q, want %q", query, next.Cursor, want.NextCursor)
		}
		for _, p := range []*tokens.TokenPage{&want, &got} {
			p.NextCursor = ""
			for i := range p.AccessTokens {
				p.AccessTokens[i] = asObserved(p.AccessTokens[i])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: here (-) and over HTTP (+):\n%s", query, diff)
		}
		if next.Cursor == "" {
			continue
		}
		rest, err := c.AccessTokens(ctx, next)
		if err != nil || rest.AccessTokens[0].ID == got.AccessTokens[len(got.AccessTokens)-1].ID {
			t.Errorf("%+v: the next page is %v, %v", query, rest.AccessTokens, err)
		}
	}
	var all accessTokenPage
	if status := m.ask("GET", "/v1/access-tokens", "", &all); status != http.StatusOK || len(all.Items) != usualPage ||
		all.NextCursor == nil || all.Total != nil {
		t.Errorf("a page without a limit has %d tokens: %d", len(all.Items), status)
	}
	if status := m.ask("GET", "/v1/access-tokens?limit=1001", "", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a page of 1001 is answered with %d", status)
	}
}

// ask sends a request that somebody without the client would write, with pairs of names and values of headers, and reads
// the answer.
func (m *managed) ask(method, path, body string, into any, header ...string) int {
	m.Helper()
	r, err := http.NewRequestWithContext(m.Context(), method, m.server.URL+path, strings.NewReader(body))
	if err != nil {
		m.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+m.owner.Reveal())
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := m.server.Client().Do(r)
	if err != nil {
		m.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		m.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(text.Bytes(), into); err != nil {
			m.Fatalf("%s: %v", text.String(), err)
		}
	}
	return resp.StatusCode
}

func TestSecretsThatTheServerMakes(t *testing.T) {
	m := newManaged(t)
	ctx := t.Context()
	type answer struct {
		ID      string  `json:"id"`
		Token   *string `json:"token"`
		Code    string  `json:"code"`
		Field   string  `json:"field"`
		Enabled bool    `json:"enabled"`
	}
	post := func(path, body string, header ...string) (a answer, status int) {
		t.Helper()
		status = m.ask("POST", path, body, &a, header...)
		return a, status
	}
	active := func(value *string) bool {
		t.Helper()
		if value == nil {
			t.Fatal("no value was shown")
		}
		secret, err := tokens.ParseSecret(*value)
		if err != nil {
			t.Fatal(err)
		}
		v, err := m.service.As(anna).VerifySecret(ctx, secret, tokens.VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return v.Active
	}
	made, status := post("/v1/access-tokens", `{"name":"ci","token_prefix":"acme"}`, keyHeader, "one")
	if status != http.StatusCreated || !active(made.Token) || !strings.HasPrefix(*made.Token, "acme_") || !made.Enabled {
		t.Fatalf("a creation made %+v: %d", made, status)
	}
	again, status := post("/v1/access-tokens", `{"name":"ci","token_prefix":"acme"}`, keyHeader, "one")
	if status != http.StatusConflict || again.Code != codeSecretAlreadyShown || again.ID != made.ID || again.Token != nil {
		t.Errorf("the same creation again is %+v: %d", again, status)
	}
	if other, status := post("/v1/access-tokens", `{"name":"other"}`, keyHeader, "one"); status != http.StatusConflict ||
		other.Code != string(tokens.CodeConflict) {
		t.Errorf("another creation under the same key is %+v: %d", other, status)
	}
	path := "/v1/access-tokens/" + made.ID + "/regenerate"
	replaced, status := post(path, `{"settings":{"description":"new"}}`, keyHeader, "two")
	if status != http.StatusOK || !active(replaced.Token) || active(made.Token) {
		t.Fatalf("a regeneration made %+v: %d", replaced, status)
	}
	again, status = post(path, `{"settings":{"description":"new"}}`, keyHeader, "two")
	if status != http.StatusConflict || again.Code != codeSecretAlreadyShown || again.ID != made.ID || !active(replaced.Token) {
		t.Errorf("the same regeneration again is %+v: %d", again, status)
	}
	sent := newRequest(t).Secret.Reveal()
	if own, status := post("/v1/access-tokens", `{"name":"own","token":"`+sent+`"}`); status != http.StatusCreated ||
		own.Token != nil || !active(&sent) {
		t.Errorf("a creation with a value made %+v: %d", own, status)
	}
	for body, field := range map[string]string{
		`{"name":"x","token":"` + newRequest(t).Secret.Reveal() + `","token_prefix":"lk"}`: "token_prefix",
		`{"name":"x","token_prefix":"Not a prefix"}`:                                       "token_prefix",
		`{"name":"x","token":""}`:                                                          "token",
		`{"name":"x","token":"` + sent[1:] + `"}`:                                          "token",
		`{"name":"x","token":7}`:                                                           "token",
	} {
		refused, status := post("/v1/access-tokens", body)
		if status/100 != 4 || refused.Field != field || refused.Code != string(tokens.CodeInvalid) {
			t.Errorf("%s is answered with %+v: %d", body, refused, status)
		}
	}
}

// TestReasonOfARegeneration takes no other text for the reason than one of those that there are: events repeat it.
func TestReasonOfARegeneration(t *testing.T) {
	m := newManaged(t)
	c, local := m.client(m.owner), m.service.As(anna)
	made, err := local.CreateAccessToken(t.Context(), wanted(t, "deploys"))
	if err != nil {
		t.Fatal(err)
	}
	update := tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: newRequest(t), Reason: "because"}}
	_, here := local.UpdateAccessToken(t.Context(), made.ID, update)
	_, there := c.UpdateAccessToken(t.Context(), made.ID, update)
	sameError(t, here, there)
	for _, reason := range tokens.RegenerationReasons() {
		update.Regeneration = &tokens.Regeneration{NewSecretFor: newRequest(t), Reason: reason}
		if _, err := c.UpdateAccessToken(t.Context(), made.ID, update); err != nil {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

// TestWhatJSONCannotSay sends what people can't write: the same error must come back as from a backend on this machine.
func TestWhatJSONCannotSay(t *testing.T) {
	m := newManaged(t)
	c, local, ctx := m.client(m.owner), m.service.As(anna), t.Context()
	for name, spoil := range map[string]func(*tokens.Settings){
		"ttl/negative":       func(s *tokens.Settings) { s.TTL = -time.Hour },
		"ttl/fraction":       func(s *tokens.Settings) { s.TTL = time.Hour + time.Millisecond },
		"ttl/too long":       func(s *tokens.Settings) { s.TTL = tokens.MaxDuration + time.Second },
		"grace/negative":     func(s *tokens.Settings) { s.Grace.Duration = -time.Second },
		"grace/fraction":     func(s *tokens.Settings) { s.Grace.Duration = time.Millisecond },
		"grace/both":         func(s *tokens.Settings) { s.Grace = tokens.Grace{Duration: time.Hour, UntilExpiry: true} },
		"protect":            func(s *tokens.Settings) { s.ProtectIfUsedWithin = -1 },
		"regenerate_before":  func(s *tokens.Settings) { s.TTL, s.RegenerateBeforeExpiry = time.Hour, time.Nanosecond },
		"expires_at/past":    func(s *tokens.Settings) { s.ExpiresAt = time.Unix(-1, 0) },
		"visibility":         func(s *tokens.Settings) { s.Visibility = "x" },
		"role of a group":    func(s *tokens.Settings) { s.Own.GroupRoles = []tokens.GroupRole{{}} },
		"expires_at and ttl": func(s *tokens.Settings) { s.TTL, s.ExpiresAt = time.Hour, time.Now().Add(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			n := wanted(t, "x")
			spoil(&n.Settings)
			_, here := local.CreateAccessToken(ctx, n)
			_, there := c.CreateAccessToken(ctx, n)
			sameError(t, here, there)
			made, err := local.CreateAccessToken(ctx, wanted(t, "y"))
			if err != nil {
				t.Fatal(err)
			}
			u := tokens.AccessTokenUpdate{Settings: made.Settings}
			spoil(&u.Settings)
			u.Fields = tokens.Difference(made.Settings, u.Settings)
			_, here = local.UpdateAccessToken(ctx, made.ID, u)
			_, there = c.UpdateAccessToken(ctx, made.ID, u)
			sameError(t, here, there)
			u.Regeneration = &tokens.Regeneration{NewSecretFor: newRequest(t), Reason: tokens.ReasonDrift}
			_, here = local.UpdateAccessToken(ctx, made.ID, u)
			_, there = c.UpdateAccessToken(ctx, made.ID, u)
			sameError(t, here, there)
		})
	}
	for _, q := range []tokens.TokenQuery{
		{ExpiresWithin: -time.Hour}, {UnusedFor: -1}, {Limit: -1}, {Status: "x"}, {Sort: "x"}, {Cursor: "x"}, {GroupID: "x"},
	} {
		_, here := local.AccessTokens(ctx, q)
		_, there := c.AccessTokens(ctx, q)
		sameError(t, here, there)
	}
}

// sameError compares the errors of a backend on this machine and of one on another.
func sameError(t *testing.T, here, there error) {
	t.Helper()
	code := func(err error) string {
		var e *tokens.Error
		if err == nil {
			return "no error"
		}
		e, _ = err.(*tokens.Error) //nolint:errorlint // a backend returns it as it is
		return fmt.Sprint(e.Code, " ", e.Field)
	}
	if here == nil || code(here) != code(there) {
		t.Errorf("here it is %v, over HTTP %v", here, there)
	}
}
