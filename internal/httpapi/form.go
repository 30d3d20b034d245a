package httpapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// mostForm is how long a form may be, in bytes.
	mostForm = 64 << 10
	// longestForm is how long a client may take to send one.
	longestForm = 10 * time.Second
)

// withForm returns the handler of an endpoint to which clients send a form.
func withForm(decide func(*Verification, request, url.Values) answer) handler {
	return func(v *Verification, r request) answer {
		form, bad := v.readForm(r)
		if form == nil {
			return bad
		}
		a := decide(v, r, form)
		a.bodyRead = true
		return a
	}
}

// readForm returns the form that a request with POST has for a body; nil if it has none, and then the answer that says
// why.
func (v *Verification) readForm(r request) (url.Values, answer) {
	if r.Method != http.MethodPost {
		return nil, answer{
			status: http.StatusMethodNotAllowed, outcome: OutcomeInvalid, header: http.Header{"Allow": {http.MethodPost}},
		}
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest(http.StatusBadRequest, "the content type must be application/x-www-form-urlencoded")
	}
	tooLong := invalidRequest(http.StatusRequestEntityTooLarge, "the body is too long")
	if r.ContentLength > mostForm {
		return nil, tooLong
	}
	r.from.setReadDeadline(v.options.Now().Add(longestForm))
	body, err := io.ReadAll(io.LimitReader(r.Body, mostForm+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, invalidRequest(http.StatusRequestTimeout, "the body did not arrive in time")
	case err != nil:
		return nil, invalidRequest(http.StatusBadRequest, "the body can't be read")
	case len(body) > mostForm:
		return nil, tooLong
	}
	r.from.setReadDeadline(time.Time{})
	form, bad := parseForm(string(body))
	bad.bodyRead = true
	return form, bad
}

// parseForm parses a form in which no parameter occurs twice, as RFC 6749 section 3.2 demands; nil if there is none, and
// then the answer that says why.
func parseForm(body string) (url.Values, answer) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, invalidRequest(http.StatusBadRequest, "the body is not a form")
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, invalidRequest(http.StatusBadRequest, "a parameter occurs twice")
		}
	}
	return form, answer{}
}

// errTwoCredentials means that a client authenticates in two ways at once.
var errTwoCredentials = errors.New("two credentials")

// clientSecret returns the value by which a client authenticates: as a bearer token, or as the password of any user name
// in basic authentication or in a form (RFC 6749 section 2.3.1).
func clientSecret(h http.Header, form url.Values) (secret tokens.Secret, ok bool, err error) {
	headers, posted := h["Authorization"], form.Get("client_secret")
	switch {
	case len(headers) > 1, len(headers) == 1 && posted != "":
		return secret, false, errTwoCredentials
	case len(headers) == 0:
		secret, ok = tokens.PresentedSecret(posted)
		return secret, ok, nil
	}
	secret, ok = presentedBy(h)
	if !ok {
		secret, ok = formDecodedPassword(headers[0])
	}
	return secret, ok, nil
}

// formDecodedPassword returns the password of basic authentication as RFC 6749 section 2.3.1 wants it: encoded like a part
// of a form. Not all clients do that, but no value means two things: an encoded one has characters that no value has.
func formDecodedPassword(header string) (secret tokens.Secret, ok bool) {
	scheme, credential := splitAuthorization(header)
	if scheme != schemeBasic {
		return secret, false
	}
	password, ok := basicPassword(credential)
	if !ok {
		return secret, false
	}
	decoded, err := url.QueryUnescape(password)
	if err != nil {
		return secret, false
	}
	return tokens.PresentedSecret(decoded)
}
