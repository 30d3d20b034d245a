package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// mostOperations is how many operations run at once, and turnTimeout how long a further one waits for its turn.
	mostOperations = 64
	turnTimeout    = 2 * time.Second
	// operationTimeout is how long an operation may take. It is longer than a change waits for its turn in the database,
	// and shorter than the server waits for an answer.
	operationTimeout = 25 * time.Second
	// mostOfStrangers is how many bytes of a body are read, for the event, where nobody asks who may ask: anybody could send
	// as many bodies at once as the server has memory for.
	mostOfStrangers = 16 << 10
	// mostLarge is how many bodies of more than smallBody bytes are read at once. Each waits in the memory for its end, and who
	// sends slowly may have many.
	mostLarge, smallBody = 32, 64 << 10
	// lateBody is how long an answer waits for the rest of a body that nobody reads.
	lateBody = 500 * time.Millisecond
	// retryAfter is in how many seconds a client may ask again what could not be answered.
	retryAfter = "1"
)

// ManagementOptions say what a Management works with. As and Now are required.
type ManagementOptions struct {
	// As returns the backend for a principal.
	As func(tokens.Principal) tokens.Backend
	// Cache tells values that no token has, so that nobody can keep the database busy with those. Without one, every value
	// is looked up.
	Cache Cache
	Now   func() time.Time
	// Location is where the database is, as errors tell it. No answer does.
	Location string
	// Log is told what an operator should look at; never a secret.
	Log *slog.Logger
	// Observer is told about every request.
	Observer ManagementObserver
	// Version is that of the program, for the description of the API.
	Version string
}

// Management is the HTTP server of the management API: the operations of tokens.Backend, for whoever presents an access
// token.
type Management struct {
	options ManagementOptions
	mux     *http.ServeMux
	// turns holds an element for each operation that runs.
	turns chan struct{}
	// large holds an element for each large body that is read, and stays until its request is answered.
	large chan struct{}
	// refusals are those of who may ask for nothing, and crowds are those of large bodies.
	refusals, crowds refusals
}

// NewManagement returns a server of the management API.
func NewManagement(options ManagementOptions) *Management {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Observer == nil {
		options.Observer = unobserved{}
	}
	m := &Management{options: options, mux: http.NewServeMux(),
		turns: make(chan struct{}, mostOperations), large: make(chan struct{}, mostLarge)}
	for _, e := range endpoints() {
		m.mux.Handle(e.method+" "+e.path, m.handler(e))
	}
	description := sync.OnceValue(func() []byte { return encoded(describeAPI(options.Version)) })
	m.mux.HandleFunc("GET "+openAPIPath, func(w http.ResponseWriter, r *http.Request) {
		m.send(w, r, http.StatusOK, "application/json", description())
	})
	return m
}

// ServeHTTP answers a request.
func (m *Management) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"] = noStore
	h.Set("X-Content-Type-Options", "nosniff")
	if expects := r.Header.Get(expectsHeader); expects != "" {
		if _, err := parseMark(expects); err == nil {
			h.Set(expectsHeader, expects)
		}
	}
	b := &body{ReadCloser: http.MaxBytesReader(w, r.Body, largestBody), large: m.large}
	defer b.release()
	r.Body = b
	if p := r.URL.Path; r.Method == http.MethodConnect || !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		m.sendNoOperation(w, r, nil) // the mux would redirect
		return
	}
	if unmatched, pattern := m.mux.Handler(r); pattern == "" {
		answer := head{header: http.Header{}}
		unmatched.ServeHTTP(&answer, r)
		m.sendNoOperation(w, r, answer.header["Allow"])
		return
	}
	m.mux.ServeHTTP(w, r)
}

// head keeps the headers of an answer and nothing else.
type head struct{ header http.Header }

func (h *head) Header() http.Header       { return h.header }
func (*head) Write(p []byte) (int, error) { return len(p), nil }
func (*head) WriteHeader(int)             {}

