package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Revoker ends secrets.
type Revoker interface {
	// RevokeSecret ends the token's secrets of which this is a live one. CodeNotFound if it is not. CodeUnavailable.
	RevokeSecret(ctx context.Context, secret tokens.Secret) error
}

// revoke ends a token's secrets for who has one of them: RFC 7009. Having it is all the permission that it takes, so
// whatever else the client sends is ignored.
func (v *Verification) revoke(r request, form url.Values) answer {
	value := form.Get("token")
	if value == "" {
		return invalidRequest(http.StatusBadRequest, "the parameter token is missing")
	}
	// RFC 7009 section 2.2: what is not a token, or not any more, needs no revocation.
	done := answer{status: http.StatusOK, outcome: OutcomeAllowed}
	secret, ok := tokens.PresentedSecret(value)
	if !ok {
		return done
	}
	found, err := v.options.Cache.Verify(r.Context(), secret)
	if err != nil {
		return answer{}
	}
	if found.Row == nil || !found.Row.Rendered.isLiveAt(found.At) {
		return done // only a live value is worth a transaction
	}
	// Who sends a value and hangs up wants it revoked all the same.
	err = v.options.Revoker.RevokeSecret(context.WithoutCancel(r.Context()), secret)
	if err != nil && tokens.ErrorCode(err) != tokens.CodeNotFound {
		v.noticeUnrevoked(found.Row, err)
		return answer{}
	}
	return done
}
