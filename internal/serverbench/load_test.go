//go:build linux

package serverbench

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// loadTask is a load on a server.
type loadTask struct {
	Address string
	// PID is the server's process.
	PID int
	// Values is a file with values of tokens. Each request presents one of them at random; or, if Each is set, the next
	// one, until each has been presented. Then a value is asked again where the server has no time to look it up.
	Values string
	Each   bool
	// Connections is how many requests are under way at most.
	Connections int
	// PerSecond is how many requests begin in a second, if the server keeps up; 0 for as many as it answers.
	PerSecond int
	// Warm is how long the load lasts before measuring begins, and Last how long from then on.
	Warm, Last time.Duration
}

// loadResult is what a load found.
type loadResult struct {
	Requests int
	// Took is how long it measured, and Processor what the server spent on processors meanwhile.
	Took, Processor time.Duration
	// Median, P99 and Longest are times from when a request should have begun to its answer, with a rate.
	Median, P99, Longest time.Duration
}

// perSecond returns how many requests were answered in a second.
func (r loadResult) perSecond() float64 { return float64(r.Requests) / r.Took.Seconds() }

// perRequest returns what the server spent on a request.
func (r loadResult) perRequest() time.Duration { return r.Processor / time.Duration(r.Requests) }

// valueLength is the length of the values in a file.
var valueLength = len("lk_") + 40 + 6

// request is what a client sends, with room for a value.
func request(host string) (text []byte, room []byte) {
	before := "GET /v1/authenticate HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer "
	text = slices.Concat([]byte(before), make([]byte, valueLength), []byte("\r\n\r\n"))
	return text, text[len(before):][:valueLength]
}

// applyLoad puts a load on a server. It is one thread that waits for all connections at once, so that it takes little of
// the processors that it shares with the server.
func applyLoad(task *json.Decoder, result *json.Encoder) error {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	var l load
	if err := task.Decode(&l.loadTask); err != nil {
		return err
	}
	if err := l.open(); err != nil {
		return err
	}
	r, err := l.run()
	if err != nil {
		return err
	}
	return result.Encode(r)
}

// load is a load under way.
type load struct {
	loadTask
	values []byte
	// next is the number of the value to present, if each is to be.
	next  int
	poll  int
	timer int
	conns []*connection
	// idle are the connections without a request.
	idle []*connection
	// started is when the timer was started, and ticks how often it has expired since.
	started time.Time
	ticks   int
	// due are when requests should have begun for which there was no connection.
	due   []time.Time
	taken []time.Duration
	count int
}

// connection is a connection to the server.
type connection struct {
	fd         int
	text, room []byte
	// since is when the request under way should have begun.
	since  time.Time
	answer []byte
}

// open connects.
func (l *load) open() (err error) {
	if l.values, err = os.ReadFile(l.Values); err != nil {
		return err
	}
	if l.poll, err = unix.EpollCreate1(0); err != nil {
		return err
	}
	if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK); err != nil {
		return err
	}
	if err := l.watch(l.timer); err != nil {
		return err
	}
	for range l.Connections {
		c, err := connect(l.Address)
		if err != nil {
			return err
		}
		if err := unix.SetNonblock(c.fd, true); err != nil {
			return err
		}
		if err := l.watch(c.fd); err != nil {
			return err
		}
		l.conns = append(l.conns, c)
	}
	l.idle = slices.Clone(l.conns)
	return nil
}

// connect opens a connection.
func connect(address string) (*connection, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	c := &connection{}
	c.text, c.room = request(address)
	if c.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); err != nil {
		return nil, err
	}
	if err := unix.Connect(c.fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		return nil, err
	}
	return c, unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
}

