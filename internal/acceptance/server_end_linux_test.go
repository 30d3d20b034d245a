package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestServerEndsInGoodOrder tells a server under load to end. A gateway that heeds /readyz loses no answer, nor does a
// request that has begun, and every use is in the database then.
func TestServerEndsInGoodOrder(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	token := issue(t, owner, nil)
	client := issue(t, owner, func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator })
	s := w.serve("--drain", "2s")
	for _, value := range []string{token.value, client.value} {
		s.judge(authenticate, value)
	}
	begun := s.dial()
	form := "token=" + token.value
	head := fmt.Sprintf("POST /v1/introspect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\n\r\n", client.value, len(form))
	if _, err := io.WriteString(begun, head+form[:10]); err != nil {
		t.Fatal(err)
	}
	l := startLoad(t, s.url, 8)
	used := l.add(authenticate, token.value)
	s.eventually("the value is used", func() bool { return used.accepted.Load() > 0 })
	time.Sleep(200 * time.Millisecond)
	s.signal(syscall.SIGTERM)
	s.eventually("/readyz says that the server ends", func() bool {
		return s.get("/readyz", "").status == http.StatusServiceUnavailable
	})
	before := l.answers[http.StatusOK].Load()
	time.Sleep(200 * time.Millisecond)
	if l.answers[http.StatusOK].Load() == before {
		t.Error("the server answers no longer, though it drains")
	}
	l.stop()
	s.eventually("the server has closed its port", func() bool {
		c, err := net.Dial("tcp", s.address)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if _, err := io.WriteString(begun, form[10:]); err != nil {
		t.Error(err)
	}
	if answer, err := io.ReadAll(begun); err != nil || !strings.Contains(string(answer), `{"active":true`) {
		t.Errorf("a request that had begun got %q, %v", answer, err)
	}
	if code := s.wait(); code != 0 {
		t.Errorf("the server ended with %d:\n%s", code, s.log())
	}
	l.onlyAnswers(t, http.StatusOK)
	after, err := owner.AccessToken(t.Context(), token.ID)
	if err != nil {
		t.Fatal(err)
	}
	if accepted := l.answers[http.StatusOK].Load() + 2; after.UseCount != accepted { // with the first and the introspection
		t.Errorf("%d uses are written, but %d were accepted", after.UseCount, accepted)
	}
	if !strings.Contains(s.log(), "the server has ended") || s.problems() != "" {
		t.Errorf("the server logged:\n%s", s.log())
	}
}

// TestServerEndsUnderLoad tells servers to end while clients go on as if nothing were. No answer breaks off, and every use
// of which a client knows is in the database then.
func TestServerEndsUnderLoad(t *testing.T) {
	w := newServedWorkspace(t)
	owner := w.owner()
	token := issue(t, owner, nil)
	s := w.serve()
	accepted, all := int64(0), rounds(3, 50)
	for round := range all {
		if round > 0 {
			s = s.again()
		}
		s.judge(authenticate, token.value)
		clients := make([]lastingClient, 8)
		var done sync.WaitGroup
		for i := range clients {
			done.Go(func() { clients[i].goOn(s.address, token.value) })
		}
		time.Sleep(100 * time.Millisecond)
		s.signal(syscall.SIGTERM)
		done.Wait()
		if code := s.wait(); code != 0 {
			t.Errorf("the server ended with %d:\n%s", code, s.log())
		}
		for _, c := range clients {
			accepted += c.accepted
			if c.broken != nil {
				t.Errorf("an answer broke off: %s", c.broken)
			}
		}
	}
	after, err := owner.AccessToken(t.Context(), token.ID)
	if err != nil {
		t.Fatal(err)
	}
	if after.UseCount < accepted+int64(all) || accepted == 0 { // with the first of each round
		t.Errorf("%d uses are written, but %d were accepted", after.UseCount, accepted)
	}
	t.Logf("%d uses are written, %d were accepted", after.UseCount, accepted)
}

// lastingClient asks over one connection until that ends.
type lastingClient struct {
	accepted int64
	// broken is why an answer broke off; nil if none did.
	broken error
}

// goOn asks about a value until the server ends the connection.
func (c *lastingClient) goOn(address, value string) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		c.broken = err
		return
	}
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for {
		if _, err := fmt.Fprintf(connection, "GET /v1/authenticate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", value); err != nil {
			return
		}
		if _, err := reader.Peek(1); err != nil {
			return // the connection ended between two requests
		}
		answer, err := http.ReadResponse(reader, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			c.broken = fmt.Errorf("%v, %w", answer, err)
			return
		}
		_ = answer.Body.Close()
		c.accepted++
	}
}
