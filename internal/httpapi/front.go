package httpapi

import "net/http"

// Front answers at one address what a verification and a management answer: requests for the endpoints of verification go
// to that, all others to the management.
func Front(v *Verification, m *Management) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if endpoint, _ := route(r); endpoint != EndpointOther || writtenPath(r.URL) == "*" {
			v.ServeHTTP(w, r)
			return
		}
		m.ServeHTTP(w, r)
	})
}
