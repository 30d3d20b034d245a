// Package postgres keeps a database in PostgreSQL, where many programs on many machines share it.
//
// It imports packages tokens and store, and the driver pgx. It never sets anything for a whole session, prepares no statement
// under a name and names each table with its schema, so that a pooler may hand out another connection for each transaction.
package postgres
