package httpapi

import (
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// problem is the answer of an operation that failed: RFC 9457, with what a program needs to decide. Its detail repeats
// nothing of the request but identifiers; see concealer.
type problem struct {
	Title  string `json:"title" jsonschema:"What the status means."`
	Status int    `json:"status"`
	Detail string `json:"detail" jsonschema:"What is wrong, for people. {{member}} stands for the value that the request has there, and {{}} for {{ itself."`
	Code   string `json:"code" jsonschema:"What is wrong, for programs."`
	Reason string `json:"reason,omitempty" jsonschema:"Which of the causes that share the code it is, where programs may care."`
	Field  string `json:"field,omitempty" jsonschema:"The member or parameter of the request that is wrong."`
	Kind   string `json:"kind,omitempty" jsonschema:"The kind of the object concerned."`
	ID     string `json:"id,omitempty" jsonschema:"The identifier of the object concerned."`
	// Holder has what was asked for, or belongs to what was to be deleted.
	Holder  *holder  `json:"holder,omitempty" jsonschema:"The object that has what was asked for, or is still inside what was to be deleted."`
	Lacking []string `json:"lacking,omitempty" jsonschema:"The permissions that the caller would have needed."`
}

// holder is the object that is in the way.
type holder struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// The codes of problems that are no tokens.Code.
const (
	codeUnauthenticated    = "unauthenticated"
	codeSecretAlreadyShown = "secret_already_shown"
	codeNoSuchOperation    = "no_such_operation"
)

// statuses are the statuses of the codes of errors.
var statuses = map[tokens.Code]int{
	tokens.CodeNotFound:    http.StatusNotFound,
	tokens.CodeConflict:    http.StatusConflict,
	tokens.CodeInvalid:     http.StatusUnprocessableEntity,
	tokens.CodeForbidden:   http.StatusForbidden,
	tokens.CodeUnavailable: http.StatusServiceUnavailable,
}

// special are the reasons for which a problem has a status or a code of its own.
var special = map[tokens.Reason]struct {
	status int
	code   string // empty for that of the error
}{
	tokens.ReasonUnauthenticated:    {http.StatusUnauthorized, codeUnauthenticated},
	tokens.ReasonSecretAlreadyShown: {http.StatusConflict, codeSecretAlreadyShown},
	tokens.ReasonMalformed:          {http.StatusBadRequest, ""},
	// The request said what it expects of the database, and asking again changes nothing.
	tokens.ReasonWrongDatabase:  {http.StatusPreconditionFailed, ""},
	tokens.ReasonOlderDatabase:  {http.StatusPreconditionFailed, ""},
	tokens.ReasonForkedDatabase: {http.StatusPreconditionFailed, ""},
}

// problemOf returns the problem of an error. What failed, other than by a decision, is for the server's log: the problem
// says no more than that.
func problemOf(err error) problem {
	e, ok := errors.AsType[*tokens.Error](err)
	if !ok || e.Code == tokens.CodeUnavailable && special[e.Reason].status == 0 {
		e = &tokens.Error{Code: tokens.CodeUnavailable, Message: "the server can't answer now; its log may say why. Ask again later"}
	}
	p := problem{
		Status: statuses[e.Code], Code: string(e.Code), Reason: string(e.Reason), Field: e.Field, Detail: e.Message,
		Kind: string(e.Kind), ID: e.ID, Lacking: e.Lacking,
	}
	if is, ok := special[e.Reason]; ok {
		p.Status = is.status
		if is.code != "" {
			p.Code = is.code
		}
	}
	if e.Holder != (tokens.Holder{}) {
		p.Holder = &holder{string(e.Holder.Kind), e.Holder.ID}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// err returns the error that the problem tells of; nil for a problem that no server of the API sends. Other APIs have
// problems, too, and perhaps with the same codes, so the status must fit, and what isn't found must be something.
func (p problem) err() *tokens.Error {
	e := &tokens.Error{
		Code: tokens.Code(p.Code), Reason: tokens.Reason(p.Reason), Field: p.Field, Message: p.Detail,
		Kind: tokens.Kind(p.Kind), ID: p.ID, Lacking: slices.Clone(p.Lacking),
	}
	switch p.Code {
	case codeUnauthenticated:
		e.Code, e.Reason = tokens.CodeForbidden, tokens.ReasonUnauthenticated
	case codeSecretAlreadyShown:
		e.Code, e.Reason = tokens.CodeConflict, tokens.ReasonSecretAlreadyShown
	}
	status := statuses[e.Code]
	if is, ok := special[e.Reason]; ok {
		status = is.status
	}
	if status == 0 || status != p.Status || e.Message == "" ||
		e.Code == tokens.CodeNotFound && e.Kind == "" && e.Reason == "" {
		return nil
	}
	if p.Holder != nil {
		e.Holder = tokens.Holder{Kind: tokens.Kind(p.Holder.Kind), ID: p.Holder.ID}
	}
	return e
}
