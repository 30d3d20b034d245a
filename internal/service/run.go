package service

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// runClaim is what a backend knows of the run in which its principal claims to work.
type runClaim struct{ isHarmless, tellsSecret atomic.Bool }

// run returns the run in which the principal claims to work; empty for none, and for one that tells the secret of a
// token. The database is asked once.
func (b *Backend) run(ctx context.Context, v store.View) (string, error) {
	run := b.principal.Run()
	if run == "" || b.claim.tellsSecret.Load() {
		return "", nil
	}
	if !b.claim.isHarmless.Load() {
		tells, err := tellsSecret(ctx, v, run)
		if err != nil {
			return "", err
		}
		b.claim.tellsSecret.Store(tells)
		b.claim.isHarmless.Store(!tells)
		if tells {
			return "", nil
		}
	}
	return run, nil
}

// tellsSecret reports whether a word in a text, or in the texts of an input, is or was the secret of a token.
func tellsSecret(ctx context.Context, v store.View, input any) (bool, error) {
	for _, word := range tokens.SecretWords(input) {
		if used, err := v.SecretExists(ctx, tokens.HashOf(word)); err != nil || used {
			return used, err
		}
	}
	return false, nil
}

// willStore notes a secret that the database may know from now on.
func (b *Backend) willStore(secret tokens.Secret) {
	if !secret.IsZero() && slices.Contains(tokens.SecretWords(b.principal.Run()), secret.Reveal()) {
		b.claim.tellsSecret.Store(true)
	}
}
