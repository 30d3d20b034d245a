package httpapi

import (
	"net/http"
	"time"
)

// aLongTimeAgo is a deadline that has passed.
var aLongTimeAgo = time.Unix(1, 0)

// closing is the value of Connection that ends it.
var closing = []string{"close"}

// LeaveBody ends the connection after the answer, without waiting for the body that a request announces; if it announces
// none, the connection is kept. Call it before the answer is sent, and don't read the body. Gateways send a request on with
// the length of the client's body, but never the body itself: net/http would wait for it. And nothing that follows on the
// connection may be taken for a request, since it may be such a body, which a client controls.
func LeaveBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || r.ProtoMajor != 1 { // in HTTP/2, a body is of one stream alone
		return
	}
	w.Header()["Connection"] = closing
	connection{w}.setReadDeadline(aLongTimeAgo)
}
