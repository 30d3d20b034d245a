package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// losing loses the answers to so many requests that change something, after the server has carried them out.
type losing struct {
	next  http.RoundTripper
	count int
}

func (l *losing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err == nil && l.count > 0 && r.Method != http.MethodGet {
		l.count--
		_ = resp.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	return resp, err
}

// losingClient returns a client that asks by a token and does not get the first answers.
func (m *managed) losingClient(token tokens.Secret, count int) *Client {
	m.Helper()
	c := m.client(token)
	c.http.RetryWaitMin, c.http.RetryWaitMax = time.Millisecond, time.Millisecond
	whole, ok := c.http.HTTPClient.Transport.(wholeAnswers)
	if !ok {
		m.Fatalf("the transport is a %T", c.http.HTTPClient.Transport)
	}
	c.http.HTTPClient.Transport = wholeAnswers{&losing{whole.next, count}, whole.within}
	return c
}

// stopped is an operation that stops something, with what comes before it.
type stopped struct {
	before func(t *testing.T, b tokens.AccessTokenService, id string)
	do     func(t *testing.T, b tokens.AccessTokenService, id string) (tokens.AccessToken, error)
}

// stops are the operations that are a conflict the second time.
func stops() map[string]stopped {
	hold := func(t *testing.T, b tokens.AccessTokenService, id string) {
		t.Helper()
		if _, err := b.HoldAccessToken(t.Context(), id, "leaked"); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]stopped{
		"hold": {
			func(*testing.T, tokens.AccessTokenService, string) {},
			func(t *testing.T, b tokens.AccessTokenService, id string) (tokens.AccessToken, error) {
				t.Helper()
				return b.HoldAccessToken(t.Context(), id, "le\u0301aked") // which is stored in another form
			},
		},
		"release": {hold, func(t *testing.T, b tokens.AccessTokenService, id string) (tokens.AccessToken, error) {
			t.Helper()
			return b.ReleaseAccessToken(t.Context(), id)
		}},
		"retire": {
			func(t *testing.T, b tokens.AccessTokenService, id string) {
				t.Helper()
				if _, err := b.UpdateAccessToken(t.Context(), id, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
					NewSecretFor: newRequest(t), Reason: tokens.ReasonRequested, Grace: &tokens.Grace{Duration: time.Hour},
				}}); err != nil {
					t.Fatal(err)
				}
			},
			func(t *testing.T, b tokens.AccessTokenService, id string) (tokens.AccessToken, error) {
				t.Helper()
				return b.RetirePreviousSecret(t.Context(), id, 0)
			},
		},
	}
}

