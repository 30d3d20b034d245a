package service_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// usedTokens makes a database with two tokens, and returns its path and the tokens.
func usedTokens(t *testing.T) (path string, made [2]tokens.AccessToken) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "latchkey.db")
	b := service.Open(service.Options{Database: path, Now: time.Now}).As(anna)
	for i := range made {
		created, err := b.CreateAccessToken(background, newRequest(t, fmt.Sprintf("token %d", i), ""))
		if err != nil {
			t.Fatal(err)
		}
		made[i] = created.AccessToken
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return path, made
}

// usesOf returns how often a token was used according to the database.
func usesOf(t *testing.T, path, tokenID string) int64 {
	t.Helper()
	b := service.Open(service.Options{Database: path, Now: time.Now}).As(anna)
	defer b.Close()
	token, err := b.AccessToken(background, tokenID)
	if err != nil {
		t.Fatal(err)
	}
	return token.UseCount
}

// A flush writes the uses of at most 750 tokens in a transaction. What it can't write waits for the next one, nothing
// is lost, and nothing is counted twice.
func TestFlushThatFails(t *testing.T) {
	path, made := usedTokens(t)
	full := errors.New("the disk is full")
	transactions, failing := 0, 0
	s := openWith(t, service.Options{Database: path, Now: time.Now}.Around(func(write func() error) error {
		if transactions++; transactions == failing {
			return full
		}
		return write()
	}))
	record := func() {
		for i := range 2100 {
			s.RecordUse(fmt.Sprintf("tok_%d", i), 1, time.Now()) // of tokens that were deleted since
		}
		for _, token := range made {
			s.RecordUse(token.ID, 1, time.Now())
		}
	}
	record()
	failing = 2
	done, err := s.FlushUses(t.Context())
	if !errors.Is(err, full) || done.Tokens != 750 {
		t.Errorf("the flush wrote the uses of %d tokens and ended with %v, want 750 and that %v", done.Tokens, err, full)
	}
	record()
	transactions, failing = 0, 0
	if done, err = s.FlushUses(t.Context()); err != nil || done.Tokens != 2102 || transactions != 3 {
		t.Errorf("the next one wrote those of %d in %d transactions, %v; want 2,102 in 3", done.Tokens, transactions, err)
	}
	for _, token := range made {
		if uses := usesOf(t, path, token.ID); uses != 2 {
			t.Errorf("%s: %d uses were written, want 2", token.Name, uses)
		}
	}
	if done, err = s.FlushUses(t.Context()); err != nil || done != (service.Flushed{}) || transactions != 3 {
		t.Errorf("a flush of nothing wrote %+v in %d more transactions, %v", done, transactions-3, err)
	}
}

// A server's uses are written within half a minute of the first, and what waits at its end when the service closes,
// without pauses.
func TestKeepUses(t *testing.T) {
	path, made := usedTokens(t)
	synctest.Test(t, func(t *testing.T) {
		s := service.Open(service.Options{Database: path, Now: time.Now})
		begin := time.Now()
		type flush struct {
			after time.Duration
			done  service.Flushed
			err   error
		}
		flushes := make(chan flush, 10)
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.KeepUses(ctx, func(done service.Flushed, err error) { flushes <- flush{time.Since(begin), done, err} })
		}()
		s.RecordUse(made[0].ID, 1, time.Now())
		first := <-flushes
		if first.err != nil || first.done.Tokens != 1 || first.after > 31*time.Second {
			t.Errorf("the first flush: %+v", first)
		}
		if second := <-flushes; second.err != nil || second.done.Tokens != 0 || second.after > 60*time.Second {
			t.Errorf("the second flush: %+v", second)
		}
		for i := range 3000 {
			s.RecordUse(fmt.Sprintf("tok_%d", i), 1, time.Now())
		}
		s.RecordUse(made[1].ID, 1, time.Now())
		end()
		<-ended
		before := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(before); took != 0 {
			t.Errorf("to close took %s, want no pauses", took)
		}
	})
	for _, token := range made {
		if uses := usesOf(t, path, token.ID); uses != 1 {
			t.Errorf("%s: %d uses were written, want 1", token.Name, uses)
		}
	}
}
