package tokens

import (
	"errors"
	"fmt"
	"slices"
)

// Code classifies an Error. Callers decide by the code and the reason, never by the message or by the cause, which a
// backend on another machine may not be able to send.
type Code string

// The codes of an Error.
const (
	// CodeNotFound: the object positively does not exist. On no other code may a caller forget the object.
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

// Reason says which of the causes that share a code an Error has. There is one for every cause to which some caller has
// a way out to add, or on which it branches; for all others it is empty.
type Reason string

// The reasons of an Error.
const (
	// ReasonNameTaken: what the field names belongs to another object, the holder.
	ReasonNameTaken Reason = "name_taken"
	// ReasonInUse: the object can't be deleted while others belong to it. The holder is one of them.
	ReasonInUse Reason = "in_use"
	// ReasonInUseByRun: it can't be deleted while others belong to it, and all of those are tokens of runs.
	ReasonInUseByRun Reason = "in_use_by_run"
	// ReasonLastOwner: the object is the last owner, and one must remain.
	ReasonLastOwner Reason = "last_owner"
	// ReasonVersionMovedOn: the secret is not the one that the caller expected to replace.
	ReasonVersionMovedOn Reason = "version_moved_on"
	// ReasonTTLTooShort: counted from the current secret, the ttl is over already.
	ReasonTTLTooShort Reason = "ttl_too_short"
	// ReasonNoLiveSecret: the value is no secret of any token, or one that has ended.
	ReasonNoLiveSecret Reason = "no_live_secret"
	// ReasonNotAnIdentifier: the field needs an identifier of the kind, and its value is not one.
	ReasonNotAnIdentifier Reason = "not_an_identifier"
	// ReasonUnknownRole: no role has the name in the field.
	ReasonUnknownRole Reason = "unknown_role"
	// ReasonUnauthenticated: the access token by which the caller asks is not good, or there is none.
	ReasonUnauthenticated Reason = "unauthenticated"
	// ReasonSecretAlreadyShown: the request took effect before, and its answer showed a secret that can't be shown again.
	ReasonSecretAlreadyShown Reason = "secret_already_shown"
	// ReasonUnreachable: the server of Latchkey can't be reached, or didn't answer.
	ReasonUnreachable Reason = "unreachable"
	// ReasonDatabaseUnreachable: the database's own server can't be reached, or doesn't prove that it is the one that was meant.
	ReasonDatabaseUnreachable Reason = "database_unreachable"
	// ReasonOutcomeUnknown: the connection was lost while a change was being committed, and nobody can tell whether it was.
	ReasonOutcomeUnknown Reason = "outcome_unknown"
	// ReasonNotGranted: the role by which the program uses the database isn't granted what that takes.
	ReasonNotGranted Reason = "not_granted"
	// ReasonForeignAnswer: what answers in the server's place is not Latchkey, or lets less through than Latchkey needs.
	ReasonForeignAnswer Reason = "foreign_answer"
	// ReasonCertificate: the server doesn't prove that it is the one that was meant.
	ReasonCertificate Reason = "certificate"
	// ReasonPlainHTTP: the address of the server would show the access token to others.
	ReasonPlainHTTP Reason = "plain_http"
	// ReasonMalformed: the input can't be read.
	ReasonMalformed Reason = "malformed"
	// ReasonUnknownCaller: nobody has the address under which the caller asks to work.
	ReasonUnknownCaller Reason = "unknown_caller"
	// ReasonNoDatabase: no database was made yet at a place that could hold one, as opposed to one that can't be
	// reached or that has gone.
	ReasonNoDatabase Reason = "no_database"
	// ReasonNoDirectory: not even the directory exists that would hold the database.
	ReasonNoDirectory Reason = "no_directory"
	// ReasonWrongPlace: the place that was named can't hold a database, or holds something else.
	ReasonWrongPlace Reason = "wrong_place"
	// ReasonMoved: the database was moved elsewhere, and nothing counts here any more.
	ReasonMoved Reason = "moved"
	// ReasonOtherOrganization: the database belongs to another organization.
	ReasonOtherOrganization Reason = "other_organization"
	// ReasonOtherDatabase: the backup does not come from the database that it would replace.
	ReasonOtherDatabase Reason = "other_database"
	// ReasonWrongDatabase: the database is not the one in which the object lives.
	ReasonWrongDatabase Reason = "wrong_database"
	// ReasonOlderDatabase: the database is a copy that has not been through the last change that the caller knows of.
	ReasonOlderDatabase Reason = "older_database"
	// ReasonForkedDatabase: the database is a copy that was changed side by side with the one that the caller knows of.
	ReasonForkedDatabase Reason = "forked_database"
	// ReasonBackupExists: something has the name of the backup already.
	ReasonBackupExists Reason = "backup_exists"
	// ReasonBootstrapped: an active access token holds every permission already.
	ReasonBootstrapped Reason = "bootstrapped"
	// ReasonPersonalToken: the token is a member's, and no such token takes what was asked for.
	ReasonPersonalToken Reason = "personal_token"
	// ReasonEphemeralToken: the token was made for one run, and no such token takes what was asked for.
	ReasonEphemeralToken Reason = "ephemeral_token"
	// ReasonSecretHeld: the value is the present secret of the token that is the error's holder.
	ReasonSecretHeld Reason = "secret_held"
	// ReasonDatabaseFailing: the database is damaged, or fails in a way that needs an examination.
	ReasonDatabaseFailing Reason = "database_failing"
)

// Error is what every Backend method returns when it fails. All of it but the cause can be sent to another machine.
type Error struct {
	Code Code
	// Reason is the reason that callers add a way out to; often empty.
	Reason Reason
	// Message tells a person what is wrong, in words of the domain. It never holds a secret.
	Message string
	// Field names the attribute concerned; empty where the error is about the whole object.
	Field string
	// Kind and ID identify the object concerned, as far as they are known.
	Kind Kind
	ID   string
	// Holder is the object that has what was asked for, where one has it.
	Holder Holder
	// Lacking are the permissions that the caller would have needed, where that is why it was forbidden.
	Lacking []string
	// Err is the cause, where there is one, for those who have to find it. It decides nothing.
	Err error
}

// Holder is the object that has the name, or whatever else only one object can have, that another one asked for; or one
// that belongs to an object that was to be deleted.
type Holder struct {
	Kind Kind
	ID   string
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

// Unrecorded returns the error of a refusal whose event could not be written, because of cause.
func (e *Error) Unrecorded(cause error) *Error {
	refusal := *e
	refusal.Message += "; the audit log does not tell of this refusal, since it can't be written"
	if refusal.Err == nil {
		refusal.Err = cause
	}
	return &refusal
}

// ErrorCode returns the code of the Error in err's chain. An error of any other type is CodeUnavailable, since nothing
// is known about the object; nil is the empty code.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeUnavailable
}

// ErrorReason returns the reason of the Error in err's chain; empty where there is none.
func ErrorReason(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// IsNoDatabase reports whether an error says that there is no database.
func IsNoDatabase(err error) bool {
	reason := ErrorReason(err)
	return reason == ReasonNoDatabase || reason == ReasonNoDirectory
}

// lacks notes which permissions the caller would have needed, and returns the error.
func (e *Error) lacks(permissions ...string) *Error {
	for _, permission := range permissions {
		if !slices.Contains(e.Lacking, permission) {
			e.Lacking = append(e.Lacking, permission)
		}
	}
	return e
}

// Because sets the reason and returns the error.
func (e *Error) Because(reason Reason) *Error {
	e.Reason = reason
	return e
}

// NotFound says that no object of the kind has this id.
func NotFound(kind Kind, id string) *Error {
	message := fmt.Sprintf("there is no %s %s; it was deleted, or the identifier belongs to another database",
		kind.Noun(), id)
	if tokenID, memberID, err := ParseShareID("", id); kind == KindTokenShare && err == nil {
		message = fmt.Sprintf("access token %s is not shared with member %s: it never was, the share has ended, "+
			"or the identifiers belong to another database", tokenID, memberID)
	}
	return &Error{Code: CodeNotFound, Kind: kind, ID: redact(id), Message: redact(message)}
}

// NoneWithAddress says that no object of the kind has this e-mail address.
func NoneWithAddress(kind Kind, email string) *Error {
	return &Error{
		Code: CodeNotFound, Kind: kind, Message: redact(fmt.Sprintf("there is no %s with the address %s", kind.Noun(), email)),
	}
}

// Invalid says that the value of one attribute breaks a rule. An empty field stands for the whole object.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: redact(fmt.Sprintf(format, args...))}
}

// Conflict says that the state of the object with this id is in the way.
func Conflict(field, id, format string, args ...any) *Error {
	return &Error{
		Code: CodeConflict, Field: field, Kind: KindOf(id), ID: id, Message: redact(fmt.Sprintf(format, args...)),
	}
}

// Taken says that another object of the kind, the holder, has what the attribute names: its name, unless another reason says
// what it is.
func Taken(kind Kind, field, holderID, format string, args ...any) *Error {
	return &Error{
		Code: CodeConflict, Reason: ReasonNameTaken, Field: field, Kind: kind, Holder: Holder{kind, holderID},
		Message: redact(fmt.Sprintf(format, args...)),
	}
}

// InUse says that the object with this id can't be deleted while others belong to it, of which one is named.
func InUse(id, by, format string, args ...any) *Error {
	e := Conflict("", id, format, args...).Because(ReasonInUse)
	e.Holder = Holder{KindOf(by), by}
	return e
}

// Forbidden says that the caller lacks what an operation on the object with this id needs.
func Forbidden(id, format string, args ...any) *Error {
	return &Error{Code: CodeForbidden, Kind: KindOf(id), ID: redact(id), Message: redact(fmt.Sprintf(format, args...))}
}

// Unavailable says that the backend can't answer, because of cause (which may be nil). It has the reason of the cause.
func Unavailable(cause error, format string, args ...any) *Error {
	return &Error{Code: CodeUnavailable, Reason: ErrorReason(cause), Message: fmt.Sprintf(format, args...), Err: cause}
}

// firstError returns the first error that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			var e *Error
			if errors.As(err, &e) {
				return e
			}
			return err
		}
	}
	return nil
}
