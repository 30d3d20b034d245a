//go:build race

package httpapi

// hostileRequests is how many requests TestHostileRequests sends: fewer where each takes ten times as long.
const hostileRequests = 1_000
