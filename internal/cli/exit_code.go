package cli

import (
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The exit codes of the command line. Of several objects, the highest code wins.
const (
	// exitDone: it was done, or the answer is yes.
	exitDone = 0
	// exitNo: the answer is no (a value is dead, a live one was found, there is a problem), or what was asked for was
	// refused, does not exist or is in conflict with something.
	exitNo = 1
	// exitMisuse: the command line is wrong or names an object ambiguously, and nothing was done.
	exitMisuse = 2
	// exitUnknown: nobody can tell, since the database could not be asked, a file could not be read, or whoever asks
	// about a value may not know.
	exitUnknown = 3
)

// exitCodes explains the exit codes to people.
const exitCodes = "Exit codes:\n\n" +
	"    0  done, or yes\n" +
	"    1  no (a value is dead, a live one was found), refused, not found, conflict\n" +
	"    2  the command line is wrong, or a name is ambiguous\n" +
	"    3  nobody can tell: the database can't be asked, or a file can't be read\n"

// exitCode returns the exit code of a command that ended with an error.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if told, ok := errors.AsType[*toldError](err); ok {
		return told.code
	}
	if _, ok := errors.AsType[*misuse](err); ok {
		return exitMisuse
	}
	if _, ok := errors.AsType[*unreadable](err); ok {
		return exitUnknown
	}
	if _, ok := errors.AsType[*untold](err); ok {
		return exitUnknown
	}
	if e, ok := errors.AsType[*tokens.Error](err); ok && e.Code == tokens.CodeUnavailable {
		return exitUnknown
	}
	return exitNo
}

// toldError ends a command that has said everything already.
type toldError struct{ code int }

func (*toldError) Error() string { return "the command has told" }

// errAnswerIsNo ends a command without a message: standard output has said everything.
var errAnswerIsNo error = &toldError{exitNo}

// untold is the error of a question about a value that got no answer, such as from a server that refuses the access token
// by which it is asked. Nobody must take that for the answer that the value is not good.
type untold struct{ error }

func (u *untold) Unwrap() error { return u.error }

// unreadable is the error of a file, or of standard input, that the answer depends on.
type unreadable struct{ error }

func (u *unreadable) Unwrap() error { return u.error }
