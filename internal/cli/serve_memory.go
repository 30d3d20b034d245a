package cli

import (
	runtimedebug "runtime/debug"
)

// Go's collector lets the heap grow to twice of what is live before it looks for garbage. A million rows of the cache are
// about half a gigabyte that lives for long, so that half as much again is left to garbage.
const serveGCPercent = 50

// setMemory sets the pace of garbage collection for a process that keeps a large cache, unless the user has set one. It
// returns a function that sets back what was before.
func setMemory(lookupEnv func(string) (string, bool)) (reset func()) {
	if _, set := lookupEnv("GOGC"); set {
		return func() {}
	}
	before := runtimedebug.SetGCPercent(serveGCPercent)
	return func() { runtimedebug.SetGCPercent(before) }
}
