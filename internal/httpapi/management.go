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
	// retryAfter is in how many seconds a client may ask again what could not be answered.
	retryAfter = "1"
)

// ManagementOptions say what a Management works with. All but Cache and Log are required.
type ManagementOptions struct {
	// As returns the backend for a principal.
	As func(tokens.Principal) tokens.Backend
	// Cache tells values that no token has, so that nobody can keep the database busy with those. Without one, every value
	// is looked up.
	Cache Cache
	Now   func() time.Time
	// Log is told what an operator should look at; never a secret.
	Log *slog.Logger
}

// Management is the HTTP server of the management API: the operations of tokens.Backend, for whoever presents an access
// token.
type Management struct {
	options ManagementOptions
	mux     *http.ServeMux
	// turns holds an element for each operation that runs.
	turns chan struct{}
	// strangers are those who presented a value that no token has.
	strangers strangers
}

// NewManagement returns a server of the management API.
func NewManagement(options ManagementOptions) *Management {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	m := &Management{options: options, mux: http.NewServeMux(), turns: make(chan struct{}, mostOperations)}
	allowed := map[string]bool{}
	for _, e := range endpoints() {
		m.mux.Handle(e.method+" "+e.path, m.handler(e))
		if !allowed[e.path] {
			allowed[e.path] = true
			m.mux.HandleFunc(e.path, func(w http.ResponseWriter, r *http.Request) {
				sendProblem(w, r, problem{Status: http.StatusMethodNotAllowed, Code: codeNoSuchOperation,
					Detail: "there is no such operation at this address: the description of the API, /openapi.json, has them all"})
			})
		}
	}
	m.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		sendProblem(w, r, problem{Status: http.StatusNotFound, Code: codeNoSuchOperation,
			Detail: "there is nothing at this address: the description of the API, /openapi.json, has all operations"})
	})
	return m
}

// ServeHTTP answers a request.
func (m *Management) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"] = noStore
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodConnect || path.Clean(r.URL.Path) != r.URL.Path { // which the mux would redirect
		sendProblem(w, r, problem{Status: http.StatusNotFound, Code: codeNoSuchOperation,
			Detail: "there is nothing at this address: the description of the API, /openapi.json, has all operations"})
		return
	}
	m.mux.ServeHTTP(w, r)
}

// handler returns what answers requests for an operation.
func (m *Management) handler(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), operationTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = &body{ReadCloser: http.MaxBytesReader(w, r.Body, largestBody)}
		document, saw, err := m.carryOut(e, r)
		if err != nil {
			m.tell(e, err)
			sendProblem(w, r, conceal(problemOf(err), r))
			return
		}
		if saw != "" {
			w.Header().Set(sawHeader, saw)
		}
		sendDocument(w, r, e.status(), document)
	})
}

// carryOut carries an operation out for whoever asks. What panics is unavailable.
func (m *Management) carryOut(e endpoint, r *http.Request) (document any, saw string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			// The cause itself might repeat what a client sent.
			m.options.Log.Error("a request could not be answered: this is a mistake in Latchkey, please report it",
				"operation", e.name, "cause", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			err = tokens.Unavailable(nil, "the operation panicked")
		}
	}()
	if err := m.takeTurn(r.Context()); err != nil {
		return nil, "", err
	}
	defer func() { <-m.turns }()
	backend, err := m.backendFor(e, r)
	if err != nil {
		return nil, "", err
	}
	ctx, witness, err := carried(r.Context(), r.Header)
	if err != nil {
		return nil, "", err
	}
	if err := checkOrganization(ctx, backend, r.Header.Get(organizationHeader)); err != nil {
		return nil, "", err
	}
	document, err = e.answer(ctx, r, backend)
	if err == nil && witness != nil {
		saw = markText(witness.Saw)
	}
	return document, saw, err
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

// tell logs what went wrong, as opposed to what was refused.
func (m *Management) tell(e endpoint, err error) {
	if tokens.ErrorCode(err) == tokens.CodeUnavailable {
		m.options.Log.Warn("an operation could not be carried out", "operation", e.name, "error", tokens.Cleaned(err.Error()))
	}
}

// sendDocument sends what an operation answers.
func sendDocument(w http.ResponseWriter, r *http.Request, status int, document any) {
	if status == http.StatusNoContent {
		leaveUnread(w, r)
		w.WriteHeader(status)
		return
	}
	send(w, r, status, "application/json", document)
}

// sendProblem sends why an operation failed.
func sendProblem(w http.ResponseWriter, r *http.Request, p problem) {
	p.Title = http.StatusText(p.Status)
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", bearerChallenge)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter)
	}
	send(w, r, p.Status, "application/problem+json", p)
}

// send sends a document. The connection ends where not all of the request has been read.
func send(w http.ResponseWriter, r *http.Request, status int, media string, document any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		panic(fmt.Sprintf("%T can't be encoded", document))
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	leaveUnread(w, r)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text.Bytes()) // nobody is left to be told
	}
}

// body is the body of a request, and remembers whether it was read to its end.
type body struct {
	io.ReadCloser
	ended bool
}

// Read reads from the body.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// leaveUnread is LeaveBody for a request whose body was not read to its end.
func leaveUnread(w http.ResponseWriter, r *http.Request) {
	if b, ok := r.Body.(*body); !ok || !b.ended {
		LeaveBody(w, r)
	}
}
