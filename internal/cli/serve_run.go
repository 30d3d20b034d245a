package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// headTimeout is how long a client may take for the head of a request, and bodyTimeout for all of it.
	headTimeout = 10 * time.Second
	bodyTimeout = 20 * time.Second
	// answerTimeout is how long an answer may take. It is longer than a change waits for its turn in the database.
	answerTimeout = 30 * time.Second
	// idleTimeout is how long a connection stays open between two requests: longer than gateways keep it, since a request
	// that meets the end of its connection fails.
	idleTimeout = 3 * time.Minute
	// longestHead is the size in bytes up to which the head of a request is always read.
	longestHead = 64 << 10
	// signalsTogether is how long after a signal another one still counts as the same: some programs send one to a process
	// and, at once, to all of its group.
	signalsTogether = time.Second
	// endTimeout is how long requests that have begun may take when the server ends, and then what runs beside.
	endTimeout = 10 * time.Second
)

// newHTTPServer returns a server with the limits of all that serve answers.
//
// It speaks HTTP/1.1 alone. Gateways ask it over connections that they keep, which HTTP/2 makes no faster, and what ends a
// request whose announced body never comes, or whose head is too long, is different there.
func newHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:                      handler,
		ReadHeaderTimeout:            headTimeout,
		ReadTimeout:                  bodyTimeout,
		WriteTimeout:                 answerTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               longestHead,
		DisableGeneralOptionsHandler: true,
		Protocols:                    protocols,
		ErrorLog:                     newLibraryLog(log),
	}
}

// listening is one address at which a server answers.
type listening struct {
	server   *http.Server
	listener net.Listener
}

// newListening returns a server at a listener, which speaks TLS unless there is no certificate.
func newListening(listener net.Listener, handler http.Handler, cert *certificate, log *slog.Logger) listening {
	if cert != nil {
		listener = tls.NewListener(listener, cert.config())
	}
	return listening{newHTTPServer(handler, log), listener}
}

// answer answers requests until the server is shut down. It returns why it ended before that.
func (l listening) answer() error {
	if err := l.server.Serve(l.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("unable to go on answering at %s: %w", l.listener.Addr(), cause(err))
	}
	return nil
}

// end closes the address and the connections on which nothing happens, and waits for requests that have begun. Those that
// take longer than endTimeout, or than the context, are cut off.
func (l listening) end(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	if l.server.Shutdown(ctx) == nil {
		return
	}
	log.Warn("requests that had not ended were cut off", "address", l.listener.Addr().String())
	_ = l.server.Close() // nothing is left to be done about connections that can't be closed
}

// serving is a server that runs.
type serving struct {
	log    *slog.Logger
	health *health
	// drain is how long it goes on answering once it was told to end.
	drain time.Duration
	// at are the addresses at which it answers.
	at []listening
	// beside are what runs as long as it answers.
	beside []func(context.Context)
	// finish writes what is in memory alone.
	finish func() error
}

// errCutShort ends a server that was told twice to end.
var errCutShort = errors.New("the server was told to end at once: requests may have been cut off, and uses of tokens lost")

// run answers until the context ends or a signal comes, and then ends in good order. A further signal ends it at once.
func (s *serving) run(ctx context.Context, signals <-chan os.Signal) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	for _, do := range s.beside {
		done.Go(func() { do(running) })
	}
	failed := make(chan error, len(s.at))
	for _, l := range s.at {
		done.Go(func() { failed <- l.answer() })
	}
	var err error
	select {
	case <-ctx.Done():
	case <-signals:
	case err = <-failed:
	}
	patience, hurry := context.WithCancel(context.WithoutCancel(ctx))
	defer hurry()
	go awaitFurther(patience, signals, hurry)
	s.health.draining.Store(true)
	if err == nil {
		s.wait(patience)
	}
	for _, l := range s.at {
		l.end(patience, s.log)
	}
	stop()
	s.waitFor(patience, &done)
	return errors.Join(err, s.finishWithin(patience))
}

// awaitFurther calls hurry at a signal that comes signalsTogether later than this begins.
func awaitFurther(patience context.Context, signals <-chan os.Signal, hurry func()) {
	together := time.NewTimer(signalsTogether)
	defer together.Stop()
	first := true
	for {
		select {
		case <-together.C:
			first = false
		case <-signals:
			if !first {
				hurry()
			}
		case <-patience.Done():
			return
		}
	}
}

// wait lets gateways see that the server is about to end, while it still answers.
func (s *serving) wait(patience context.Context) {
	s.log.Info("the server ends", "drain", s.drain.String())
	timer := time.NewTimer(s.drain)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-patience.Done():
	}
}

// waitFor waits for what runs beside, which was told to end. What takes longer than endTimeout, or than there is patience,
// is left behind: it hangs, such as at a file of a mount that doesn't answer.
func (s *serving) waitFor(patience context.Context, done *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		done.Wait()
		close(ended)
	}()
	timer := time.NewTimer(endTimeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-patience.Done():
	case <-timer.C:
		s.log.Warn("the server ends although a part of it goes on: a file or the database may not answer")
	}
}

// finishWithin writes what is in memory alone, as long as there is patience.
func (s *serving) finishWithin(patience context.Context) error {
	finished := make(chan error, 1)
	go func() { finished <- s.finish() }()
	select {
	case err := <-finished:
		if patience.Err() != nil {
			return errCutShort
		}
		if err != nil {
			return fmt.Errorf("unable to write when tokens were last used: %w", err)
		}
		s.log.Info("the server has ended")
		return nil
	case <-patience.Done():
		return errCutShort
	}
}
