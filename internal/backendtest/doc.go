// Package backendtest holds the one suite of tests that every tokens.Backend must pass, so that callers can't tell
// one from another.
//
// It imports package tokens and testing libraries. It reaches a backend through the interface alone, with a clock that
// the tests move.
package backendtest
