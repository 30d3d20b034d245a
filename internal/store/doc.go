// Package store keeps the objects of package tokens in an SQL database. It alone knows SQL: one schema and one set of
// statements over database/sql, written for what SQLite and PostgreSQL have in common, with what differs behind the
// engine interface.
//
// It imports package tokens and database drivers. It decides no rule, reads no clock and writes no event by itself: its
// callers do, within the transactions that it offers. It keeps hashes of secrets, never values.
package store
