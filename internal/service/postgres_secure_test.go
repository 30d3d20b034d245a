//go:build unix

package service_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// rolePassword is one that has to be percent-encoded in an address.
const rolePassword = "hunter2/@ÿ:#"

// secureServer starts a server that others reach by TLS and with the password of role keeper alone.
func secureServer(t *testing.T) *pgtest.Secure {
	t.Helper()
	s := pgtest.NewSecure(t, "fsync=off")
	setPassword(t, s, rolePassword)
	// What the environment says otherwise counts in place of what an address leaves out.
	for _, variable := range []string{"PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT"} {
		t.Setenv(variable, "")
	}
	t.Setenv("HOME", t.TempDir())
	return s
}

// setPassword makes role keeper, or gives it another password.
func setPassword(t *testing.T, s *pgtest.Secure, password string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.AdminAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range []string{
		`DO $$ BEGIN CREATE ROLE keeper LOGIN; GRANT CREATE ON DATABASE postgres TO keeper;
			EXCEPTION WHEN duplicate_object THEN END $$`,
		`ALTER ROLE keeper PASSWORD '` + password + `'`,
		// Those who are connected have to come again.
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper'`,
	} {
		if _, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
}

// networkAddress is the address of a server at a host with parameters, and with a password if that is not empty.
func networkAddress(s *pgtest.Secure, host, password string, query url.Values) string {
	user := url.User("keeper")
	if password != "" {
		user = url.UserPassword("keeper", password)
	}
	u := url.URL{Scheme: "postgres", User: user, Host: net.JoinHostPort(host, s.Port), Path: "/postgres", RawQuery: query.Encode()}
	return u.String()
}

// reach returns the error of a look at a database. Nothing that it says is of a password.
func reach(t *testing.T, database string) error {
	t.Helper()
	opened := service.Open(service.Options{Database: database, Now: time.Now})
	defer opened.Close()
	_, err := opened.As(tokens.AsDatabaseOwner("local:anna@laptop")).Database(t.Context())
	if err == nil {
		t.Fatal("there is a database")
	}
	for _, part := range []string{"hunter2", url.QueryEscape(rolePassword), "%C3%BF"} {
		if strings.Contains(err.Error()+opened.Location(), part) {
			t.Errorf("the password is shown: %v, of %s", err, opened.Location())
		}
	}
	return err
}

// TLS is used, and the server proved, as libpq's sslmode says.
func TestTLSToPostgreSQL(t *testing.T) {
	s := secureServer(t)
	stranger := filepath.Join(t.TempDir(), "stranger.crt")
	if err := os.WriteFile(stranger, newAuthority(t), 0o600); err != nil {
		t.Fatal(err)
	}
	noAuthority := filepath.Join(t.TempDir(), "none.crt")
	plain := pgtest.New(t, "listen_addresses=127.0.0.1")
	const (
		gotThrough = ""
		isStranger = "the server doesn't prove who it is"
		otherName  = "the server's certificate is for other names"
	)
	for _, test := range []struct {
		name, host string
		query      url.Values
		says       string
	}{
		{"nothing", "localhost", url.Values{}, gotThrough},
		{"disable", "localhost", url.Values{"sslmode": {"disable"}}, "lets this role in by no way"},
		{"allow", "localhost", url.Values{"sslmode": {"allow"}}, gotThrough},
		{"prefer", "localhost", url.Values{"sslmode": {"prefer"}}, gotThrough},
		{"require", "localhost", url.Values{"sslmode": {"require"}}, gotThrough},
		{"require, with an authority", "localhost", url.Values{"sslmode": {"require"}, "sslrootcert": {stranger}}, isStranger},
		{"verify-ca", "localhost", url.Values{"sslmode": {"verify-ca"}, "sslrootcert": {s.Authority}}, gotThrough},
		{"verify-ca by another name", "127.0.0.1", url.Values{"sslmode": {"verify-ca"}, "sslrootcert": {s.Authority}}, gotThrough},
		{"verify-ca of a stranger", "localhost", url.Values{"sslmode": {"verify-ca"}, "sslrootcert": {stranger}}, isStranger},
		{"verify-full", "localhost", url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.Authority}}, gotThrough},
		{"verify-full by another name", "127.0.0.1", url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.Authority}}, otherName},
		{"verify-full of a stranger", "localhost", url.Values{"sslmode": {"verify-full"}, "sslrootcert": {stranger}}, isStranger},
		{"verify-full by the authorities of the system", "localhost", url.Values{"sslmode": {"verify-full"}}, isStranger},
		{"no such authority", "localhost", url.Values{"sslmode": {"verify-full"}, "sslrootcert": {noAuthority}}, noAuthority},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := reach(t, networkAddress(s, test.host, rolePassword, test.query))
			if test.says == gotThrough {
				if tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
					t.Errorf("the server is not reached: %v", err)
				}
			} else if !strings.Contains(err.Error(), test.says) {
				t.Errorf("says %q, want %q", err, test.says)
			}
		})
	}

	t.Run("a server without TLS", func(t *testing.T) {
		err := reach(t, "postgres://postgres@127.0.0.1:"+plain.Port+"/postgres?sslmode=require")
		if !strings.Contains(err.Error(), "the server takes no TLS") {
			t.Error(err)
		}
	})
	t.Run("several hosts", func(t *testing.T) {
		const nobody = "localhost:1"
		hosts := nobody + ",localhost:" + s.Port
		query := url.Values{"target_session_attrs": {"read-write"}, "sslmode": {"verify-full"}, "sslrootcert": {s.Authority}}
		err := reach(t, "postgres://keeper:"+url.QueryEscape(rolePassword)+"@"+hosts+"/postgres?"+query.Encode())
		if tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
			t.Error(err)
		}
	})
}

