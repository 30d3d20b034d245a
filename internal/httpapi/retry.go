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
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// connectTimeout is how long a client waits for a connection, and for its handshake.
	connectTimeout = 10 * time.Second
	// answerTimeout is how long it waits for one answer. It is longer than a server takes for any operation.
	answerTimeout = 40 * time.Second
	// largestAnswer is the size in bytes of the largest answer that it reads.
	largestAnswer = 64 << 20
	// longestWait is how long it waits at most because a server asks it to.
	longestWait = time.Minute
	// mostConnections is how many connections it keeps: as many operations as Terraform runs at once, and more.
	mostConnections = 32
)

// retries say how often a client asks again, and how long it waits before: at first about least, and at most about most.
type retries struct {
	most, least time.Duration
	count       int
}

// usualRetries take about ten seconds together.
var usualRetries = retries{least: 200 * time.Millisecond, most: 4 * time.Second, count: 6}

// newRetrying returns an HTTP client that asks again where that is safe. Every operation is: creations and regenerations
// have a request id, and what else changes something has the same effect twice.
func newRetrying(r *retries) *retryablehttp.Client {
	if r == nil {
		r = &usualRetries
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: answerTimeout,
		MaxIdleConnsPerHost:   mostConnections,
		IdleConnTimeout:       time.Minute,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     wholeAnswers{transport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryWaitMin: r.least, RetryWaitMax: r.most, RetryMax: r.count,
		CheckRetry: mayAskAgain, Backoff: wait, ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// wholeAnswers reads each answer to its end, so that one which breaks off is an error of the exchange like any other.
type wholeAnswers struct{ next http.RoundTripper }

// errTooLarge says that an answer is larger than any.
var errTooLarge = errors.New("the answer is too large")

// RoundTrip implements http.RoundTripper.
func (w wholeAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	resp, err := w.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer+1))
	_ = resp.Body.Close() // what matters has been read
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
	// lost means that the server may have carried out what an attempt asked for, without its answer coming back.
	lost bool
}

type attemptsKey struct{}

func withAttempts(ctx context.Context, a *attempts) context.Context {
	return context.WithValue(ctx, attemptsKey{}, a)
}

// mayAskAgain is a retryablehttp.CheckRetry.
func mayAskAgain(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	a, _ := ctx.Value(attemptsKey{}).(*attempts)
	if err != nil {
		if isCertificate(err) || errors.Is(err, errTooLarge) {
			return false, err
		}
		if operation, ok := errors.AsType[*net.OpError](err); a != nil && (!ok || operation.Op != "dial") {
			a.lost = true
		}
		return true, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true, nil
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if a != nil {
			a.lost = true
		}
		return true, nil
	}
	return false, nil
}

// wait is a retryablehttp.Backoff: what the server asks for; else twice as long each time, and up to half of that less, so
// that clients which failed together don't come back together.
func wait(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(least, most, attempt, resp)
	if resp != nil && resp.Header.Get("Retry-After") != "" {
		return min(wait, longestWait)
	}
	return wait - rand.N(wait/2+1)
}

// isCertificate reports whether an error says that the server is not who it should be.
func isCertificate(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, named := errors.AsType[x509.HostnameError](err)
	return is || unknown || named
}

// readAll returns the body of an answer, which the transport has read.
func readAll(resp *http.Response) ([]byte, error) { return io.ReadAll(resp.Body) }

// unreachable is the error of an exchange without an answer. It does not repeat the request.
func (c *Client) unreachable(ctx context.Context, err error) error {
	at := c.options.Endpoint.Redacted()
	switch {
	case ctx.Err() != nil:
		return tokens.Unavailable(ctx.Err(), "the server at %s was not waited for any longer", at)
	case isCertificate(err):
		return tokens.Unavailable(causeOf(err), "the server at %s does not prove who it is, so it was not asked", at).
			Because(tokens.ReasonCertificate)
	}
	return tokens.Unavailable(causeOf(err), "the server at %s can't be reached, or its answer was lost", at).
		Because(tokens.ReasonUnreachable)
}

// causeOf returns what went wrong below package http, whose errors hold the whole address.
func causeOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if _, ok := errors.AsType[*net.OpError](err); inner == nil || !ok {
			return err
		}
		if _, ok := err.(*net.OpError); ok { //nolint:errorlint // the outermost that is one
			return err
		}
		err = inner
	}
}