// sendNoOperation answers a request that asks for no operation. There are others at its address if methods are allowed.
func (m *Management) sendNoOperation(w http.ResponseWriter, r *http.Request, allowed []string) {
	began := m.options.Now()
	p := problem{Status: http.StatusNotFound, Code: codeNoSuchOperation,
		Detail: "there is nothing at this address: the description of the API, " + openAPIPath + ", has all operations"}
	if len(allowed) > 0 {
		p.Status = http.StatusMethodNotAllowed
		p.Detail = "there is no such operation at this address: the description of the API, " + openAPIPath + ", has them all"
		w.Header()["Allow"] = allowed
	}
	m.sendProblem(w, r, p)
	m.options.Observer.OperationAnswered("", p.Code, m.options.Now().Sub(began))
}

// handler returns what answers requests for an operation.
func (m *Management) handler(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := m.options.Now()
		ctx, cancel := context.WithTimeout(r.Context(), operationTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		code := ""
		if text, saw, err := m.carryOut(e, r); err != nil {
			sent := concealing(e.described, r, bodyOf(r).text)
			m.tell(ctx, e, err, sent)
			p := sent.concealed(problemOf(err), m.options.Location)
			code = p.Code
			m.sendProblem(w, r, p)
		} else {
			if saw != "" {
				w.Header().Set(sawHeader, saw)
			}
			m.send(w, r, e.status(), "application/json", text)
		}
		m.options.Observer.OperationAnswered(e.name, code, m.options.Now().Sub(began))
	})
}

// carryOut carries an operation out for whoever asks, and returns the text of the answer's document. What panics is
// unavailable.
func (m *Management) carryOut(e endpoint, r *http.Request) (text []byte, saw string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			// The cause itself might repeat what a client sent.
			m.options.Log.Error("a request could not be answered: this is a mistake in Latchkey, please report it",
				"operation", e.name, "cause", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			err = tokens.Unavailable(nil, "the operation panicked")
		}
	}()
	asks, err := m.askerOf(r)
	if err != nil {
		return nil, "", err
	}
	if asks.refusal != nil {
		bodyOf(r).most = mostOfStrangers
	}
	about := refusedOperation{e.name, asks.tokenID}
	if asks.refusal != nil && e.name == revokeSecret.name {
		asks = asks.withPossession(func() bool { return m.refusals.isFirst(about, m.options.Now()) })
	}
	if asks.refusal != nil && m.refusals.has(about, m.options.Now()) {
		return nil, "", asks.refusal
	}
	// Nobody waits for a turn because somebody else sends slowly.
	asked, err := read(e, r)
	if asks.refusal != nil && (err != nil || !m.refusals.isFirst(about, m.options.Now())) {
		return nil, "", asks.refusal // what can't be read leaves the one event to others
	}
	if err != nil {
		return nil, "", err
	}
	ctx := asked.ctx
	if err := m.takeTurn(ctx); err != nil {
		return nil, "", err
	}
	defer func() { <-m.turns }()
	if err := checkOrganization(ctx, asks.backend, r.Header.Get(organizationHeader)); err != nil {
		return nil, "", err
	}
	document, err := asked.do(ctx, asks.backend)
	if err != nil {
		return nil, "", err
	}
	if asked.witness != nil {
		saw = markText(asked.witness.Saw)
	}
	if e.status() != http.StatusNoContent {
		text = encoded(document)
	}
	return text, saw, nil
}

// asked is what a request asks for.
type asked struct {
	ctx     context.Context // that of the request, with what it carries
	witness *tokens.Witness
	do      work
}

// read reads what a request asks for. CodeInvalid.
func read(e endpoint, r *http.Request) (a asked, err error) {
	if a.ctx, a.witness, err = carried(r.Context(), r.Header); err != nil {
		return a, err
	}
	a.do, err = e.read(r)
	return a, err
}

// takeTurn waits until the operation may run.
func (m *Management) takeTurn(ctx context.Context) error {
	patience := time.NewTimer(turnTimeout)
	defer patience.Stop()
	select {
	case m.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return tokens.Unavailable(ctx.Err(), "the client went away")
	case <-patience.C:
		return tokens.Unavailable(nil, "too many operations run already")
	}
}

// checkOrganization refuses to work for another organization than the client names; empty for any.
func checkOrganization(ctx context.Context, b tokens.Backend, wanted string) error {
	if wanted == "" {
		return nil
	}
	database, err := b.Database(ctx)
	if err != nil || database.Organization == wanted {
		return err
	}
	return tokens.Invalid("organization", "this server works for organization %q", database.Organization).
		Because(tokens.ReasonOtherOrganization)
}