func (l *load) watch(fd int) error {
	return unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// run applies the load.
func (l *load) run() (r loadResult, err error) {
	if l.PerSecond > 0 {
		l.started = time.Now()
		every := unix.NsecToTimespec(int64(time.Second) / int64(l.PerSecond))
		if err := unix.TimerfdSettime(l.timer, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
			return r, err
		}
	} else {
		l.due = make([]time.Time, l.Connections)
	}
	begin := time.Now()
	if _, err := l.until(begin.Add(l.Warm)); err != nil {
		return r, err
	}
	l.count, l.taken = 0, l.taken[:0]
	before, err := processorTime(l.PID)
	if err != nil {
		return r, err
	}
	begin = time.Now()
	end, err := l.until(begin.Add(l.Last))
	if err != nil {
		return r, err
	}
	after, err := processorTime(l.PID)
	if err != nil {
		return r, err
	}
	r = loadResult{Requests: l.count, Took: end.Sub(begin), Processor: after - before}
	if len(l.taken) > 0 {
		slices.Sort(l.taken)
		r.Median, r.P99, r.Longest = l.taken[len(l.taken)/2], l.taken[len(l.taken)*99/100], l.taken[len(l.taken)-1]
	}
	return r, nil
}

// until applies the load until a time, or until there is nothing left to present, and returns when that was.
func (l *load) until(end time.Time) (now time.Time, err error) {
	events := make([]unix.EpollEvent, l.Connections+1)
	for now = time.Now(); now.Before(end); now = time.Now() {
		for len(l.due) > 0 && len(l.idle) > 0 && !l.presentedAll() {
			if err := l.begin(); err != nil {
				return now, err
			}
		}
		if l.presentedAll() && len(l.idle) == len(l.conns) {
			break
		}
		n, err := unix.EpollWait(l.poll, events, 1000)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return now, err
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == l.timer {
				for range expirations(l.timer) {
					l.ticks++
					l.due = append(l.due, l.started.Add(time.Duration(l.ticks)*time.Second/time.Duration(l.PerSecond)))
				}
				continue
			}
			if err := l.receive(l.of(int(e.Fd))); err != nil {
				return now, err
			}
		}
	}
	return now, nil
}

// expirations returns how often a timer has expired since it was asked.
func expirations(timer int) uint64 {
	var count [8]byte
	if n, err := unix.Read(timer, count[:]); err != nil || n != len(count) {
		return 0
	}
	return binary.NativeEndian.Uint64(count[:])
}

func (l *load) presentedAll() bool { return l.Each && l.next*valueLength >= len(l.values) }

func (l *load) of(fd int) *connection {
	for _, c := range l.conns {
		if c.fd == fd {
			return c
		}
	}
	return nil
}

// begin sends the next request.
func (l *load) begin() error {
	c := l.idle[len(l.idle)-1]
	l.idle = l.idle[:len(l.idle)-1]
	c.since, l.due = l.due[0], l.due[1:]
	n := l.next
	if l.Each {
		l.next++
	} else {
		n = rand.IntN(len(l.values) / valueLength)
	}
	copy(c.room, l.values[n*valueLength:])
	c.answer = c.answer[:0]
	return c.send()
}

// send sends the request.
func (c *connection) send() error {
	_, err := unix.Write(c.fd, c.text)
	return err
}

// receive reads an answer, or a part of one.
func (l *load) receive(c *connection) error {
	whole, err := c.read()
	if err != nil || !whole {
		return err
	}
	switch {
	case bytes.HasPrefix(c.answer, []byte("HTTP/1.1 200 ")):
	case l.Each && bytes.HasPrefix(c.answer, []byte("HTTP/1.1 503 ")):
		c.answer = c.answer[:0]
		return c.send()
	default:
		return fmt.Errorf("the server answers %q", c.answer)
	}
	l.count++
	l.idle = append(l.idle, c)
	if l.PerSecond > 0 {
		l.taken = append(l.taken, time.Since(c.since))
	} else {
		l.due = append(l.due, time.Time{})
	}
	return nil
}

// read reads some of an answer, and reports whether that is whole. Answers have no body.
func (c *connection) read() (whole bool, err error) {
	have := len(c.answer)
	c.answer = slices.Grow(c.answer, 4096)
	n, err := unix.Read(c.fd, c.answer[have:cap(c.answer)])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return false, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, errors.New("the server ended the connection")
	}
	c.answer = c.answer[:have+n]
	return bytes.HasSuffix(c.answer, []byte("\r\n\r\n")), nil
}
