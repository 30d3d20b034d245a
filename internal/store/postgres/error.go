package postgres

import (
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The codes of errors of PostgreSQL that mean something to a program.
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeUnique        = "23505"
	codeForeignKey    = "23503"
	codeLockTimeout   = "55P03"
	codeNoPrivilege   = "42501"
	codeNoDatabase    = "3D000"
	codeBadPassword   = "28P01"
	codeNoLogin       = "28000"
	codeReadOnly      = "25006"
	codeTooMany       = "53300"
	codeDiskFull      = "53100"
	codeIdleTooLong   = "25P03"
	codeAdminShutdown = "57P01"
	codeCrashShutdown = "57P02"
	codeCannotConnect = "57P03"
	codeNoSuchTable   = "42P01"
	codeNoSuchColumn  = "42703"
	codeTwoRows       = "21000"
	codeNoSuchSchema  = "3F000"
	codeInvalidValue  = "22023"
	codeReadOnlyBegin = "0A000" // of BEGIN READ WRITE on a replica
)

// mayTryAgain reports whether a change that failed before it was committed may succeed the next time: where the server dropped
// it for the sake of another one, and where the connection was lost. What is there already was put there by somebody else
// since the change looked.
func mayTryAgain(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return isConnectionLost(err)
	}
	switch failure.Code {
	case codeUnique:
		return !isNumberTaken(failure)
	case codeSerialization, codeDeadlock, codeForeignKey, codeAdminShutdown, codeCrashShutdown, codeCannotConnect,
		codeIdleTooLong, codeReadOnly, codeReadOnlyBegin:
		return true
	}
	return false
}

// isNumberTaken reports whether the row of the database counts fewer events or changes than there are.
func isNumberTaken(failure *pgconn.PgError) bool {
	return failure.Code == codeUnique && (failure.ConstraintName == "events_pkey" || failure.ConstraintName == "marks_pkey")
}

// isConnectionLost reports whether an error is of a connection, and none that the server gave.
func isConnectionLost(err error) bool {
	_, isNetwork := errors.AsType[net.Error](err)
	_, isConnecting := errors.AsType[*pgconn.ConnectError](err)
	return isNetwork || isConnecting || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed)
}

// mayHaveCommitted reports whether a change may have been committed although the answer to that was an error: where there was
// no answer, and where the server ended the connection, which it may do after the commit.
func mayHaveCommitted(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return !ok || failure.Severity == "FATAL" || failure.Severity == "PANIC"
}

// isOutOfOffice reports whether an error says that the server became a replica, so that its connections are of no use.
func isOutOfOffice(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (failure.Code == codeReadOnly || failure.Code == codeReadOnlyBegin)
}

// Explain implements store.Engine. It repeats nothing of a server's message, which may hold values.
func (s server) Explain(err error) error {
	where := "database " + s.Location()
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		if isNumberTaken(failure) {
			return store.Explain(s, store.NumberTaken(tokens.Database{}))
		}
		return s.explainCode(where, failure.Code)
	}
	if distrust := explainTLS(where, err); distrust != nil {
		return distrust
	}
	if cause := dialFailure(err); cause != nil {
		return tokens.Unavailable(cause, "%s can't be reached: check the address, the network, and whether the server runs", where).
			Because(tokens.ReasonDatabaseUnreachable)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return tokens.Unavailable(nil, "%s can't be reached: check the address, sslmode, the network, and whether the server runs",
			where).Because(tokens.ReasonDatabaseUnreachable)
	}
	if isConnectionLost(err) {
		return tokens.Unavailable(nil, "the connection to %s was lost; nothing was changed: try again", where).
			Because(tokens.ReasonDatabaseUnreachable)
	}
	return tokens.Unavailable(nil, "%s can't be used", where).Because(tokens.ReasonDatabaseFailing)
}

// dialFailure returns why no connection came about; nil if one did. It tells of hosts alone.
func dialFailure(err error) error {
	if lookUp, ok := errors.AsType[*net.DNSError](err); ok {
		return lookUp
	}
	if dialed, ok := errors.AsType[*net.OpError](err); ok && dialed.Op == "dial" {
		return dialed
	}
	return nil
}

