package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// operation is one operation of the management API, as its server, its client and its description share it. In is a
// struct whose fields say by their tags where they stand in a request:
//
//	path:"id"      a segment of the path, as in /v1/groups/{id}
//	query:"limit"  a parameter; absent for the zero value
//	key:""         a tokens.Request, whose identifier is the Idempotency-Key
//	body:""        the JSON document that is the body
//
// Out is the JSON document of the answer, or nothing.
type operation[In, Out any] struct {
	// method and path are what net/http's mux matches.
	method, path string
	// name is the operation's identifier in the description, and summary is its first line there.
	name, summary string
	// creates means that the answer is 201.
	creates bool
}

// nothing is the answer of an operation that has nothing to say: 204, without a body.
type nothing struct{}

// idInput is the input of an operation that needs an identifier and no more.
type idInput struct {
	ID string `path:"id"`
}

// described is what an operation is, whatever its types.
type described struct {
	method, path, name, summary string
	creates                     bool
	in, out                     reflect.Type
}

// describe returns what the operation is.
func (o operation[In, Out]) describe() described {
	return described{o.method, o.path, o.name, o.summary, o.creates, reflect.TypeFor[In](), reflect.TypeFor[Out]()}
}

// status returns the status of a good answer.
func (d described) status() int {
	switch {
	case d.creates:
		return http.StatusCreated
	case d.out == reflect.TypeFor[nothing]():
		return http.StatusNoContent
	}
	return http.StatusOK
}

// endpoint is an operation together with what a server does for it.
type endpoint struct {
	described
	// read reads the input of a request and returns what is then to be done. CodeInvalid.
	read func(r *http.Request) (work, error)
}

// work does what a request asks for, for the backend's principal, and returns the document of the answer.
type work func(ctx context.Context, backend tokens.Backend) (document any, err error)

// served returns the operation with the function by which a server carries it out.
func served[In, Out any](
	o operation[In, Out], do func(ctx context.Context, backend tokens.Backend, in In) (Out, error),
) endpoint {
	return endpoint{o.describe(), func(r *http.Request) (work, error) {
		var in In
		if err := readInput(r, &in); err != nil {
			return nil, err
		}
		return func(ctx context.Context, backend tokens.Backend) (any, error) { return do(ctx, backend, in) }, nil
	}}
}

// endpoints are all operations of the management API.
func endpoints() []endpoint {
	var all []endpoint
	for _, some := range [][]endpoint{
		databaseEndpoints(),
		markEndpoints(),
		callerEndpoints(),
		groupEndpoints(),
		roleEndpoints(),
		memberEndpoints(),
		technicalUserEndpoints(),
		accessTokenEndpoints(),
		accessTokenListEndpoints(),
		regenerationEndpoints(),
		accessTokenStopEndpoints(),
		secretEndpoints(),
		eventEndpoints(),
		historyEndpoints(),
		tokenShareEndpoints(),
		nameEndpoints(),
	} {
		all = append(all, some...)
	}
	return all
}
