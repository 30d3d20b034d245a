// Package cli is the command line of Latchkey, for people and their scripts. It shows what is in a database; makes,
// edits, stops and shares access tokens; verifies values; and writes import blocks for what a Terraform state has lost.
//
// It imports only the domain (internal/tokens), except in backend.go, which opens the bundled backend. It never reads
// the process's arguments, environment, clock or standard streams itself: an Env holds all of them. It reads only the
// files that an argument names. No message repeats an argument that may be a secret value, and no text from the
// database reaches a terminal with control characters in it.
package cli
