package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// VerifySecret implements tokens.Backend.
func (b *Backend) VerifySecret(
	ctx context.Context, secret tokens.Secret, options tokens.VerifyOptions,
) (tokens.Verification, error) {
	now := b.now()
	var used usedSecret
	method := (*store.Store).ReadAtOnce
	if b.principal.IsDatabaseOwner() {
		method = (*store.Store).ReadToVerify
	}
	result, err := readAsBy(ctx, b, method, look{action: tokens.ActionAccessTokenVerify}, func(r reader) (result tokens.Verification, err error) {
		if err := r.caller.MayIntrospect(); err != nil {
			return result, err
		}
		known, ok, err := verify.Value(ctx, secretRows{r.View}, secret)
		if err != nil || !ok {
			return result, err
		}
		verdict := known.Verdict(now)
		if !r.caller.Access.At(verdict.AccessToken.User.GroupID).Allows(tokens.PermissionIntrospectTokens) {
			return result, nil
		}
		used = usedSecret{verdict.AccessToken.ID, known.Version()}
		share, err := shareWith(ctx, r.View, r.caller, verdict.AccessToken.ID)
		if err != nil {
			return result, err
		}
		if !r.caller.Sees(*verdict.AccessToken, share) {
			return verdict.Concealed(), nil
		}
		return verdict, nil
	})
	if err == nil && result.Active && options.RecordUse {
		b.recordUse(ctx, used, now)
	}
	return result, err
}

// secretRows looks up secrets in a database.
type secretRows struct{ store.View }

// Secret implements verify.Rows.
func (r secretRows) Secret(ctx context.Context, hash tokens.SecretHash) (verify.Found, bool, error) {
	row, custom, ok, err := r.SecretWithHash(ctx, hash)
	return verify.Found{SecretRow: row, Roles: rolesWith(custom), Database: r.Database()}, ok, err
}
