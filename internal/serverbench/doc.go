// Package serverbench measures the server that the binary contains, beside a bare net/http handler: requests per second,
// processor time, latency, memory, and what refusals take. `make bench-server` runs it.
//
// It contains only tests. The servers, the load on them and the changes beside it are processes of their own: the built
// binary, and the test binary in other roles. A figure beyond its goal is no failure, since other load on the machine
// moves it.
package serverbench