// explainTLS explains why no encrypted connection came about; nil for another error.
func explainTLS(where string, err error) error {
	if otherName, ok := errors.AsType[x509.HostnameError](err); ok {
		return tokens.Unavailable(otherName, "%s can't be reached: the server's certificate is for other names than the host; write the "+
			"host as the certificate does, or find out whether this is another server than you mean", where).
			Because(tokens.ReasonDatabaseUnreachable)
	}
	_, isStranger := errors.AsType[x509.UnknownAuthorityError](err)
	cause, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case isStranger:
		return tokens.Unavailable(nil, "%s can't be reached: the server doesn't prove who it is, since no authority that is trusted here "+
			"signed its certificate; name a file with that of its authority by sslrootcert in the address, or find out whether this is "+
			"another server than you mean", where).Because(tokens.ReasonDatabaseUnreachable)
	case isInvalid:
		return tokens.Unavailable(cause, "%s can't be reached: the server doesn't prove who it is, since its certificate is not valid; "+
			"have it renewed, and check this machine's clock", where).Because(tokens.ReasonDatabaseUnreachable)
	case isWithoutTLS(err):
		return tokens.Unavailable(nil, "%s can't be reached: the server takes no TLS, which sslmode in the address asks for; turn on ssl on "+
			"the server", where).Because(tokens.ReasonDatabaseUnreachable)
	}
	return nil
}

// isWithoutTLS reports whether an error says that the server speaks no TLS. The driver has only a text for that.
func isWithoutTLS(err error) bool {
	_, isConnecting := errors.AsType[*pgconn.ConnectError](err)
	return isConnecting && strings.Contains(err.Error(), "server refused TLS connection")
}

// explainCode explains an error of the server by its code.
func (s server) explainCode(where, code string) error {
	switch code {
	case codeLockTimeout, codeSerialization, codeDeadlock:
		return tokens.Unavailable(nil, "other changes of %s took longer than %s; nothing was changed: try again", where, lockPatience)
	case codeNoPrivilege:
		return tokens.Unavailable(nil, "the role may not do this in %s; nothing was changed: check the name of the schema, and make it "+
			"or grant the role what the guide \"From one machine to many\" lists", where).Because(tokens.ReasonNotGranted)
	case codeNoDatabase:
		return tokens.Unavailable(nil, "there is no database of that name on the server of %s: make it, or check the address", where).
			Because(tokens.ReasonWrongPlace)
	case codeNoLogin:
		return tokens.Unavailable(nil, "%s lets this role in by no way that is tried from this machine: check role, database and sslmode "+
			"in the address, and pg_hba.conf on the server", where).Because(tokens.ReasonWrongPlace)
	case codeBadPassword:
		return tokens.Unavailable(nil, "%s refuses the role or its password: check the address, PGPASSWORD or the password file",
			where).Because(tokens.ReasonWrongPlace)
	case codeReadOnly, codeReadOnlyBegin:
		return tokens.Unavailable(nil, "%s takes no changes at the moment, as a replica; nothing was changed: name the primary", where)
	case codeTooMany:
		return tokens.Unavailable(nil, "%s has too many connections: raise max_connections, or put a pooler before it", where)
	case codeDiskFull:
		return tokens.Unavailable(nil, "the disk of %s is full; nothing was changed: free some space and try again", where)
	case codeAdminShutdown, codeCrashShutdown, codeCannotConnect:
		return tokens.Unavailable(nil, "%s is stopping or starting; nothing was changed: try again", where).
			Because(tokens.ReasonDatabaseUnreachable)
	case codeTwoRows:
		return tokens.Unavailable(nil, "%s holds more than one identity, and a database has one: somebody changed table database; restore "+
			"it from a backup", where).Because(tokens.ReasonDatabaseFailing)
	case codeNoSuchTable, codeNoSuchColumn, codeNoSuchSchema:
		return tokens.Unavailable(nil, "%s lacks a table or a column of Latchkey's: somebody changed the schema; restore it from a backup",
			where).Because(tokens.ReasonDatabaseFailing)
	}
	return tokens.Unavailable(nil, "%s gave an unexpected error (code %s)", where, code).Because(tokens.ReasonDatabaseFailing)
}
