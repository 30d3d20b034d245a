//go:build unix

package pgtest

import (
	"bytes"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between a client and a server, and loses answers to commits, or is as slow as a network.
type Proxy struct {
	listener net.Listener
	to       string
	left     atomic.Int64
	lost     atomic.Int64
	before   atomic.Bool
	delay    atomic.Int64
	wg       sync.WaitGroup
}

// NewProxy starts a proxy to a server, which ends with the test.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, to: s.Socket()}
	p.wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.carry(client) })
		}
	})
	t.Cleanup(func() { _ = l.Close() })
	return p
}

// Address returns the address of a schema through the proxy.
func (p *Proxy) Address(schema string) string {
	port := strconv.Itoa(p.listener.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert // it listens on TCP
	return "postgres://postgres@127.0.0.1:" + port + "/postgres?" + url.Values{"schema": {schema}, "sslmode": {"disable"}}.Encode()
}

// Delay has what clients send from now on arrive later, so that each round trip takes that much longer.
func (p *Proxy) Delay(by time.Duration) { p.delay.Store(int64(by)) }

// LoseCommits has the proxy end the connection at each of the next commits: before the server hears of it, or instead of the
// answer.
func (p *Proxy) LoseCommits(commits int, before bool) {
	p.before.Store(before)
	p.left.Store(int64(commits))
}

// Lost returns how many commits it lost.
func (p *Proxy) Lost() int { return int(p.lost.Load()) }

// carry carries what client and server say.
func (p *Proxy) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", p.to)
	if err != nil {
		return
	}
	defer server.Close()
	var deaf atomic.Bool
	p.wg.Go(func() {
		defer client.Close()
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			if err != nil || deaf.Load() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], []byte("COMMIT\x00")) && p.left.Add(-1) >= 0 {
			p.lost.Add(1)
			if p.before.Load() {
				return
			}
			deaf.Store(true)
		}
		time.Sleep(time.Duration(p.delay.Load()))
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}
