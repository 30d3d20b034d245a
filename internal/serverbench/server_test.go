//go:build linux

package serverbench

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is a server in a process of its own.
type server struct {
	*process
	address string
}

// startBare starts a bare server that answers as another server answers a good token.
func startBare(b *testing.B, like server, db filled) server {
	b.Helper()
	p := startRole(b, "bare", bareTask{answerOf(b, like, db)})
	return server{p, result[string](p)}
}

// answerOf returns the header of a server's answer to a good token, but for what net/http adds.
func answerOf(b *testing.B, s server, db filled) http.Header {
	b.Helper()
	values, err := os.ReadFile(db.values)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+s.address+"/v1/authenticate", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(values[:valueLength]))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		b.Fatalf("the server answers %s", answer.Status)
	}
	h := answer.Header
	h.Del("Date")
	h.Del("Content-Length")
	return h
}

// startServer starts the server of the binary on a database, as users do, and waits until it may be asked.
func startServer(b *testing.B, db filled, environment ...string) server {
	b.Helper()
	program, err := serverBinary()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--database", db.database, "--listen", "127.0.0.1:0", "--drain", "0s")
	cmd.Env = append(os.Environ(), environment...)
	s := server{process: start(b, cmd)}
	s.waitFor("it is ready", func() bool {
		if told := answering.FindStringSubmatch(s.errors.String()); told != nil {
			s.address = told[1]
		}
		if s.address == "" {
			return false
		}
		answer, err := http.Get("http://" + s.address + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return s
}

// answering finds the address of the server in its log.
var answering = regexp.MustCompile(`msg="the server answers" address=http://(\S+)`)

// waitFor waits until something is true of the server.
func (s server) waitFor(what string, is func() bool) {
	s.b.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.b.Fatalf("waited for too long until %s:\n%s", what, s.errors)
		}
	}
}

// metric returns the value of a metric without labels.
func (s server) metric(name string) float64 {
	s.b.Helper()
	answer, err := http.Get("http://" + s.address + "/metrics")
	if err != nil {
		s.b.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				s.b.Fatal(err)
			}
			return value
		}
	}
	s.b.Fatalf("the server has no metric %s", name)
	return 0
}

// serverBinary returns the path of the binary, built as GNUmakefile builds it.
var serverBinary = sync.OnceValues(func() (string, error) {
	dir, err := newDirectory()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "terraform-provider-latchkey")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, ".")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the binary does not build: %w\n%s", err, out)
	}
	return path, nil
})

// load puts a load on the server with the values of a database.
func (s server) load(db filled, t loadTask) loadResult {
	s.b.Helper()
	t.Address, t.PID, t.Values = s.address, s.cmd.Process.Pid, db.values
	if t.Connections == 0 {
		t.Connections = 16
	}
	p := startRole(s.b, "load", t)
	defer p.stop()
	return result[loadResult](p)
}
