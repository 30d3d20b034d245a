//go:build !race

package httpapi

// hostileRequests is how many requests TestHostileRequests sends.
const hostileRequests = 10_000
