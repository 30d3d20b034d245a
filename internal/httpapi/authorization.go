package httpapi

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The schemes of credentials that are understood, in lower case.
const (
	schemeBearer = "bearer"
	schemeBasic  = "basic"
)

// presentedBy returns the value that a request presents: in exactly one Authorization header, as a bearer token (RFC 6750
// section 2.1) or as the password of basic authentication (RFC 7617 section 2), whose user name doesn't matter.
func presentedBy(h http.Header) (secret tokens.Secret, ok bool) {
	headers := h["Authorization"]
	if len(headers) != 1 {
		return secret, false
	}
	scheme, credential := splitAuthorization(headers[0])
	switch scheme {
	case schemeBearer:
		return tokens.PresentedSecret(credential)
	case schemeBasic:
		if password, ok := basicPassword(credential); ok {
			return tokens.PresentedSecret(password)
		}
	}
	return secret, false
}

// splitAuthorization splits the value of an Authorization header into its scheme, one of those above or empty, and what
// follows it.
func splitAuthorization(header string) (scheme, credential string) {
	scheme, credential, _ = strings.Cut(header, " ")
	credential = strings.TrimLeft(credential, " ")
	for _, known := range []string{schemeBearer, schemeBasic} {
		if equalFoldASCII(scheme, known) {
			return known, credential
		}
	}
	return "", ""
}

// basicPassword returns the password in the credential of basic authentication.
func basicPassword(credential string) (password string, ok bool) {
	pair, err := base64.StdEncoding.DecodeString(credential)
	if err != nil {
		return "", false
	}
	_, password, ok = strings.Cut(string(pair), ":")
	return password, ok
}

// equalFoldASCII reports whether a text is a lower-case word in any case. strings.EqualFold would take a long s for an s.
func equalFoldASCII(text, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
