// Package service is the backend that Latchkey bundles: it implements tokens.Backend over a store, on the machine on
// which it runs. It applies the rules of package tokens and writes the audit events, each together with its change in
// one transaction.
//
// It imports packages tokens and store. It knows no SQL and nothing of Terraform or the command line, and it reads the
// clock only through its options. Whoever can write the database file may do everything; nobody is asked who they are.
package service
