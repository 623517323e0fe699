package metadata

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// The states of PostgreSQL that mean something here.
const (
	foreignKeyViolation  = "23503"
	uniqueViolation      = "23505"
	notInRepertoire      = "22021" // a zero byte, or no UTF-8
	invalidText          = "22P02" // an id that is no UUID
	untranslatable       = "22P05"
	readOnly             = "25006" // a replica, or a server that is being taken over from
	invalidAuthorization = "28000"
	invalidPassword      = "28P01"
	noDatabase           = "3D000"
	noSchema             = "3F000"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	noPrivilege          = "42501"
	noColumn             = "42703"
	noTable              = "42P01"
	diskFull             = "53100"
	lockNotAvailable     = "55P03"
	queryCanceled        = "57014"
	ioFailure            = "58030"
)

// stateOf returns the state that the server gave an error; empty when it is not of the server.
func stateOf(err error) string {
	if known, ok := errors.AsType[*pgconn.PgError](err); ok {
		return known.Code
	}
	return ""
}

// postgresLost says whether a transaction gave way to another.
func postgresLost(err error) bool {
	state := stateOf(err)
	return state == serializationFailure || state == deadlockDetected
}

// postgresComes says whether a database may come yet: it does not answer, or is not ready. One
// that answers and refuses is not waited for.
func postgresComes(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	switch state := stateOf(err); state {
	case "":
		return isAway(err)
	case queryCanceled, diskFull:
		return false
	case readOnly, serializationFailure, deadlockDetected:
		return true
	default:
		return connectionState(state)
	}
}

// connectionState says whether a state is one of the connection or of a server that is short of
// something, starts or stops.
func connectionState(state string) bool {
	return strings.HasPrefix(state, "08") || strings.HasPrefix(state, "53") || strings.HasPrefix(state, "57")
}

// isAway says whether an error is one of the connection.
func isAway(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false // the caller's
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, driver.ErrBadConn) || strings.HasSuffix(err.Error(), "conn closed") // pgx has no exported error for it
}

// postgresCode says what an error of pgx means and what to do about it.
func postgresCode(err error) (errcode.Code, string) {
	switch state := stateOf(err); state {
	case "":
		if isAway(err) {
			return errcode.Unavailable, ""
		}
		return errcode.Internal, ""
	case uniqueViolation:
		return errcode.Conflict, ""
	case foreignKeyViolation, invalidText: // an id that is no UUID is nobody's
		return errcode.NotFound, ""
	case notInRepertoire, untranslatable:
		return errcode.Invalid, "leave out zero bytes and what is no UTF-8"
	case diskFull:
		return errcode.OutOfSpace, ""
	case invalidPassword, invalidAuthorization:
		return errcode.Unavailable, "check user and password in the DSN, and pg_hba.conf of the server"
	case noDatabase:
		return errcode.Unavailable, "create the database, or correct its name in the DSN"
	case noPrivilege:
		return errcode.Unavailable, "give the account in the DSN the grants of docs/formats/metadata.md"
	case noTable, noColumn, noSchema:
		return errcode.Unavailable, "run `pharos migrate up`"
	case readOnly:
		return errcode.Unavailable, "name the primary server in the DSN, or all of them with target_session_attrs=read-write"
	case serializationFailure, deadlockDetected, lockNotAvailable, ioFailure:
		return errcode.Unavailable, ""
	default:
		if connectionState(state) {
			return errcode.Unavailable, ""
		}
		return errcode.Internal, ""
	}
}
