package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestKilledManagement kills a server again and again while clients make, change, regenerate, stop and delete access tokens
// through it. What was acknowledged is there, and nothing is there twice or by halves.
func TestKilledManagement(t *testing.T) { inEachPlace(t, newServedWorkspace, testKilledManagement) }

func testKilledManagement(t *testing.T, w *workspace) {
	s := w.throughServer()
	random := newRandom(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers []*writer
	var done sync.WaitGroup
	for i := range 4 {
		writer := &writer{
			t: t, name: fmt.Sprintf("writer-%d", i), backend: w.clientOf(s), random: rand.New(rand.NewPCG(random.Uint64(), 0)),
		}
		writers = append(writers, writer)
		done.Go(func() { writer.write(ctx) })
	}
	for round := range rounds(10, 100) {
		time.Sleep(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
		if err := s.cmd.Process.Kill(); err != nil {
			t.Errorf("round %d: %s", round, err)
		}
		s.wait()
		if strings.Contains(s.log(), `"level":"ERROR"`) {
			t.Errorf("round %d:\n%s", round, s.problems())
		}
		s = s.again()
	}
	stop()
	done.Wait()

	owner := w.owner()
	all, err := owner.AccessTokens(t.Context(), tokens.TokenQuery{})
	w.must(err)
	found := map[string]tokens.AccessToken{}
	for _, token := range all.AccessTokens {
		found[token.ID] = token
	}
	kept, deleted, interrupted := 0, 0, 0
	for _, writer := range writers {
		interrupted += writer.interrupted
		for _, token := range writer.tokens {
			if token.isDeleted {
				deleted++
				if _, ok := found[token.ID]; ok {
					t.Errorf("%s was deleted, and is there", token.ID)
				}
				continue
			}
			kept++
			token.check(t, owner, found[token.ID])
		}
	}
	// The token of throughServer is one more.
	if len(found) != kept+1 {
		t.Errorf("there are %d tokens, and %d were acknowledged", len(found)-1, kept)
	}
	events, err := owner.Events(t.Context(), tokens.EventQuery{Action: string(tokens.ActionAccessTokenCreate), Outcome: tokens.OutcomeDone})
	w.must(err)
	if len(events) != kept+deleted+1 {
		t.Errorf("%d events tell of new tokens, of which there were %d", len(events), kept+deleted+1)
	}
	w.onTheMachine().latchkey("doctor").exits(0)
	t.Logf("%d tokens kept and %d deleted; %d operations were sent anew by hand", kept, deleted, interrupted)
	if kept == 0 {
		t.Error("nothing was written")
	}
}

// clientOf returns a client of the server by the token of throughServer.
func (w *workspace) clientOf(s *server) *httpapi.Client {
	w.t.Helper()
	value, err := os.ReadFile(w.path("owner.token"))
	w.must(err)
	token, err := tokens.ParseSecret(strings.TrimSpace(string(value)))
	w.must(err)
	endpoint, err := httpapi.ParseEndpoint("endpoint", s.url, false)
	w.must(err)
	client := httpapi.NewClient(httpapi.ClientOptions{
		Endpoint: endpoint, Token: token, Organization: "acme", Product: "test", Now: time.Now,
	})
	w.t.Cleanup(func() { w.must(client.Close()) })
	return client
}

// writer writes to a database through a server, and remembers what was acknowledged.
type writer struct {
	t       *testing.T
	name    string
	backend tokens.AccessTokenService
	random  *rand.Rand
	tokens  []*writtenToken
	// interrupted is how many operations ended without an answer although the client asked again.
	interrupted int
}

// writtenToken is an access token as it was acknowledged last.
type writtenToken struct {
	tokens.AccessToken
	value     tokens.Secret
	isDeleted bool
}

// write writes until the context ends. An operation that has begun is finished.
func (w *writer) write(ctx context.Context) {
	for n := 0; ctx.Err() == nil && !w.t.Failed(); n++ {
		if n%4 == 0 {
			w.create(n)
			continue
		}
		token := w.tokens[w.random.IntN(len(w.tokens))]
		if token.isDeleted {
			continue
		}
		w.change(token, n)
	}
}

// create makes a token.
func (w *writer) create(n int) {
	request := tokens.NewAccessToken{
		NewSecretFor: newSecretFor(w.t), Settings: tokens.Settings{Name: fmt.Sprintf("%s-%d", w.name, n), Enabled: true},
	}
	w.insist(func(ctx context.Context) error {
		created, err := w.backend.CreateAccessToken(ctx, request)
		if err == nil {
			w.tokens = append(w.tokens, &writtenToken{AccessToken: created.AccessToken, value: request.Secret})
		}
		return err
	}, "")
}

// change does something to a token.
func (w *writer) change(token *writtenToken, n int) {
	update := tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Description: fmt.Sprintf("change %d", n)}, Fields: tokens.Fields{"description"},
	}
	taken := func(changed tokens.AccessToken, err error) error {
		if err == nil {
			token.AccessToken = changed
		}
		return err
	}
	switch choice := w.random.IntN(10); {
	case choice < 3:
		w.insist(func(ctx context.Context) error {
			return taken(w.backend.UpdateAccessToken(ctx, token.ID, update))
		}, "")
	case choice < 6:
		update.Regeneration = &tokens.Regeneration{NewSecretFor: newSecretFor(w.t), ExpectedVersion: token.Secret.Version}
		w.insist(func(ctx context.Context) error {
			return taken(w.backend.UpdateAccessToken(ctx, token.ID, update))
		}, "")
		token.value = update.Regeneration.Secret
	case choice < 9 && token.Held == nil:
		w.insist(func(ctx context.Context) error {
			return taken(w.backend.HoldAccessToken(ctx, token.ID, "it leaked"))
		}, tokens.CodeConflict)
		w.look(token)
	case choice < 9:
		w.insist(func(ctx context.Context) error {
			return taken(w.backend.ReleaseAccessToken(ctx, token.ID))
		}, tokens.CodeConflict)
		w.look(token)
	default:
		w.insist(func(ctx context.Context) error { return w.backend.DeleteAccessToken(ctx, token.ID) }, tokens.CodeNotFound)
		token.isDeleted = true
	}
}

