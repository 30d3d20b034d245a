package httpapi

import (
	"slices"
	"time"
)

// Endpoint is what a request asks. Endpoints count from 0, so that an array can hold something for each.
type Endpoint int

// The endpoints.
const (
	// EndpointOther is every path that is none of the others.
	EndpointOther Endpoint = iota
	EndpointAuthenticate
	EndpointAuthorize
	EndpointIntrospect
	EndpointRevoke
	// Endpoints is how many endpoints there are.
	Endpoints
)

// String returns the name of the endpoint for metrics.
func (e Endpoint) String() string {
	return [...]string{"other", "authenticate", "authorize", "introspect", "revoke"}[e]
}

// Outcome is what a request got. Outcomes count from 0, like endpoints.
type Outcome int

// The outcomes. The first is that of a request about which nothing else was decided.
const (
	// OutcomeUnavailable: nothing could be told.
	OutcomeUnavailable Outcome = iota
	// OutcomeAllowed: the token is good, and may do what was asked; or it was revoked.
	OutcomeAllowed
	// OutcomeRefused: there is no good token.
	OutcomeRefused
	// OutcomeForbidden: the token is good, but may not do what was asked.
	OutcomeForbidden
	// OutcomeInvalid: the request can't be understood.
	OutcomeInvalid
	// Outcomes is how many outcomes there are.
	Outcomes
)

// String returns the name of the outcome for metrics.
func (o Outcome) String() string {
	return [...]string{"unavailable", "allowed", "refused", "forbidden", "invalid"}[o]
}

// Observer learns what a Verification did. Its methods may be called from several goroutines at once, once for each
// request, and should return at once.
type Observer interface {
	// Answered says what a request got, and how long that took.
	Answered(endpoint Endpoint, outcome Outcome, took time.Duration)
	// HeaderCut says that an answer lacked roles or permissions, since its head would have been too long.
	HeaderCut()
}

// ManagementObserver learns what a Management did. Its method may be called from several goroutines at once, and should
// return at once.
type ManagementObserver interface {
	// OperationAnswered says which operation was asked for, empty where there is no such operation; the code of the problem
	// that it met, empty for none; and how long that took.
	OperationAnswered(operation, code string, took time.Duration)
}

// Operations returns the names of all operations of the management API, each with its method.
func Operations() map[string]string {
	methods := map[string]string{}
	for _, e := range endpoints() {
		methods[e.name] = e.method
	}
	return methods
}

// ProblemCodes returns the codes of all problems that an operation can meet.
func ProblemCodes() []string {
	codes := []string{codeUnauthenticated, codeSecretAlreadyShown}
	for code := range statuses {
		codes = append(codes, string(code))
	}
	slices.Sort(codes)
	return codes
}
