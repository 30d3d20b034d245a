package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newCertificate writes NAME.crt and NAME.key for 127.0.0.1 to a directory, and returns the certificate.
func newCertificate(t *testing.T, directory, name string) *x509.Certificate {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<62))),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(10, 0, 0), // the scripts run in 2030,
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	write := func(file, kind string, content []byte) {
		path := filepath.Join(directory, file)
		must(0, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
	}
	write(name+".crt", "CERTIFICATE", der)
	write(name+".key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
	return must(x509.ParseCertificate(der))
}

// trusting returns a client that trusts one certificate and speaks some version of TLS at most.
func trusting(certificate *x509.Certificate, most uint16) *http.Client {
	settings := &tls.Config{RootCAs: x509.NewCertPool(), MaxVersion: most}
	settings.RootCAs.AddCert(certificate)
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: settings, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
}

// A certificate is renewed by replacing two files, one after the other, while the server runs.
func TestServeTLS(t *testing.T) {
	database, value := newDatabase(t)
	directory := t.TempDir()
	cert, key := filepath.Join(directory, "server.crt"), filepath.Join(directory, "server.key")
	first, second := newCertificate(t, directory, "server"), newCertificate(t, directory, "next")
	must(0, os.Chmod(key, 0o644))
	s := startServer(t, database, "--tls-cert", cert, "--tls-key", key, "--ops-listen", "127.0.0.1:0")
	if !strings.HasPrefix(s.base, "https://") || !strings.HasPrefix(s.ops, "https://") {
		t.Fatalf("the server answers at %s and %s", s.base, s.ops)
	}
	warned := len(s.log.lines("everybody on this machine may read the private key of the server: "+
		"make it readable for its user alone")) == 1
	if runtime.GOOS != "windows" && !warned {
		t.Errorf("nothing warns of the mode of the key: %s", s.log)
	}
	s.eventually("a token works", func() bool {
		got := s.ask(trusting(first, tls.VersionTLS13), s.base+"/v1/authenticate", value)
		if got.protocol != "HTTP/1.1" {
			t.Errorf("the protocol is %s: %s", got.protocol, got.body)
		}
		return got.status == http.StatusOK
	})
	if got := s.ask(trusting(first, tls.VersionTLS11), s.base, ""); got.status != 0 {
		t.Error("the server speaks TLS 1.1")
	}
	if got := s.ask(trusting(second, tls.VersionTLS13), s.base, ""); got.status != 0 {
		t.Error("the server has the certificate that it gets later")
	}
	metric := func(name string, trusted *x509.Certificate) string {
		for line := range strings.Lines(s.ask(trusting(trusted, tls.VersionTLS13), s.ops+"/metrics", "").body) {
			if found, number, ok := strings.Cut(strings.TrimSpace(line), " "); ok && found == name {
				return number
			}
		}
		return ""
	}
	if runtime.GOOS == "windows" {
		return // it knows no SIGHUP, and 10 seconds are long
	}
	hangUp := func() { must(0, must(os.FindProcess(os.Getpid())).Signal(syscall.SIGHUP)) }

	must(0, os.Rename(filepath.Join(directory, "next.crt"), cert))
	for range 2 {
		failures := metric("latchkey_tls_reload_failures_total", first)
		hangUp()
		s.eventually("the failure is counted", func() bool {
			return metric("latchkey_tls_reload_failures_total", first) != failures
		})
	}
	if told := s.log.lines("the certificate can't be read again, the one before stays in use"); len(told) != 1 {
		t.Errorf("the log says %v", told)
	}
	must(0, os.Rename(filepath.Join(directory, "next.key"), key))
	hangUp()
	s.eventually("the other certificate is in use", func() bool {
		return s.ask(trusting(second, tls.VersionTLS13), s.base, "").status != 0
	})
	expiry := metric("latchkey_tls_certificate_expiry_timestamp_seconds", second)
	if want := strconv.FormatFloat(float64(second.NotAfter.Unix()), 'g', -1, 64); expiry != want {
		t.Errorf("the certificate expires at %s, want %s", expiry, want)
	}
}

// A key in whose place something else stands, such as a pipe to which nobody writes, is a key that can't be used. It
// keeps the server neither from answering nor from ending.
func TestServeTLSWithoutFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such pipes, and no SIGHUP")
	}
	database, value := newDatabase(t)
	directory := t.TempDir()
	cert, key := filepath.Join(directory, "server.crt"), filepath.Join(directory, "server.key")
	trusted := trusting(newCertificate(t, directory, "server"), tls.VersionTLS13)
	s := startServer(t, database, "--tls-cert", cert, "--tls-key", key)
	must(0, os.Remove(key))
	must(0, exec.CommandContext(t.Context(), "mkfifo", key).Run())
	must(0, must(os.FindProcess(os.Getpid())).Signal(syscall.SIGHUP))
	s.eventually("the failure is counted", func() bool {
		return strings.Contains(s.ask(trusted, s.base+"/metrics", "").body, "\nlatchkey_tls_reload_failures_total 1\n")
	})
	told := s.log.lines("the certificate can't be read again, the one before stays in use")
	if len(told) != 1 || told[0]["error"] != "--tls-key "+key+": this is not a regular file" {
		t.Errorf("the log says %v", told)
	}
	s.eventually("a token works", func() bool {
		return s.ask(trusted, s.base+"/v1/authenticate", value).status == http.StatusOK
	})
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d: %s", code, s.log)
	}
}
