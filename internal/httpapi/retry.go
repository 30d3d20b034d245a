package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// connectTimeout is how long a client waits for a connection, and for its handshake.
	connectTimeout = 10 * time.Second
	// answerTimeout is how long it waits for one answer. It is longer than a server takes for any operation.
	answerTimeout = 40 * time.Second
	// largestAnswer is the size in bytes of the largest answer that it reads, and largestHead that of its head.
	largestAnswer = 64 << 20
	largestHead   = 1 << 20
	// longestWait is how long it waits at most because a server asks it to.
	longestWait = time.Minute
	// mostConnections is how many connections it keeps: as many operations as Terraform runs at once, and more.
	mostConnections = 32
)

// retries say how often a client asks again, and how long it waits before: at first about least, and at most about most.
type retries struct {
	least, most time.Duration
	count       int
	// answer is how long the client waits for one answer, and altogether how long after the first attempt it begins another.
	answer, altogether time.Duration
}

// usualRetries take about ten seconds together, where the server refuses connections. A server that hangs is given up
// after two minutes and one more answer.
var usualRetries = retries{
	least: 200 * time.Millisecond, most: 4 * time.Second, count: 6, answer: answerTimeout, altogether: 2 * time.Minute,
}

// newRetrying returns an HTTP client that asks again where that is safe. Every operation is: creations and regenerations
// have a request id, and what else changes something has the same effect twice.
func newRetrying(r *retries, now func() time.Time) *retryablehttp.Client {
	if r == nil {
		r = &usualRetries
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		MaxResponseHeaderBytes: largestHead,
		MaxIdleConnsPerHost:    mostConnections,
		IdleConnTimeout:        time.Minute,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     wholeAnswers{transport, r.answer},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryWaitMin: r.least, RetryWaitMax: r.most, RetryMax: r.count,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			return mayAskAgain(ctx, resp, err) && now().Sub(attemptsOf(ctx).began) < r.altogether, ctx.Err()
		},
		Backoff: func(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
			return wait(least, most, attempt, resp, now())
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// wholeAnswers reads each answer to its end, so that one which breaks off is an error of the exchange like any other.
type wholeAnswers struct {
	next http.RoundTripper
	// within is how long an answer may take.
	within time.Duration
}

// errTooLarge says that an answer is larger than any.
var errTooLarge = errors.New("the answer is too large")

// RoundTrip implements http.RoundTripper.
func (w wholeAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), w.within)
	defer cancel()
	a := attemptsOf(ctx)
	a.connected = false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected = true },
	})
	resp, err := w.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // what matters has been read
	if resp.ContentLength > largestAnswer {
		return nil, errTooLarge
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer+1))
	if err == nil && len(text) > largestAnswer {
		err = errTooLarge
	}
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, nil
}

// attempts is what happened in the attempts at one exchange.
type attempts struct {
	// began is when the first one did.
	began time.Time
	// connected means that the present one has a connection. Without one, nothing was sent.
	connected bool
	// lost means that the server may have carried out what an attempt asked for, without its answer coming back.
	lost bool
}

type attemptsKey struct{}

func withAttempts(ctx context.Context, a *attempts) context.Context {
	return context.WithValue(ctx, attemptsKey{}, a)
}

// attemptsOf returns the attempts at the exchange of a context, which each has.
func attemptsOf(ctx context.Context) *attempts {
	return ctx.Value(attemptsKey{}).(*attempts) //nolint:errcheck,forcetypeassert // by withAttempts
}

// mayAskAgain judges an attempt: whether another one may do better, and whether the server may have carried out what this
// one asked for.
func mayAskAgain(ctx context.Context, resp *http.Response, err error) bool {
	a := attemptsOf(ctx)
	if err != nil {
		a.lost = a.lost || a.connected
		return !isCertificate(err) && !errors.Is(err, errTooLarge) && !errors.Is(err, http.ErrSchemeMismatch)
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return true
	case resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode >= 500:
		a.lost = true
		return true
	}
	return false
}

// wait returns how long to wait before an attempt: twice as long each time, and up to half of that less, so that clients
// which failed together don't come back together; but not less than the server asks for.
func wait(least, most time.Duration, attempt int, resp *http.Response, now time.Time) time.Duration {
	wait := min(least<<min(attempt, 16), most)
	wait -= rand.N(wait/2 + 1) //nolint:gosec // nobody gains by guessing it
	if resp == nil {
		return wait
	}
	return max(wait, askedToWait(resp.Header, now))
}

// askedToWait returns how long the Retry-After of an answer asks to wait, at most longestWait; zero for no such header, or
// for one that means nothing. A date counts from that of the answer, since the clocks of two machines differ.
func askedToWait(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, longestWait)
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return min(max(until.Sub(now), 0), longestWait)
}

// isCertificate reports whether an error says that the server is not who it should be.
func isCertificate(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, named := errors.AsType[x509.HostnameError](err)
	return is || unknown || named
}

// unanswered is the error of an exchange without an answer. It does not repeat the request.
func (c *Client) unanswered(ctx context.Context, d described, a *attempts, err error) error {
	at := c.options.Endpoint.Redacted()
	perhaps := ""
	if a.lost && d.method != http.MethodGet {
		perhaps = "; it may have carried the operation out"
	}
	switch {
	case ctx.Err() != nil:
		return tokens.Unavailable(ctx.Err(), "the server at %s was not waited for any longer%s", at, perhaps)
	case isCertificate(err):
		return tokens.Unavailable(c.causeOf(err), "the server at %s does not prove who it is, so it was not asked", at).
			Because(tokens.ReasonCertificate)
	case errors.Is(err, errTooLarge):
		return tokens.Unavailable(nil, "the server at %s answers with more than %d MiB, which no answer of Latchkey has%s",
			at, largestAnswer>>20, perhaps).Because(tokens.ReasonForeignAnswer)
	case errors.Is(err, http.ErrSchemeMismatch):
		return tokens.Unavailable(nil, "the server at %s speaks plain HTTP and no TLS, so it was not asked", at).
			Because(tokens.ReasonUnreachable)
	case a.lost:
		return tokens.Unavailable(c.causeOf(err), "the server at %s does not answer%s", at, perhaps).
			Because(tokens.ReasonUnreachable)
	}
	return tokens.Unavailable(c.causeOf(err), "the server at %s can't be reached", at).Because(tokens.ReasonUnreachable)
}

// causeOf returns what went wrong below package http, whose errors hold the whole address. What the server sent may stand
// in it, but not the access token.
func (c *Client) causeOf(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	_, ofNetwork := errors.AsType[*net.OpError](err)
	switch {
	case !ofNetwork && errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection ended before the answer did")
	case strings.Contains(err.Error(), c.options.Token.Reveal()):
		return errors.New("it sends back what it was sent")
	}
	return err
}
