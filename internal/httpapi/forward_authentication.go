package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// authenticate answers whether a request presents a good token.
func (v *Verification) authenticate(r request) answer {
	row, refusal := v.goodToken(r)
	if row == nil {
		return refusal
	}
	return v.identified(row)
}

// authorize answers whether a request presents a good token that holds the permission at the beginning of the rest of
// its path. What follows that is ignored: Envoy, for one, appends the path that its client asked for.
func (v *Verification) authorize(r request) answer {
	row, refusal := v.goodToken(r)
	if row == nil {
		return refusal
	}
	word, _, _ := strings.Cut(r.rest, "/")
	permission, groupID, ok := parsePermission(word)
	if !ok {
		v.noticeIllFormed(row, word)
	}
	if !ok || !row.Rendered.shared.Value().scope.allows(permission, groupID) {
		return answer{status: http.StatusForbidden, outcome: OutcomeForbidden, header: v.insufficient}
	}
	return v.identified(row)
}

// goodToken returns the row of the active secret that a request presents and records its use; else nil, and the answer.
func (v *Verification) goodToken(r request) (*verify.Row[Identity], answer) {
	secret, ok := presentedBy(r.Header)
	if !ok {
		return nil, v.refused()
	}
	found, err := v.verify(r.Context(), secret)
	if err != nil {
		return nil, answer{}
	}
	if !v.record(found) {
		return nil, v.refused()
	}
	return found.Row, answer{}
}

// verify returns what a value stands for, as far as this server accepts it: a personal token stands for nothing unless
// such tokens are accepted. CodeUnavailable.
func (v *Verification) verify(ctx context.Context, secret tokens.Secret) (verify.Answer[Identity], error) {
	found, err := v.options.Cache.Verify(ctx, secret)
	if found.Row != nil && found.Row.Rendered.isPersonal() && !v.options.AcceptPersonal {
		found = verify.Answer[Identity]{At: found.At}
	}
	return found, err
}

// record records the use of a value, whatever that stands for, and reports whether it is active.
func (v *Verification) record(found verify.Answer[Identity]) (active bool) {
	if found.Active {
		v.options.Uses.RecordUse(found.Row.TokenID, found.Row.Version, found.At)
		return true
	}
	var tokenID string
	var version int64
	if found.Row != nil {
		tokenID, version = found.Row.TokenID, found.Row.Version
	}
	v.options.Uses.RecordRefusedUse(tokenID, version, found.At)
	return false
}

// refused answers that there is no good token, whatever the cause.
func (v *Verification) refused() answer {
	return answer{status: http.StatusUnauthorized, outcome: OutcomeRefused, header: v.unauthorized}
}

// identified answers that a token is good, and notices where its headers had to be cut.
func (v *Verification) identified(row *verify.Row[Identity]) answer {
	if row.Rendered.cut() {
		v.noticeCut(row)
	}
	return allowed(&row.Rendered)
}

// parsePermission parses a permission, or a permission, an at sign and the ID of a group, which is empty otherwise.
func parsePermission(word string) (permission, groupID string, ok bool) {
	permission, groupID, inGroup := strings.Cut(word, "@")
	ok = tokens.ValidatePermission("", permission) == nil && (!inGroup || tokens.IsID(tokens.KindGroup, groupID))
	return permission, groupID, ok
}
