package service

import (
	"context"
	"crypto/subtle"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// VerifySecret implements tokens.Backend.
func (b *Backend) VerifySecret(ctx context.Context, secret tokens.Secret, options tokens.VerifyOptions) (tokens.Verification, error) {
	now := b.now()
	verify := func(r reader) (result tokens.Verification, err error) {
		if err := r.caller.MayIntrospect(); err != nil {
			return result, err
		}
		hash := secret.Hash()
		known, ok, err := r.SecretWithHash(ctx, hash)
		if err != nil || !ok || !sameHash(known.Hash, hash) {
			return result, err
		}
		roles := rolesWith(known.CustomRoles)
		token := known.AccessToken.Observed(now, roles)
		if !r.caller.Access.At(token.User.GroupID).Allows(tokens.PermissionIntrospectTokens) {
			return result, nil
		}
		result.AccessToken = &token
		result.Previous = known.IsPrevious(now)
		result.Superseded = known.Version != token.Secret.Version && !result.Previous
		result.Active = !result.Superseded && token.Status == tokens.StatusActive
		if result.Active {
			result.Grants, result.Access = token.Grants, token.Access(roles)
		}
		return result, nil
	}
	var result tokens.Verification
	var err error
	if b.actsAsMember() {
		result, err = readAs(ctx, b, verify)
	} else {
		result, err = readBy(ctx, b, (*store.Store).ReadToVerify, func(v store.View) (tokens.Verification, error) {
			return verify(reader{v, b.databaseOwner()})
		})
	}
	if err == nil && result.Active && options.RecordUse {
		used := usedSecret{result.AccessToken.ID, result.AccessToken.Secret.Version}
		if result.Previous {
			used.version = result.AccessToken.Previous.Version
		}
		b.recordUse(ctx, used, now)
	}
	return result, err
}

// sameHash compares hashes in a time that does not depend on where they differ.
func sameHash(a, b tokens.SecretHash) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
