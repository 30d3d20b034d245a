// Package tokens is the domain of Latchkey: organizations, groups, members, technical users, access tokens and
// token shares, the rules that they follow, and the Backend interface through which everything else works on them.
//
// It imports the standard library only. It never reads a clock, a file or a network: rules are functions of values
// and of the instant that the caller passes.
package tokens
