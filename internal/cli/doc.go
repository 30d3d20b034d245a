// Package cli is the command line of Latchkey, for people and their scripts: it shows what there is, makes, edits, stops
// and shares access tokens, verifies values, and writes import blocks for what a Terraform state has lost.
//
// It imports the domain (internal/tokens) alone, apart from backend.go, which opens the bundled backend. It never reads
// the process's arguments, environment, clock or standard streams by itself: all of them come in an Env. Files are read
// only where an argument names them. No argument that may be a secret value is ever repeated in a message, and no text
// from the database reaches a terminal with control characters in it.
package cli
