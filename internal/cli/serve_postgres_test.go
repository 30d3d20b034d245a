//go:build linux

package cli_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// A server whose clock is far from that of its database in PostgreSQL says so, and goes on answering.
func TestServeByAnotherClock(t *testing.T) {
	address := pgtest.Address(t)
	value := good(t, address)
	var clock steppedClock
	s := startServerByClock(t, clock.now, address)
	ready := func(status int, text string) func() bool {
		return func() bool {
			got := s.get(s.base+"/readyz", "")
			return got.status == status && strings.Contains(got.body, text)
		}
	}
	s.eventually("the server is ready", ready(http.StatusOK, "ready\n"))
	for _, test := range []struct {
		step   int64
		status int
		text   string
	}{
		{3, http.StatusServiceUnavailable, "ahead of that of the database"},
		{1, http.StatusOK, "ready\n"},
		{-3, http.StatusServiceUnavailable, "behind that of the database"},
		{0, http.StatusOK, "ready\n"},
	} {
		clock.seconds.Store(test.step)
		s.eventually("the server says what its clock shows", ready(test.status, test.text))
		if got := s.tells(s.base+"/v1/authenticate", value); got.status != http.StatusOK {
			t.Errorf("%d s off: got %d", test.step, got.status)
		}
	}
}

// Only a database in PostgreSQL has notifications to listen to.
func TestListenDatabaseOfFile(t *testing.T) {
	database, _ := newDatabase(t)
	at := terminal{database: database}
	got := at.run(t, "serve", "--listen-database", "postgres://db.acme.example/latchkey")
	if got.Code != 2 || !strings.Contains(got.Stderr, "--listen-database is for a database in PostgreSQL") {
		t.Errorf("got %+v", got)
	}
}
