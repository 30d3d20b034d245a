package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// certificateCheck is how often the files of the certificate are read again.
const certificateCheck = 10 * time.Second

// certificate is the certificate of the server, as its files last held one that can be used. Whoever renews it replaces
// two files one after the other: until they fit together, the one before stays.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	current atomic.Pointer[tls.Certificate]
	// failures counts how often the files could not be used.
	failures atomic.Uint64
	// content is a hash of what the files held when they were last read, and failing whether that could not be used.
	content [sha256.Size]byte
	failing error
}

// newCertificate reads the files for the first time.
func newCertificate(certFile, keyFile string, log *slog.Logger, now func() time.Time) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, now: now}
	if err := c.read(); err != nil {
		return nil, &unreadable{fmt.Errorf("unable to read the certificate: %w", err)}
	}
	c.warnOfReaders()
	c.warnOfExpiry()
	return c, nil
}

// config returns the settings of TLS. HTTP/1.1 is the only protocol that is offered; see newHTTPServer.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	}
}

// expiresAt returns when the certificate in use expires.
func (c *certificate) expiresAt() time.Time { return c.current.Load().Leaf.NotAfter }

// keepFresh reads the files again every 10 seconds and at every hangup, until the context ends.
func (c *certificate) keepFresh(ctx context.Context, hangups <-chan os.Signal) {
	ticker := time.NewTicker(certificateCheck)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-hangups:
		}
		c.reload()
	}
}

// reload reads the files again. What can't be used is logged once, and counted each time.
func (c *certificate) reload() {
	before, failed := c.current.Load(), c.failing
	c.failing = c.read()
	switch {
	case c.failing != nil:
		c.failures.Add(1)
		if failed == nil || failed.Error() != c.failing.Error() {
			c.log.Error("the certificate can't be read again, the one before stays in use", "error", c.failing.Error(),
				"expires_at", tokens.FormatTimestamp(c.expiresAt()))
		}
	case c.current.Load() != before:
		c.log.Info("another certificate is in use", "expires_at", tokens.FormatTimestamp(c.expiresAt()))
		c.warnOfReaders()
		c.warnOfExpiry()
	case failed != nil:
		c.log.Info("the files of the certificate are sound again")
	}
}

// read reads the files and, if they hold something else than before, uses it. Errors hold nothing of what they hold.
func (c *certificate) read() error {
	cert, err := readRegular(c.certFile)
	if err != nil {
		return fmt.Errorf("--tls-cert %s: %w", c.certFile, cause(err))
	}
	key, err := readRegular(c.keyFile)
	if err != nil {
		return fmt.Errorf("--tls-key %s: %w", c.keyFile, cause(err))
	}
	content := sha256.Sum256(bytes.Join([][]byte{cert, key}, []byte{0}))
	if content == c.content && c.current.Load() != nil {
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("--tls-cert %s and --tls-key %s: %w", c.certFile, c.keyFile, err)
	}
	c.content = content
	c.current.Store(&pair)
	return nil
}

// readRegular reads a file. It opens nothing else: opening a pipe to which nobody writes would take forever.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("this is not a regular file")
	}
	return os.ReadFile(path)
}

// warnOfReaders warns where everybody on this machine may read the key.
func (c *certificate) warnOfReaders() {
	info, err := os.Stat(c.keyFile)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o007 == 0 {
		return
	}
	c.log.Warn("everybody on this machine may read the private key of the server: make it readable for its user alone",
		"file", c.keyFile, "mode", fmt.Sprintf("%04o", info.Mode().Perm()))
}

// warnOfExpiry warns of a certificate that clients refuse.
func (c *certificate) warnOfExpiry() {
	if at := c.expiresAt(); !c.now().Before(at) {
		c.log.Warn("the certificate of the server has expired", "expired_at", tokens.FormatTimestamp(at))
	}
}
