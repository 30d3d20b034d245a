// Package backendtest contains the conformance suite that every tokens.Backend must pass, so that callers can't tell
// one from another.
//
// It imports package tokens and testing libraries. It uses a backend only through the interface, with a clock that the
// tests move.
package backendtest
