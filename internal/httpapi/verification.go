package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// Cache says what a value stands for, and whether it is active. A *verify.Cache[Identity] is one.
type Cache interface {
	// Verify is verify.Cache.Verify. CodeUnavailable.
	Verify(ctx context.Context, secret tokens.Secret) (verify.Answer[Identity], error)
	// CanTell is verify.Cache.CanTell. CodeUnavailable.
	CanTell() error
}

// Uses records when secrets were used. Its methods return at once.
type Uses interface {
	// RecordUse notes that a secret was used while it was active.
	RecordUse(tokenID string, version int64, at time.Time)
	// RecordRefusedUse notes that a secret was used while it was not active. For a value that no token has, tokenID is
	// empty: that takes as long, so that time doesn't tell them apart, and leaves no record.
	RecordRefusedUse(tokenID string, version int64, at time.Time)
}

// Options say what a Verification works with, and how. All but Log and Observer are required.
type Options struct {
	// Cache holds what Renderer.Identity made.
	Cache Cache
	Uses  Uses
	// Revoker ends the secrets that their holders revoke.
	Revoker Revoker
	// AcceptPersonal lets personal tokens pass at gateways, introspect and be introspected. Without it they are what values
	// are that nobody issued, except to a holder who revokes one.
	AcceptPersonal bool
	// IntrospectExpiry makes /v1/introspect say when a token expires. Clients keep a positive answer until then.
	IntrospectExpiry bool
	// Challenge says how clients are asked to authenticate.
	Challenge Challenge
	// Now is a clock like time.Now, whose times have a monotonic part.
	Now func() time.Time
	// Log is told what an operator should look at; never a secret.
	Log *slog.Logger
	// Observer is told about every request.
	Observer Observer
}

// Verification is the HTTP server of verification: /v1/authenticate and /v1/authorize for gateways, /v1/introspect and
// /v1/revoke for whom speaks OAuth 2.0.
//
// Serve it by an http.Server with DisableGeneralOptionsHandler, or that answers some requests in its place.
type Verification struct {
	options Options
	// unauthorized and insufficient are the challenges to whom has no good token, and to whom has one that may not do what
	// was asked.
	unauthorized, insufficient http.Header
	notices                    notices
}

// NewVerification returns a server of verification.
func NewVerification(options Options) *Verification {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Observer == nil {
		options.Observer = unobserved{}
	}
	return &Verification{
		options:      options,
		unauthorized: http.Header{"Www-Authenticate": options.Challenge.unauthorized()},
		insufficient: http.Header{"Www-Authenticate": {insufficientScope}},
	}
}

// unobserved is an Observer for those who don't have one.
type unobserved struct{}

func (unobserved) Answered(Endpoint, Outcome, time.Duration)       {}
func (unobserved) HeaderCut()                                      {}
func (unobserved) OperationAnswered(string, string, time.Duration) {}

// ServeHTTP answers a request.
func (v *Verification) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := v.options.Now()
	endpoint, rest := route(r)
	a := v.answerWith((*Verification).answerAtEndpoint, request{r, endpoint, rest, connection{w}})
	a.send(w, r)
	if a.identity != nil && a.identity.cut() {
		v.options.Observer.HeaderCut()
	}
	v.options.Observer.Answered(endpoint, a.outcome, v.options.Now().Sub(began))
}

// request is a request to an endpoint.
type request struct {
	*http.Request
	endpoint Endpoint
	// rest is what follows the endpoint in the path.
	rest string
	// from is where the request comes from.
	from connection
}

// connection is the connection of a request. It has nothing by which an answer could be sent.
type connection struct{ w http.ResponseWriter }

// setReadDeadline sets a deadline for reading; the zero time for none. Where none can be set, that of the server counts.
func (c connection) setReadDeadline(at time.Time) {
	_ = http.NewResponseController(c.w).SetReadDeadline(at)
}

// handler decides what a request gets. It does not send anything itself, so that whatever it forgets is a refusal.
type handler func(*Verification, request) answer

// handlers are the handlers of all endpoints.
var handlers = [Endpoints]handler{
	EndpointOther:        func(*Verification, request) answer { return notFound() },
	EndpointAuthenticate: (*Verification).authenticate,
	EndpointAuthorize:    (*Verification).authorize,
	EndpointIntrospect:   withForm((*Verification).introspect),
	EndpointRevoke:       withForm((*Verification).revoke),
}

// answerWith returns the answer of a handler. That of one that panics is still the zero answer, a refusal.
func (v *Verification) answerWith(decide handler, r request) (a answer) {
	defer func() {
		if cause := recover(); cause != nil {
			// The cause itself might repeat what a client sent.
			v.options.Log.Error("a request could not be answered: this is a mistake in Latchkey, please report it",
				"cause", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
		}
	}()
	return decide(v, r)
}

// answerAtEndpoint decides what a request gets at its endpoint. While nothing can be told, nobody is refused, either: a
// value that is refused unread would look as if it had been judged.
func (v *Verification) answerAtEndpoint(r request) answer {
	if r.endpoint != EndpointOther && v.options.Cache.CanTell() != nil {
		return answer{}
	}
	return handlers[r.endpoint](v, r)
}

// route returns the endpoint of a request, and what follows it in the path. Paths are taken as the client wrote them:
// nothing is decoded, cleaned or redirected, and the query is ignored.
func route(r *http.Request) (endpoint Endpoint, rest string) {
	if r.Method == http.MethodConnect {
		return EndpointOther, ""
	}
	path, ok := strings.CutPrefix(writtenPath(r.URL), "/v1/")
	if !ok {
		return EndpointOther, ""
	}
	word, rest, more := strings.Cut(path, "/")
	switch {
	case word == "authenticate":
		return EndpointAuthenticate, rest
	case word == "authorize" && more:
		return EndpointAuthorize, rest
	case path == "introspect":
		return EndpointIntrospect, ""
	case path == "revoke":
		return EndpointRevoke, ""
	}
	return EndpointOther, ""
}

// writtenPath returns the path of a URL as it was written. url.URL.EscapedPath would decode it where it holds a character
// that should have been encoded, and encode it anew.
func writtenPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.EscapedPath()
}
