// Package service is the bundled backend: it implements tokens.Backend on top of a store. Open returns the service of a
// database, and Service.As the backend for one caller.
//
// Each operation is one transaction: it looks up what the caller may do, applies the rules of package tokens, and
// writes the change and its audit event together. Anyone who can write the database file owns the database; acting as a
// member only restricts them.
//
// It imports packages tokens, verify and store. It contains no SQL, knows nothing of Terraform or the command line, and
// reads the clock only through its options.
package service
