package embedded

import (
	"context"
	"crypto/subtle"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// VerifySecret implements tokens.Backend.
func (b *Backend) VerifySecret(ctx context.Context, secret tokens.Secret, options tokens.VerifyOptions) (tokens.Verification, error) {
	now := b.now()
	result, err := readToVerify(ctx, b, func(v store.View) (result tokens.Verification, err error) {
		hash := secret.Hash()
		known, ok, err := v.SecretWithHash(ctx, hash)
		if err != nil || !ok || !sameHash(known.Hash, hash) {
			return result, err
		}
		token := known.AccessToken.Observed(now, tokens.NewRoles(nil))
		result.AccessToken = &token
		result.Superseded = known.Version != token.Secret.Version
		result.Active = !result.Superseded && token.Status == tokens.StatusActive
		if result.Active {
			result.Grants = token.Grants
		}
		return result, nil
	})
	if err == nil && result.Active && options.RecordUse {
		b.recordUse(ctx, result.AccessToken.ID, now)
	}
	return result, err
}

// sameHash compares hashes in a time that does not depend on where they differ.
func sameHash(a, b tokens.SecretHash) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