// The password stands in the address, in the environment or in a password file, which each connection reads again: managed
// services change it.
func TestPasswordForPostgreSQL(t *testing.T) {
	s := secureServer(t)
	secure := url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.Authority}}
	address := networkAddress(s, "localhost", "", secure)
	file := filepath.Join(t.TempDir(), "passwords")
	write := func(path, password string) {
		t.Helper()
		escaped := strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(password)
		if err := os.WriteFile(path, []byte("localhost:"+s.Port+":postgres:keeper:"+escaped+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(name string, err error) {
		t.Helper()
		if !strings.Contains(err.Error(), "refuses the role or its password") {
			t.Errorf("%s: %v", name, err)
		}
	}
	reached := func(name string, err error) {
		t.Helper()
		if tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
			t.Errorf("%s: %v", name, err)
		}
	}

	refused("none", reach(t, address))
	reached("in the address", reach(t, networkAddress(s, "localhost", rolePassword, secure)))
	refused("a wrong one in the address", reach(t, networkAddress(s, "localhost", "hunter21", secure)))
	write(filepath.Join(os.Getenv("HOME"), ".pgpass"), rolePassword)
	reached("in ~/.pgpass", reach(t, address))
	t.Setenv("PGPASSWORD", "hunter21")
	refused("PGPASSWORD goes before ~/.pgpass", reach(t, address))
	t.Setenv("PGPASSWORD", rolePassword)
	reached("in PGPASSWORD", reach(t, address))

	t.Setenv("PGPASSWORD", "")
	t.Setenv("PGPASSFILE", file)
	write(file, rolePassword)
	opened := service.Open(service.Options{Database: address, Now: time.Now})
	defer opened.Close()
	owner := opened.As(tokens.AsDatabaseOwner("local:anna@laptop"))
	name := 'a'
	works := func() error {
		name++
		_, err := owner.CreateGroup(t.Context(), tokens.NewGroup{Request: tokens.NewRequest(time.Now()),
			GroupSettings: tokens.GroupSettings{Name: string(name)}})
		return err
	}
	if err := works(); err != nil {
		t.Fatal(err)
	}
	setPassword(t, s, "hunter22")
	if err := works(); err == nil {
		t.Error("the old password still works")
	} else {
		refused("the old password", err)
	}
	write(file, "hunter22")
	if err := works(); err != nil {
		t.Errorf("the password file is not read again: %v", err)
	}
}

// newAuthority returns the certificate of an authority that no server is proved by.
func newAuthority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "another authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
}
