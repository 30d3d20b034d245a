package tokens

import (
	"errors"
	"fmt"
)

// Code classifies an Error. Callers decide by the code, never by the message.
type Code string

// The codes of an Error.
const (
	// CodeNotFound: the object positively does not exist. The only code on which a resource may leave a Terraform state.
	CodeNotFound Code = "not_found"
	// CodeConflict: the object, a name or a request id is taken, or something that depends on the object is in the way.
	CodeConflict Code = "conflict"
	// CodeInvalid: the input breaks a rule.
	CodeInvalid Code = "invalid"
	// CodeForbidden: the caller may not do this, or not know of the object.
	CodeForbidden Code = "forbidden"
	// CodeUnavailable: the backend can't answer now, or is not the one that was meant. Nothing is known about the object.
	CodeUnavailable Code = "unavailable"
)

// ErrNoDatabase is in the chain of a CodeUnavailable that says that nothing was made yet at a place that could hold a
// database, as opposed to one that can't be reached or that has gone.
var ErrNoDatabase = errors.New("no database yet")

// Error is what every Backend method returns when it fails.
type Error struct {
	Code Code
	// Message tells a person what is wrong and what to do next. It never holds a secret.
	Message string
	// Field names the attribute concerned, in Terraform's spelling; empty where the error is about the whole object.
	Field string
	// ID identifies the object concerned or, for a conflict over a name, the object that holds the name.
	ID string
	// Err is the cause, where there is one.
	Err error
}

// Error returns the message, preceded by the attribute and followed by the cause where there are any.
func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Err != nil {
		text += " (" + e.Err.Error() + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns the code of the Error in err's chain. An error of any other type is CodeUnavailable, since nothing
// is known about the object; nil is the empty code.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeUnavailable
}

// NotFound says that no object of the kind has this id.
func NotFound(kind Kind, id string) *Error {
	message := fmt.Sprintf("there is no %s %s; it has been deleted, or the identifier belongs to another database", kind.Noun(), id)
	if tokenID, memberID, err := ParseShareID("", id); kind == KindTokenShare && err == nil {
		message = fmt.Sprintf("access token %s is not shared with member %s: it never was, the share has ended, or the identifiers belong to another database", tokenID, memberID)
	}
	return &Error{Code: CodeNotFound, ID: redact(id), Message: redact(message)}
}

// Invalid says that the value of one attribute breaks a rule. An empty field stands for the whole object.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: redact(fmt.Sprintf(format, args...))}
}

// Conflict says that the object with this id is in the way.
func Conflict(field, id, format string, args ...any) *Error {
	return &Error{Code: CodeConflict, Field: field, ID: id, Message: redact(fmt.Sprintf(format, args...))}
}

// Forbidden says that the caller lacks what an operation on the object with this id needs.
func Forbidden(id, format string, args ...any) *Error {
	return &Error{Code: CodeForbidden, ID: redact(id), Message: redact(fmt.Sprintf(format, args...))}
}

// Unavailable says that the backend can't answer, because of cause (which may be nil).
func Unavailable(cause error, format string, args ...any) *Error {
	return &Error{Code: CodeUnavailable, Message: fmt.Sprintf(format, args...), Err: cause}
}
