package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// address is where a server listens.
type address struct {
	// flag is what named it.
	flag string
	tcp  *net.TCPAddr
}

// address reads an address to listen at. What can be reached from other machines needs TLS, or the word of the user.
func (c *serve) address(flag, text string, isInsecure bool) (*address, error) {
	if strings.HasPrefix(text, "unix:") || strings.HasPrefix(text, "/") {
		return nil, misusef("%s: Unix sockets are not supported: write a host and a port as in 127.0.0.1:8080", flag)
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return nil, misusef("%s: %q is no address to listen at: write a host and a port as in 127.0.0.1:8080, or :8080 for "+
			"every address of this machine", flag, harmless(text))
	}
	if _, err := strconv.ParseUint(port, 10, 16); errors.Is(err, strconv.ErrRange) {
		return nil, misusef("%s: the port of %q is too large: ports go up to 65535", flag, harmless(text))
	}
	tcp, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		return nil, misusef("%s: this machine does not know the host or the port of %q: write them in numbers, as in "+
			"127.0.0.1:8080", flag, harmless(text))
	}
	if c.TLSCert == "" && !isInsecure && !tcp.IP.IsLoopback() {
		return nil, misusef("%s: other machines can reach %s, and over plain HTTP whoever sees the traffic sees the values: "+
			"give --tls-cert and --tls-key; or --insecure, where only a proxy that speaks TLS can reach it", flag, harmless(text))
	}
	return &address{flag, tcp}, nil
}

// listen begins to listen.
func (a *address) listen(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.tcp.String())
	if err != nil {
		return nil, fmt.Errorf("unable to listen at %s: %w; name another address with %s", a.tcp, cause(err), a.flag)
	}
	return listener, nil
}
