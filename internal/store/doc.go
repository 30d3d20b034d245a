// Package store keeps the objects of package tokens in an SQL database. It holds what every engine shares: the schema
// and the statements over database/sql, written for what SQLite and PostgreSQL have in common, one file per object.
// What differs is behind the Engine interface, in a package per engine below this one.
//
// It imports package tokens and no database driver. It decides no rule, reads no clock and writes no event by itself:
// its callers do, within the transactions that it offers. It keeps hashes of secrets, never values.
package store