// tell logs what went wrong, as opposed to what was refused, unless the client no longer waits for it. That there are too
// many large bodies it says once a minute, or those who send them would fill the log.
func (m *Management) tell(ctx context.Context, e endpoint, err error, sent concealer) {
	if tokens.ErrorCode(err) != tokens.CodeUnavailable || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if errors.Is(err, errCrowded) && !m.crowds.isFirst(refusedOperation{operation: e.name}, m.options.Now()) {
		return
	}
	m.options.Log.Warn("an operation could not be carried out",
		"operation", e.name, "error", sent.conceal(tokens.Cleaned(err.Error()), "", leastPlain))
}

// sendProblem sends why an operation failed.
func (m *Management) sendProblem(w http.ResponseWriter, r *http.Request, p problem) {
	p.Title = http.StatusText(p.Status)
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", bearerChallenge)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter)
	}
	m.send(w, r, p.Status, "application/problem+json", encoded(p))
}

// encoded returns the text of a document.
func encoded(document any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(toBeSent(document)); err != nil {
		panic(fmt.Sprintf("%T can't be encoded", document))
	}
	return text.Bytes()
}

// send sends a text; nil for none.
func (m *Management) send(w http.ResponseWriter, r *http.Request, status int, media string, text []byte) {
	m.leaveUnread(w, r)
	if text == nil {
		w.WriteHeader(status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // nobody is left to be told
	}
}

// body is the body of a request.
type body struct {
	io.ReadCloser
	// text is what readAll has read of it.
	text []byte
	// count is how many bytes were read of it, and ended says that these were all.
	count int
	ended bool
	// most is how many bytes are read of it; zero for all.
	most int
	// large has room for an element for each large body, and isLarge says that this one has its own there.
	large   chan struct{}
	isLarge bool
}

// bodyOf returns the body of a request, which ServeHTTP has put there.
func bodyOf(r *http.Request) *body {
	return r.Body.(*body) //nolint:errcheck,forcetypeassert // by ServeHTTP
}

// errCrowded says that a large body is not read, because others are.
var errCrowded = errors.New("too many large bodies are read already")

// release makes room for another large body.
func (b *body) release() {
	if b.isLarge {
		<-b.large
	}
}

// Read reads from the body.
func (b *body) Read(p []byte) (int, error) {
	if b.most > 0 {
		left := b.most - b.count
		if left <= 0 {
			return 0, &http.MaxBytesError{Limit: int64(b.most)}
		}
		p = p[:min(len(p), left)]
	}
	if !b.isLarge && b.count > smallBody {
		select {
		case b.large <- struct{}{}:
			b.isLarge = true
		default:
			return 0, errCrowded
		}
	}
	n, err := b.ReadCloser.Read(p)
	b.count += n
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// readAll reads the body and keeps what it read, also where it doesn't come to the end.
func (b *body) readAll() ([]byte, error) {
	var err error
	b.text, err = io.ReadAll(b)
	return b.text, err
}

// leaveUnread ends the connection after the answer where the request has more of a body. What has come of that, or comes
// soon, is read first: the end of a connection with unread data can take the answer with it, and a client whose token has
// ended would see a server that can't be reached.
func (m *Management) leaveUnread(w http.ResponseWriter, r *http.Request) {
	b := bodyOf(r)
	if b.ended || r.ContentLength == 0 {
		return
	}
	if r.Header.Get("Expect") == "" { // else the client sends it only if it is asked to
		b.skip(connection{w})
	}
	if !b.ended {
		LeaveBody(w, r)
	}
}

// skip reads a body until it ends, is too large or is late.
func (b *body) skip(from connection) {
	late := make(chan struct{})
	timer := time.AfterFunc(lateBody, func() {
		defer close(late)
		from.setReadDeadline(aLongTimeAgo)
	})
	_, err := io.Copy(io.Discard, b.ReadCloser)
	b.ended = err == nil
	if !timer.Stop() {
		<-late
		b.ended = false // whatever is read next on the connection may meet the deadline, too
	}
}
