//go:build !unix

// Package pgtest starts a PostgreSQL server for tests, on Unix alone.
package pgtest

import "testing"

// Address skips the test: nothing here starts a server.
func Address(t testing.TB) string {
	t.Helper()
	t.Skip("PostgreSQL is started for tests on Unix alone")
	return ""
}
