// Package tokens is the domain of Latchkey: organizations, groups, members, technical users, access tokens and token
// shares, their rules, and the Backend interface through which everything else works with them.
//
// It imports the standard library and golang.org/x/text only. It never reads a clock, a file or a network: rules are functions of values and
// of the time that the caller passes.
package tokens
