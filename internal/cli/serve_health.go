package cli

import (
	"io"
	"net/http"
	"sync/atomic"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
)

// health reports whether the server lives, and whether it may be asked.
type health struct {
	// ready returns why the server may not be asked; nil if it may.
	ready func() error
	// degraded returns what is wrong although the server may be asked; empty for nothing.
	degraded func() string
	// draining is set once the server is about to end.
	draining atomic.Bool
}

// live answers /healthz: whoever gets an answer knows that the process lives. It looks at nothing else, so that nobody
// starts the server anew where its database is what fails.
func (*health) live(w http.ResponseWriter, _ *http.Request) { answerHealth(w, http.StatusOK, "alive") }

// mayBeAsked answers /readyz.
func (h *health) mayBeAsked(w http.ResponseWriter, _ *http.Request) {
	if h.draining.Load() {
		answerHealth(w, http.StatusServiceUnavailable, "the server is about to end")
		return
	}
	if err := h.ready(); err != nil {
		answerHealth(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	text := "ready"
	if problem := h.degraded(); problem != "" {
		text += "\nchanges are looked for more often, since notifications of them don't come: " + problem
	}
	answerHealth(w, http.StatusOK, text)
}

func answerHealth(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// operations are the paths for those who run the server.
type operations map[string]http.HandlerFunc

// beside returns a handler that answers the paths, to GET and HEAD and without reading a body, and leaves every other
// request to the next one, as it came: http.ServeMux would clean and redirect paths.
func (o operations) beside(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := o[r.URL.Path]
		switch {
		case answer == nil || r.URL.RawPath != "" || r.Method == http.MethodConnect: // with escapes it is another path
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			httpapi.LeaveBody(w, r)
			answer(w, r)
		default:
			httpapi.LeaveBody(w, r)
			w.Header().Set("Allow", "GET, HEAD")
			answerHealth(w, http.StatusMethodNotAllowed, "only GET and HEAD are answered here")
		}
	})
}

// answerNothing answers a request for what is not there.
func answerNothing(w http.ResponseWriter, r *http.Request) {
	httpapi.LeaveBody(w, r)
	http.NotFound(w, r)
}
