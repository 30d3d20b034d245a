package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ClientOptions say which server a Client asks, and as whom. Endpoint, Token and Now are required.
type ClientOptions struct {
	// Endpoint is the address of the server; see ParseEndpoint.
	Endpoint *url.URL
	// Token is the access token by which the client asks.
	Token tokens.Secret
	// Organization is the name that the server's organization must have; empty for any.
	Organization string
	// ClaimedRun is the run of a pipeline in which the client claims to work; empty for none.
	ClaimedRun string
	// Product names the program that asks, with its version, as in latchkey/1.2.3.
	Product string
	Now     func() time.Time
	// Changing is called before and after every operation that may change something; nil for nothing.
	Changing func()
	// retries replaces how often and when a client asks again, in tests.
	retries *retries
}

var _ tokens.Backend = (*Client)(nil)

// Client is a tokens.Backend on another machine.
type Client struct {
	options ClientOptions
	http    *retryablehttp.Client
}

// NewClient returns a client. It connects when it is first asked for something.
func NewClient(options ClientOptions) *Client {
	return &Client{options, newRetrying(options.retries, options.Now)}
}

// Close ends the connections that are not in use.
func (c *Client) Close() error {
	c.http.HTTPClient.CloseIdleConnections()
	return nil
}

// ParseEndpoint reads the address of a server: https, or http where it is on this machine or isInsecure says that plain
// HTTP may leave it. The address may have a path, below which the API is. CodeInvalid.
func ParseEndpoint(field, text string, isInsecure bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return nil, tokens.Invalid(field, "it is not the address of a server: write it as in \"https://latchkey.example.com\"")
	case u.User != nil:
		return nil, tokens.Invalid(field,
			"the address holds a user name or password: leave it out, and pass the access token by itself")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, tokens.Invalid(field, "the address has a query or a fragment: end it with the path")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, tokens.Invalid(field, "the address must begin with https:// or, on this machine, http://")
	case u.Scheme == "http" && !isInsecure && !isLoopback(u.Hostname()):
		return nil, tokens.Invalid(field, "plain HTTP shows the access token to everybody on the way to %s: use https://", u.Host).
			Because(tokens.ReasonPlainHTTP)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ask carries out an operation on the server.
func ask[In, Out any](ctx context.Context, c *Client, o operation[In, Out], in In) (out Out, err error) {
	out, _, err = askLosing(ctx, c, o, in)
	return out, err
}

// askLosing is ask that also reports whether the server may have carried out the operation already before it answered.
func askLosing[In, Out any](ctx context.Context, c *Client, o operation[In, Out], in In) (out Out, lost bool, err error) {
	text, lost, err := c.send(ctx, o.describe(), in)
	if err != nil || o.describe().out == reflect.TypeFor[nothing]() {
		return out, lost, err
	}
	if err := readAnswer(text, in, &out); err != nil {
		var none Out
		return none, lost, unreadable(err)
	}
	return out, lost, nil
}

// end is ask for an operation that ends something. Where an answer was lost and the server then says that there is
// nothing to be ended, it was this client that ended it.
func end[In any](ctx context.Context, c *Client, o operation[In, nothing], in In) error {
	_, lost, err := askLosing(ctx, c, o, in)
	if lost && tokens.ErrorCode(err) == tokens.CodeNotFound {
		return nil
	}
	return err
}

// send sends a request for an operation, again where that is safe, and returns the body of the answer. lost means that
// the server may have carried it out already before the answer, or the error, that is returned.
func (c *Client) send(ctx context.Context, d described, in any) (text []byte, lost bool, err error) {
	if c.options.Changing != nil && d.method != http.MethodGet {
		c.options.Changing()
		defer c.options.Changing()
	}
	w := tokens.WitnessOf(ctx)
	text, saw, lost, err := c.exchange(ctx, d, in)
	if err != nil {
		return nil, lost, w.Unreached(err)
	}
	if w != nil {
		if w.Saw, err = parseMark(saw); err != nil {
			return nil, lost, unreadable(err)
		}
	}
	return text, lost, nil
}

// exchange sends a request and returns the body of a good answer with what it says of the database.
func (c *Client) exchange(ctx context.Context, d described, in any) (text []byte, saw string, lost bool, err error) {
	plain, err := writeInput(c.options.Endpoint, d, in)
	if tokens.ErrorCode(err) == tokens.CodeInvalid {
		return nil, "", false, err
	}
	if err != nil {
		return nil, "", false, tokens.Unavailable(err, "the request can't be written")
	}
	h := plain.Header
	h.Set("Authorization", "Bearer "+c.options.Token.Reveal())
	h.Set("Accept", "application/json, application/problem+json")
	h.Set("User-Agent", c.options.Product)
	if c.options.ClaimedRun != "" {
		h.Set(runHeader, url.PathEscape(c.options.ClaimedRun))
	}
	if c.options.Organization != "" {
		h.Set(organizationHeader, c.options.Organization)
	}
	carry(ctx, h)
	attempts := &attempts{began: c.options.Now()}
	r, err := retryablehttp.FromRequest(plain.WithContext(withAttempts(ctx, attempts)))
	if err != nil {
		return nil, "", false, tokens.Unavailable(err, "the request can't be written")
	}
	resp, err := c.http.Do(r)
	lost = attempts.lost
	if err == nil {
		defer resp.Body.Close() //nolint:errcheck // the transport has read it
		text, err = io.ReadAll(resp.Body)
	}
	if err != nil {
		return nil, "", lost, c.unanswered(ctx, d, attempts, err)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isJudged := resp.Header.Get(expectsHeader) == h.Get(expectsHeader)
	switch {
	case resp.StatusCode == d.status() && (media == "application/json" || resp.StatusCode == http.StatusNoContent):
		if !isJudged {
			return nil, "", lost, c.unjudged()
		}
		return text, resp.Header.Get(sawHeader), lost, nil
	case media == "application/problem+json":
		var p problem
		if json.Unmarshal(text, &p) == nil && p.Status == resp.StatusCode && !c.repeatsSecret(p, plain) {
			e := reveal(p, d, in).err()
			if e != nil && e.Code == tokens.CodeNotFound && !isJudged {
				return nil, "", lost, c.unjudged()
			}
			if e != nil {
				return nil, "", lost, e
			}
		}
	}
	return nil, "", lost, c.foreign(resp)
}

// leastRepeated is the length in bytes from which a value is looked for in a problem. Every secret is longer; what is shorter
// may be a word of the text.
const leastRepeated = 16

// repeatsSecret reports whether a problem repeats the access token, or the value of one, that a request had. None of the API
// does, and its text would be shown to people and kept by pipelines.
func (c *Client) repeatsSecret(p problem, sent *http.Request) bool {
	secrets := []string{c.options.Token.Reveal()}
	if body, err := sent.GetBody(); err == nil {
		var document struct {
			Token string `json:"token"`
		}
		if json.NewDecoder(body).Decode(&document) == nil && document.Token != "" {
			secrets = append(secrets, document.Token)
		}
	}
	text := string(encoded(p))
	return slices.ContainsFunc(secrets, func(s string) bool { return len(s) >= leastRepeated && strings.Contains(text, s) })
}

// foreign is the error of an answer that is none of the API's. Nothing is known about the object, whatever the status.
func (c *Client) foreign(resp *http.Response) error {
	hint := "the endpoint may be wrong, or what stands in front of the server answered in its place"
	switch {
	case resp.StatusCode/100 == 3:
		hint = "the address redirects to another one, which is not followed since the access token would go there: name the " +
			"final address"
	case resp.StatusCode == http.StatusBadRequest && c.options.Endpoint.Scheme == "http":
		hint = "the server may speak TLS, so that its address begins with https://"
	case resp.StatusCode == http.StatusNotFound:
		hint = "the endpoint may be wrong, the server may be managed at another address than the one where it verifies, or what " +
			"stands in front of it answered in its place"
	case resp.StatusCode >= 502 && resp.StatusCode <= 504:
		hint = "what stands in front of the server can't reach it, or the endpoint is wrong"
	}
	return tokens.Unavailable(nil, "%s answers with status %d, which is no answer of Latchkey: %s",
		c.options.Endpoint.Redacted(), resp.StatusCode, hint).Because(tokens.ReasonForeignAnswer)
}

// unjudged is the error of an answer that would hold only for the database that the client expects, from a server that
// was not told which one that is.
func (c *Client) unjudged() error {
	return tokens.Unavailable(nil, "%s was not told, or does not say, from which database it answers: what stands in front of "+
		"the server must pass on the headers whose names begin with Latchkey-", c.options.Endpoint.Redacted()).
		Because(tokens.ReasonForeignAnswer)
}

// unreadable is the error of an answer that can't be read.
func unreadable(cause error) error {
	return tokens.Unavailable(nil, "the server's answer can't be read (%T): its version may not fit this program's", cause)
}
