package postgres

import (
	"context"
	"net"
	"time"
)

// lostAfter is about how long a connection may lead nowhere before it is given up: to a server that is gone without a word, as
// behind a network that was cut or with a machine that failed. Otherwise that takes a quarter of an hour.
const lostAfter = 10 * time.Second

// dial connects to a server.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: lostAfter / 2, Interval: lostAfter / 4, Count: 2},
		Control:         giveUpLost,
	}
	return dialer.DialContext(ctx, network, address)
}
