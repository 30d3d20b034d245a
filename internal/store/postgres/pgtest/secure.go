//go:build unix

package pgtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Secure is a server that others reach at localhost, by TLS and with a password alone. Its own directory needs none.
type Secure struct {
	*Server
	// Authority is a file with the server's certificate for localhost, which proves itself, and Key one with the key.
	Authority, Key string
}

// NewSecure starts a server for a test alone, which ends with the test.
func NewSecure(t testing.TB, settings ...string) *Secure {
	t.Helper()
	if _, err := binaries(); err != nil {
		skip(t, err.Error())
	}
	directory := newDirectory(t)
	path := func(name string) string { return filepath.Join(directory, name) }
	rules := fmt.Sprintf("local %[1]s %[1]s trust\nhostssl %[1]s %[1]s samehost scram-sha-256\n", "all")
	err := errors.Join(newCertificate(path("server.crt"), path("server.key")),
		os.WriteFile(path("hba.conf"), []byte(rules), 0o644))
	as, failure := credential()
	if err = errors.Join(err, failure); err == nil && as != nil {
		err = os.Chown(path("server.key"), int(as.Uid), int(as.Gid))
	}
	if err != nil {
		t.Fatal(err)
	}
	settings = append(settings, "listen_addresses=localhost", "password_encryption=scram-sha-256", "ssl=on",
		"ssl_cert_file="+path("server.crt"), "ssl_key_file="+path("server.key"), "hba_file="+path("hba.conf"))
	return &Secure{startIn(t, directory, settings...), path("server.crt"), path("server.key")}
}

// NetworkAddress returns the address at which a role reaches a database, with a password that stands elsewhere.
func (s *Secure) NetworkAddress(role, database string, query url.Values) string {
	query.Set("sslmode", "verify-full")
	query.Set("sslrootcert", s.Authority)
	// A comma in a path is no separator, and addresses in guides are written as people write them.
	return "postgres://" + role + "@localhost:" + s.Port + "/" + database + "?" + strings.ReplaceAll(query.Encode(), "%2F", "/")
}

// newCertificate writes a certificate for localhost that proves itself, and its key.
func newCertificate(certificate, key string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
	)
}
