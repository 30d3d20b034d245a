package service

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// doubtful is a connection of which nobody knows whether the next change was committed, which it was.
type doubtful struct {
	store.Connection
	next *bool
}

// Write implements store.Writer.
func (d doubtful) Write(ctx context.Context, reach store.Reach, fn func(store.Tx) error) error {
	err := d.Connection.Write(ctx, reach, fn)
	if err == nil && *d.next {
		*d.next = false
		return tokens.Unavailable(nil, "the answer was lost").Because(tokens.ReasonOutcomeUnknown)
	}
	return err
}

// Where nobody can tell whether a change was committed, what does no harm is done again, and answers as if the first attempt had. An
// edit says that it may have taken place.
func TestUnknownOutcome(t *testing.T) {
	ctx := t.Context()
	next := false
	options := Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Now: time.Now}
	s := Open(options.wrapped(func(c store.Connection) store.Connection { return doubtful{c, &next} }))
	defer s.Close()
	b := s.As(tokens.AsDatabaseOwner("local:anna@host"))
	newSecret := func() tokens.NewSecretFor {
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			t.Fatal(err)
		}
		return tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret}
	}
	var id string
	create := tokens.NewAccessToken{
		NewSecretFor: newSecret(),
		Settings:     tokens.Settings{Name: "deploy", Enabled: true, Policies: tokens.Policies{Grace: tokens.Grace{Duration: time.Hour}}},
	}
	regenerated := newSecret()
	for _, step := range []struct {
		name string
		do   func() error
		// reason is that of the error.
		reason tokens.Reason
	}{
		{"create", func() error { made, err := b.CreateAccessToken(ctx, create); id = made.ID; return err }, ""},
		{"regenerate", func() error {
			_, err := b.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{
				Regeneration: &tokens.Regeneration{NewSecretFor: regenerated, Reason: tokens.ReasonTrigger},
			})
			return err
		}, ""},
		{"retire the previous secret", func() error { _, err := b.RetirePreviousSecret(ctx, id, 0); return err }, ""},
		{"hold", func() error { _, err := b.HoldAccessToken(ctx, id, "it was seen"); return err }, ""},
		{"edit", func() error {
			_, err := b.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Description: "Deploys the shop"}, Fields: tokens.Fields{"description"},
			})
			return err
		}, tokens.ReasonOutcomeUnknown},
		{"delete", func() error { return b.DeleteAccessToken(ctx, id) }, ""},
	} {
		next = step.name != "create" // which makes the database before
		if err := step.do(); tokens.ErrorReason(err) != step.reason || (err == nil) != (step.reason == "") {
			t.Errorf("%s: %v", step.name, err)
		}
		if next {
			t.Errorf("%s: no change was in doubt", step.name)
		}
		next = false
	}
	next = true
	again := create
	again.NewSecretFor = newSecret()
	made, err := b.CreateAccessToken(ctx, again)
	if err != nil || next {
		t.Fatalf("create: %v", err)
	}
	next = true
	if revoked, err := b.RevokeSecret(ctx, again.Secret); err != nil || revoked.ID != made.ID || next {
		t.Errorf("revoke: %v", err)
	}
	if after, err := b.AccessToken(ctx, made.ID); err != nil || after.Secret.EndedAt.IsZero() {
		t.Errorf("after the revocation: %+v, %v", after, err)
	}
	created, err := b.Events(ctx, tokens.EventQuery{Action: string(tokens.ActionAccessTokenCreate), Outcome: tokens.OutcomeDone})
	if err != nil || len(created) != 2 {
		t.Errorf("%d tokens were made (%v), want 2", len(created), err)
	}
}
