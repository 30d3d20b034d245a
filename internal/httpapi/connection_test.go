package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestOversizedAnswers lets a server send without end. The client reads no more than an answer may have, however it is
// sent, and doesn't ask again.
func TestOversizedAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("sends many megabytes")
	}
	var bomb bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	for range 4 * largestAnswer >> 20 {
		if _, err := zip.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(w http.ResponseWriter) (sent int){
		"without a length": func(w http.ResponseWriter) (sent int) {
			for part := make([]byte, 1<<20); ; {
				n, err := w.Write(part)
				if sent += n; err != nil {
					return sent
				}
			}
		},
		"compressed": func(w http.ResponseWriter) (sent int) {
			w.Header().Set("Content-Encoding", "gzip")
			n, _ := w.Write(bomb.Bytes())
			return n
		},
	} {
		asked, sent := 0, make(chan int, 10)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Content-Type", "application/json")
			sent <- write(w)
		}))
		_, err := clientOf(t, s.URL, hurried).Groups(t.Context())
		if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "64 MiB") {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
		if asked != 1 {
			t.Errorf("%s: asked %d times", name, asked)
		}
		if n := <-sent; n > largestAnswer+16<<20 { // what the system holds between the two is left
			t.Errorf("%s: the client took %d bytes", name, n)
		}
	}
}

// TestRedirects sends a client elsewhere. It doesn't go, since the access token would come along.
func TestRedirects(t *testing.T) {
	visited := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited = true }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		}))
		c := clientOf(t, s.URL, hurried)
		if _, err := c.Group(t.Context(), groupID); tokens.ErrorCode(err) != tokens.CodeUnavailable ||
			!strings.Contains(err.Error(), "redirects") || strings.Contains(err.Error(), elsewhere.URL) {
			t.Errorf("%d: %v", status, err)
		}
		if err := c.DeleteGroup(t.Context(), groupID); tokens.ErrorCode(err) != tokens.CodeUnavailable {
			t.Errorf("%d: a deletion is %v", status, err)
		}
		s.Close()
		if asked != 2 {
			t.Errorf("%d: asked %d times", status, asked)
		}
	}
	if visited {
		t.Error("the client followed")
	}
}

// TestCertificates connects to servers that don't prove who they are. Nothing is sent to them, and nobody tries again.
func TestCertificates(t *testing.T) {
	for _, test := range []struct {
		name string
		// names and end are those of the certificate.
		names   []string
		end     time.Duration
		trusted bool
		reason  tokens.Reason
	}{
		{"good", []string{"localhost"}, time.Hour, true, ""},
		{"of an unknown authority", []string{"localhost"}, time.Hour, false, tokens.ReasonCertificate},
		{"for another name", []string{"latchkey.example.com"}, time.Hour, true, tokens.ReasonCertificate},
		{"expired", []string{"localhost"}, -time.Hour, true, tokens.ReasonCertificate},
	} {
		for _, isHTTP2 := range []bool{false, true} {
			var connections, asked atomic.Int64
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, aGroup)
			}))
			s.EnableHTTP2 = isHTTP2
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
			certificate := newCertificate(t, test.names, time.Now().Add(test.end))
			s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			s.StartTLS()
			c := clientOf(t, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), hurried)
			transportOf(c).TLSClientConfig.RootCAs = x509.NewCertPool()
			if test.trusted {
				transportOf(c).TLSClientConfig.RootCAs.AddCert(certificate.Leaf)
			}
			_, err := c.Group(t.Context(), groupID)
			if tokens.ErrorReason(err) != test.reason || (err == nil) != (test.reason == "") {
				t.Errorf("%s: %v", test.name, err)
			}
			s.Close()
			if connections.Load() != 1 || (asked.Load() == 1) != (err == nil) {
				t.Errorf("%s: %d connections, asked %d times", test.name, connections.Load(), asked.Load())
			}
		}
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, err := clientOf(t, strings.Replace(plain.URL, "http:", "https:", 1), hurried).Groups(t.Context())
	if tokens.ErrorReason(err) != tokens.ReasonUnreachable || !strings.Contains(err.Error(), "plain HTTP") {
		t.Errorf("a server without TLS: %v", err)
	}
}

// newCertificate returns a certificate for names until an end, which signs itself.
func newCertificate(t *testing.T, names []string, end time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: end.Add(-48 * time.Hour), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	made, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(made)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key, Leaf: leaf}
}

// rootsOf returns the authority of a server.
func rootsOf(s *httptest.Server) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return roots
}