// TestLostAnswersOfStops loses the answers to what is a conflict the second time.
func TestLostAnswersOfStops(t *testing.T) {
	m := newManaged(t)
	local, ctx := m.service.As(anna), t.Context()
	for name, stop := range stops() {
		t.Run(name, func(t *testing.T) {
			made, err := local.CreateAccessToken(ctx, wanted(t, name))
			if err != nil {
				t.Fatal(err)
			}
			stop.before(t, local, made.ID)
			got, err := stop.do(t, m.losingClient(m.owner, 2), made.ID)
			if err != nil {
				t.Fatal(err)
			}
			want, err := local.AccessToken(ctx, made.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asObserved(want), asObserved(got)); diff != "" {
				t.Errorf("here (-) and over HTTP (+):\n%s", diff)
			}
			// Somebody else who comes too late learns that.
			if _, err := stop.do(t, m.client(m.owner), made.ID); tokens.ErrorCode(err) != tokens.CodeConflict {
				t.Errorf("the second time it is %v", err)
			}
		})
	}
	t.Run("of another's hold", func(t *testing.T) {
		made, err := local.CreateAccessToken(ctx, wanted(t, "held by another"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := local.HoldAccessToken(ctx, made.ID, "leaked in a forum"); err != nil {
			t.Fatal(err)
		}
		_, err = m.losingClient(m.owner, 1).HoldAccessToken(ctx, made.ID, "an audit")
		if tokens.ErrorCode(err) != tokens.CodeConflict {
			t.Errorf("a hold of what another holds is %v", err)
		}
	})
}

// TestLostAnswersOfHiddenTokens stops a token that the caller may stop and not know of. No event tells of a refusal.
func TestLostAnswersOfHiddenTokens(t *testing.T) {
	m := newManaged(t)
	local, ctx := m.service.As(anna), t.Context()
	guard, err := local.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{
		Request: tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: "guard", Grants: tokens.Grants{Role: tokens.RoleAdministrator}, Enabled: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := wanted(t, "guard")
	key.TechnicalUserID = guard.ID
	if _, err := local.CreateAccessToken(ctx, key); err != nil {
		t.Fatal(err)
	}
	n := wanted(t, "hidden")
	n.Visibility = tokens.VisibilityRestricted
	made, err := local.CreateAccessToken(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.losingClient(key.Secret, 1).HoldAccessToken(ctx, made.ID, "leaked")
	if err != nil || got.ID != made.ID || got.Name != "" {
		t.Errorf("a hold is %+v, %v", got, err)
	}
	events, err := local.Events(ctx, tokens.EventQuery{Outcome: tokens.OutcomeRefused})
	if err != nil || slices.ContainsFunc(events, func(e tokens.Event) bool { return e.Action != tokens.ActionAccessTokenHold }) {
		t.Errorf("the events tell of %+v, %v", events, err)
	}
	held, err := local.AccessToken(ctx, made.ID)
	if err != nil || held.Held == nil {
		t.Errorf("it is not held: %v", err)
	}
}

func TestSecretsOverHTTP(t *testing.T) {
	m := newManaged(t)
	c, local, ctx := m.client(m.owner), m.service.As(anna), t.Context()
	n := wanted(t, "deploys")
	made, err := local.CreateAccessToken(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	same := func(about string, secret tokens.Secret) tokens.Verification {
		t.Helper()
		want, err := local.VerifySecret(ctx, secret, tokens.VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.VerifySecret(ctx, secret, tokens.VerifyOptions{})
		if err != nil {
			t.Fatal(about, err)
		}
		for _, v := range []*tokens.Verification{&want, &got} {
			if v.AccessToken != nil {
				observed := asObserved(*v.AccessToken)
				v.AccessToken = &observed
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: here (-) and over HTTP (+):\n%s", about, diff)
		}
		return got
	}
	if v := same("a live secret", n.Secret); !v.Active || v.AccessToken == nil || v.AccessToken.ID != made.ID {
		t.Errorf("a live secret is %+v", v)
	}
	same("an unknown one", newRequest(t).Secret)
	same("none", tokens.Secret{})
	revoked, err := c.RevokeSecret(ctx, n.Secret)
	if err != nil || revoked.ID != made.ID || revoked.Status != tokens.StatusRevoked {
		t.Errorf("a revocation made %+v, %v", revoked, err)
	}
	if v := same("a revoked one", n.Secret); v.Active {
		t.Error("a revoked secret is active")
	}
	_, here := local.RevokeSecret(ctx, n.Secret)
	_, there := c.RevokeSecret(ctx, n.Secret)
	sameError(t, here, there)
	if tokens.ErrorReason(there) != tokens.ReasonNoLiveSecret {
		t.Errorf("the second revocation is %v", there)
	}
	// What can be no value is answered as one that no token has.
	var unknown, other map[string]any
	if status := m.ask("POST", "/v1/verify", `{"token":"`+newRequest(t).Secret.Reveal()+`"}`, &unknown); status != http.StatusOK {
		t.Fatal(status)
	}
	for _, text := range []string{"", "x", "a value with blanks, which no header carries as a token", "\u0000"} {
		other = nil
		if status := m.ask("POST", "/v1/verify", encodedBody(t, text), &other); status != http.StatusOK || !cmp.Equal(unknown, other) {
			t.Errorf("%q is answered with %v: %d", text, other, status)
		}
	}
	for _, path := range []string{"/v1/verify", "/v1/revoke-secret"} {
		if status := m.ask("POST", path, `{}`, nil); status != http.StatusBadRequest {
			t.Errorf("%s without a value is answered with %d", path, status)
		}
	}
}

// An expected version that no secret has would guard nothing, and is refused; so is one that is empty, as a script's variable may be.
func TestExpectedVersionThatIsNone(t *testing.T) {
	m := newManaged(t)
	made, err := m.service.As(anna).CreateAccessToken(t.Context(), wanted(t, "ci"))
	if err != nil {
		t.Fatal(err)
	}
	path := "/v1/access-tokens/" + made.ID
	for _, test := range []struct{ path, body string }{
		{"/retire-previous-secret?expected_version=", ""},
		{"/retire-previous-secret?expected_version=0", ""},
		{"/retire-previous-secret?expected_version=-1", ""},
		{"/retire-previous-secret?expected_version=two", ""},
		{"/regenerate", `{"expected_version": 0}`},
		{"/regenerate", `{"expected_version": -1}`},
	} {
		status, answer := m.raw("POST", path+test.path, test.body)
		if status != http.StatusBadRequest && status != http.StatusUnprocessableEntity ||
			!strings.Contains(fmt.Sprint(answer), "expected_version") {
			t.Errorf("%s %s: %d %v", test.path, test.body, status, answer)
		}
	}
}
