package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// answer is what a request gets. The zero answer is a refusal: it says that nothing could be told. Only the functions in
// this file make others, and only allowed makes one that lets a request pass a gateway.
type answer struct {
	// status is the status code; 0 for the zero answer.
	status  int
	outcome Outcome
	// identity is sent in headers.
	identity *Identity
	// header holds further headers, in canonical form.
	header http.Header
	// json is the body; nil for none.
	json []byte
	// bodyRead means that all of the body of the request has been read.
	bodyRead bool
}

// allowed answers that a token is good, and who asks.
func allowed(identity *Identity) answer {
	return answer{status: http.StatusOK, outcome: OutcomeAllowed, identity: identity}
}

// notFound answers that there is nothing at a path.
func notFound() answer { return answer{status: http.StatusNotFound, outcome: OutcomeInvalid} }

// invalidRequest answers that a request is not as an RFC wants it.
func invalidRequest(status int, description string) answer {
	return answer{status: status, outcome: OutcomeInvalid, json: errorDocument("invalid_request", description)}
}

// errorDocument returns an error response of RFC 6749 section 5.2. The description repeats nothing that a client sent.
func errorDocument(code, description string) []byte {
	document, err := json.Marshal(map[string]string{"error": code, "error_description": description})
	if err != nil {
		return nil
	}
	return document
}

// Values of headers, ready to be sent.
var (
	noStore   = []string{"no-store"}
	noBody    = []string{"0"}
	jsonMedia = []string{"application/json"}
)

// send sends the answer to a request.
func (a answer) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"] = noStore
	if a.identity != nil {
		values := a.identity.values()
		for i, name := range identityHeaders {
			h[name] = values[i : i+1 : i+1]
		}
	}
	for name, values := range a.header {
		h[name] = values
	}
	if !a.bodyRead {
		LeaveBody(w, r)
	}
	switch {
	case a.json != nil:
		h["Content-Type"] = jsonMedia
		h["Content-Length"] = []string{strconv.Itoa(len(a.json))}
	case r.Method == http.MethodHead:
		h["Content-Length"] = noBody // net/http adds it to all other answers
	}
	if a.status == 0 {
		a.status = http.StatusServiceUnavailable
	}
	w.WriteHeader(a.status)
	if a.json != nil {
		_, _ = w.Write(a.json) // nobody is left to be told
	}
}
