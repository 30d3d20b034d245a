package httpapi

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// activeToken is what RFC 7662 section 2.2 calls an introspection response, of a token that is active. Nobody asked for
// the token in the name of its technical user or member, who is client and subject at once (as in RFC 9068 section 2.2).
type activeToken struct {
	Active    bool   `json:"active"`
	Scope     scope  `json:"scope"`
	ClientID  string `json:"client_id"`
	Subject   string `json:"sub"`
	Username  string `json:"username"`
	TokenType string `json:"token_type"`
	// IssuedAt and ExpiresAt are seconds since 1970.
	IssuedAt  int64 `json:"iat"`
	ExpiresAt int64 `json:"exp,omitempty"`
}

// inactive is the response for every other token.
var inactive = []byte(`{"active":false}`)

// introspect answers what a token is, to a client that may know: RFC 7662.
func (v *Verification) introspect(r request, form url.Values) answer {
	secret, ok, err := clientSecret(r.Header, form)
	switch {
	case err != nil:
		return invalidRequest(http.StatusBadRequest, "the client authenticates in two ways at once")
	case !ok:
		return v.invalidClient()
	}
	client, err := v.verify(r.Context(), secret)
	if err != nil {
		return answer{}
	}
	if !v.record(client) {
		return v.invalidClient()
	}
	permitted := client.Row.Rendered.shared.Value().scope
	if !permitted.allowsAnywhere(tokens.PermissionIntrospectTokens) {
		return answer{
			status: http.StatusForbidden, outcome: OutcomeForbidden, header: v.insufficient,
			json: errorDocument("insufficient_scope", "the client's token lacks the permission "+tokens.PermissionIntrospectTokens),
		}
	}
	value := form.Get("token")
	if value == "" {
		return invalidRequest(http.StatusBadRequest, "the parameter token is missing")
	}
	return v.introspectFor(r, permitted, value)
}

// introspectFor answers what a value is to a client with permissions.
func (v *Verification) introspectFor(r request, permitted scope, value string) answer {
	refused := answer{status: http.StatusOK, outcome: OutcomeRefused, json: inactive}
	secret, ok := tokens.PresentedSecret(value)
	if !ok {
		return refused
	}
	found, err := v.verify(r.Context(), secret)
	if err != nil {
		return answer{}
	}
	if found.Row != nil && !permitted.allows(tokens.PermissionIntrospectTokens, found.Row.Rendered.shared.Value().level) {
		found = verify.Answer[Identity]{At: found.At} // to this client, the value is unknown
	}
	if !v.record(found) {
		return refused
	}
	document, err := json.Marshal(v.activeToken(&found.Row.Rendered))
	if err != nil {
		return answer{}
	}
	return answer{status: http.StatusOK, outcome: OutcomeAllowed, json: document}
}

// activeToken returns the response of a token that is active.
func (v *Verification) activeToken(i *Identity) activeToken {
	t := activeToken{
		Active: true, Scope: i.shared.Value().scope, ClientID: i.userID(), Subject: i.userID(), Username: i.technicalUser(),
		TokenType: "Bearer", IssuedAt: i.issuedAt,
	}
	if v.options.IntrospectExpiry {
		t.ExpiresAt = i.expiresAt
	}
	return t
}

// invalidClient answers that the client itself has no good token: RFC 6749 section 5.2.
func (v *Verification) invalidClient() answer {
	a := v.refused()
	a.json = errorDocument("invalid_client", "the client must authenticate with a good token")
	return a
}
