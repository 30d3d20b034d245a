package postgres

import (
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The codes of errors of PostgreSQL that mean something to a program.
const (
	codeSerialization  = "40001"
	codeDeadlock       = "40P01"
	codeUnique         = "23505"
	codeForeignKey     = "23503"
	codeLockTimeout    = "55P03"
	codeNoPrivilege    = "42501"
	codeNoDatabase     = "3D000"
	codeBadPassword    = "28P01"
	codeNoLogin        = "28000"
	codeReadOnly       = "25006"
	codeTooMany        = "53300"
	codeDiskFull       = "53100"
	codeIdleTooLong    = "25P03"
	codeAdminShutdown  = "57P01"
	codeCrashShutdown  = "57P02"
	codeCannotConnect  = "57P03"
	codeNoSuchTable    = "42P01"
	codeNoSuchColumn   = "42703"
	codeNoSuchFunction = "42883"
)

// mayTryAgain reports whether the server dropped a change for the sake of another one, so that it may succeed the next time.
// What is there already was put there by somebody else since the change looked.
func mayTryAgain(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch failure.Code {
	case codeSerialization, codeDeadlock, codeUnique, codeForeignKey:
		return true
	}
	return false
}

// Explain implements store.Engine. It repeats nothing of a server's message, which may hold values.
func (s server) Explain(err error) error {
	where := s.Location()
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch failure.Code {
		case codeLockTimeout:
			return tokens.Unavailable(err, "another change of %s took longer than %s; nothing was changed: try again", where, lockPatience)
		case codeNoPrivilege:
			return tokens.Unavailable(err, "the role may not do this in %s; nothing was changed: grant it what the guide "+
				"\"From one machine to many\" lists", where)
		case codeNoDatabase:
			return tokens.Unavailable(err, "there is no database of that name for %s: make it, or check the address", where).
				Because(tokens.ReasonWrongPlace)
		case codeBadPassword, codeNoLogin:
			return tokens.Unavailable(err, "%s refuses the role or its password: check the address, PGPASSWORD or the password file", where).
				Because(tokens.ReasonWrongPlace)
		case codeReadOnly:
			return tokens.Unavailable(err, "%s takes no changes at the moment, as a replica; nothing was changed: name the primary", where)
		case codeTooMany:
			return tokens.Unavailable(err, "%s has too many connections: raise max_connections, or put a pooler before it", where)
		case codeDiskFull:
			return tokens.Unavailable(err, "the disk of %s is full; nothing was changed: free some space and try again", where)
		}
		return tokens.Unavailable(nil, "%s gave an unexpected error (code %s)", where, failure.Code).
			Because(tokens.ReasonDatabaseFailing)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return tokens.Unavailable(err, "%s can't be reached: check the address, the network, and whether the server runs", where)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return tokens.Unavailable(err, "the connection to %s was lost: try again", where)
	}
	return tokens.Unavailable(err, "%s can't be used", where).Because(tokens.ReasonDatabaseFailing)
}
