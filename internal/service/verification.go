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
	about := look{action: tokens.ActionAccessTokenVerify}
	result, err := readAsBy(ctx, b, method, about, func(r reader) (result tokens.Verification, err error) {
		if err := r.caller.MayIntrospect(); err != nil {
			return result, err
		}
		if err := r.CheckNotMoved(ctx); err != nil {
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
	switch {
	case err != nil || !options.RecordUse || used.tokenID == "":
	case result.Active:
		b.RecordUse(used.tokenID, used.version, now)
	default:
		b.RecordRefusedUse(used.tokenID, used.version, now)
	}
	return result, err
}

// HasSecret implements tokens.Backend.
func (b *Backend) HasSecret(ctx context.Context, tokenID string, secret tokens.Secret) (bool, error) {
	about := look{tokens.ActionAccessTokenVerify, objectOf(tokens.KindAccessToken, tokenID)}
	return readAs(ctx, b, about, func(r reader) (bool, error) {
		t, custom, err := r.AccessTokenWithRoles(ctx, tokenID)
		if err != nil {
			return false, err
		}
		r.object.name = t.Name
		roles := rolesWith(custom)
		share, err := shareWith(ctx, r.View, r.caller, tokenID)
		if err == nil {
			err = r.caller.MayCompare(t, share, roles)
		}
		if err != nil {
			return false, err
		}
		return holdsSecret(ctx, r.View, tokenID, secret)
	})
}

// holdsSecret reports whether a value is the current secret of a token, and was not ended.
func holdsSecret(ctx context.Context, v store.View, tokenID string, secret tokens.Secret) (bool, error) {
	row, _, ok, err := v.SecretWithHash(ctx, secret.Hash())
	return ok && row.AccessToken.ID == tokenID && row.IsCurrent(secret), err
}

// secretRows looks up secrets in a database.
type secretRows struct{ store.View }

// Secret implements verify.Rows.
func (r secretRows) Secret(ctx context.Context, hash tokens.SecretHash) (verify.Found, bool, error) {
	row, custom, ok, err := r.SecretWithHash(ctx, hash)
	return verify.Found{SecretRow: row, Roles: rolesWith(custom), Database: r.Database()}, ok, err
}

// Verifications looks up secrets for whoever verifies them without asking as anybody, such as a server that lets requests
// pass by them.
type Verifications struct{ service *Service }

var _ verify.Database = Verifications{}

// Verifications returns what the verification of secrets needs of the service. Nothing that it does is recorded.
func (s *Service) Verifications() Verifications { return Verifications{s} }

// Secret implements verify.Rows.
func (v Verifications) Secret(ctx context.Context, hash tokens.SecretHash) (found verify.Found, ok bool, err error) {
	found, err = readBy(ctx, v.service, (*store.Store).ReadToVerify, func(view store.View) (found verify.Found, err error) {
		found, ok, err = secretRows{view}.Secret(ctx, hash)
		return found, err
	})
	return found, ok && err == nil, err
}

// Database returns the identity of the database. CodeUnavailable; CodeInvalid for one of another organization than the
// options name.
func (v Verifications) Database(ctx context.Context) (tokens.Database, error) {
	return readBy(ctx, v.service, (*store.Store).ReadToVerify,
		func(view store.View) (tokens.Database, error) { return view.Database(), nil })
}

// Watch implements verify.Database. It migrates a database with an older schema, which would make each look-up slow.
func (v Verifications) Watch(ctx context.Context) (store.Watch, error) {
	if v.service.invalid != nil {
		return nil, v.service.invalid
	}
	if err := v.service.store.Migrate(ctx); err != nil {
		return nil, err
	}
	return v.service.store.Watch(ctx)
}
