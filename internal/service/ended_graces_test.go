//go:build unix

package service_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// However many grace periods end before somebody changes something, the change is made, and the events of all of them follow.
func TestManyEndedGraces(t *testing.T) {
	clock := backendtest.NewClock()
	b := open(t, filepath.Join(t.TempDir(), "latchkey.db"), clock.Now)
	user := makeUser(t, b)
	const number = 250
	for i := range number {
		request := newRequest(t, fmt.Sprintf("token-%d", i), user.ID)
		request.Grace = tokens.Grace{Duration: time.Hour}
		made, err := b.CreateAccessToken(background, request)
		if err != nil {
			t.Fatal(err)
		}
		next := newRequest(t, "", "")
		_, err = b.UpdateAccessToken(background, made.ID, tokens.AccessTokenUpdate{
			Regeneration: &tokens.Regeneration{NewSecretFor: next.NewSecretFor, Reason: tokens.ReasonTrigger},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(2 * time.Hour)
	written := func() int64 {
		past, err := b.VerifyHistory(background, tokens.Head{})
		if err != nil || past.Broken != nil {
			t.Fatalf("the history: %+v, %v", past, err)
		}
		return past.Head.Number
	}
	before := written()
	for i, want := range []int64{101, 202, 253, 254} {
		if _, err := b.CreateGroup(background, groupRequest(fmt.Sprintf("group-%d", i))); err != nil {
			t.Fatal(err)
		}
		if got := written() - before; got != want {
			t.Errorf("%d events after change %d, want %d", got, i+1, want)
		}
	}
}

// Whoever looks whether grace periods are over, and finds none, has changed nothing.
func TestNoEndedGraces(t *testing.T) {
	clock := backendtest.NewClock()
	b := open(t, filepath.Join(t.TempDir(), "latchkey.db"), clock.Now)
	request := groupRequest("payments")
	if _, err := b.CreateGroup(background, request); err != nil {
		t.Fatal(err)
	}
	newest := func() int64 {
		marks, err := b.Marks(background, 1, 100)
		if err != nil {
			t.Fatal(err)
		}
		return marks.Newest.Serial
	}
	before := newest()
	clock.Advance(2 * time.Second)
	if _, err := b.CreateGroup(background, request); err != nil {
		t.Fatal(err)
	}
	if after := newest(); after != before {
		t.Errorf("a repeated request raised the serial from %d to %d", before, after)
	}
}