// look remembers a token as it is.
func (w *writer) look(token *writtenToken) {
	w.insist(func(ctx context.Context) (err error) {
		token.AccessToken, err = w.backend.AccessToken(ctx, token.ID)
		return err
	}, "")
}

// insist does something until there is an answer, as a person does who is told that the server could not be reached. Who
// does so may learn by a code that it is done already; empty for none.
func (w *writer) insist(do func(context.Context) error, done tokens.Code) {
	for attempt := 0; ; attempt++ {
		err := do(context.WithoutCancel(w.t.Context()))
		code := tokens.ErrorCode(err)
		switch {
		case code == tokens.CodeUnavailable && attempt < 10:
			w.interrupted++
			continue
		case err != nil && (attempt == 0 || code != done):
			w.t.Errorf("%s: %v", w.name, err)
		}
		return
	}
}

// check compares a token as it was acknowledged with the token that a list holds, and tries its secret.
func (token *writtenToken) check(t *testing.T, owner tokens.Backend, found tokens.AccessToken) {
	t.Helper()
	if found.ID != token.ID || found.Name != token.Name || found.Description != token.Description ||
		found.Secret.Version != token.Secret.Version || (found.Held == nil) != (token.Held == nil) || found.User.ID == "" {
		t.Errorf("%s was acknowledged as %+v, and is %+v", token.ID, token.AccessToken, found)
		return
	}
	verified, err := owner.VerifySecret(t.Context(), token.value, tokens.VerifyOptions{})
	if err != nil || verified.AccessToken == nil || verified.AccessToken.ID != token.ID || verified.Active != (token.Held == nil) {
		t.Errorf("the value of %s verifies as %+v, %v", token.ID, verified, err)
	}
}
