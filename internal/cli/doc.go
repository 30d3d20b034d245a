// Package cli is the command line of Latchkey, for people and their scripts: it shows what there is, stops an access
// token at once, and verifies values.
//
// It imports the domain (internal/tokens) alone, apart from backend.go, which opens the bundled backend. It never reads
// the process's arguments, environment, clock or standard streams by itself: all of them come in an Env. No argument
// that may be a secret value is ever repeated in a message, and no text from the database reaches a terminal with
// control characters in it.
package cli
