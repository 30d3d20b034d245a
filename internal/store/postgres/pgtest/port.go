package pgtest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// FreePort returns a port of this machine at which nothing listens. It is not among those that systems give to listeners that
// ask for any, or another test could get it before it is used.
func FreePort() (string, error) {
	const first, ports = 20_000, 10_000
	for range 100 {
		port := strconv.Itoa(first + rand.IntN(ports))
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return "", errors.New("no port is free")
}
