package acceptance

import (
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// TestNodesByRole runs servers by the two roles of the guide. The one makes the database and manages tokens; the other
// verifies, sees what the first one changes, changes nothing, and ends in good order although it can't write the uses.
func TestNodesByRole(t *testing.T) {
	d := newDeployment(t)
	d.latchkey("bootstrap", "--organization", "acme", "--output", d.path("owner.token")).exits(0)
	d.verifierMayRead()
	owner := d.owner()
	token, stopped := issue(t, owner, nil), issue(t, owner, nil)

	writer := d.serve()
	reader := *d.workspace
	reader.database = d.verifier
	verifier := reader.serve()
	for _, s := range []*server{writer, verifier} {
		if got := s.judge(authenticate, token.value); got.status != http.StatusOK {
			t.Errorf("a good value gets %d", got.status)
		}
	}
	disable(t, owner, stopped.ID)
	verifier.eventually("the verifier refuses what was stopped", func() bool {
		return verifier.judge(authenticate, stopped.value).status == http.StatusUnauthorized
	})
	if got := verifier.post("/v1/revoke", "", "token="+token.value); got.status != http.StatusServiceUnavailable {
		t.Errorf("the verifier revokes: %d", got.status)
	}
	if got := verifier.judge(authenticate, token.value); got.status != http.StatusOK {
		t.Errorf("a value that the verifier could not revoke gets %d", got.status)
	}
	reader.latchkey("token", "disable", token.ID).exits(3).says("the role may not do this", "From one machine to many")
	if got := writer.post("/v1/revoke", "", "token="+token.value); got.status != http.StatusOK {
		t.Errorf("the writer answers a revocation with %d", got.status)
	}
	verifier.signal(syscall.SIGTERM)
	if code := verifier.wait(); code != 0 {
		t.Errorf("the verifier ended with %d:\n%s", code, verifier.log())
	}
	writer.stop()
	for _, password := range d.passwords {
		if strings.Contains(writer.log()+verifier.log(), password) {
			t.Error("a log has a password")
		}
	}
}

// TestPasswordOfNodes changes the password of the database while a server runs: it reads the password file again.
func TestPasswordOfNodes(t *testing.T) {
	d := newDeployment(t)
	d.latchkey("bootstrap", "--organization", "acme", "--output", d.path("owner.token")).exits(0)
	token := issue(t, d.owner(), nil)
	s := d.serve("--max-staleness", "1s")
	d.setPassword("latchkey")
	d.administer("postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'latchkey'`)
	s.eventually("the server may be asked with the new password", func() bool {
		return s.get("/readyz", "").status == http.StatusOK && s.get(authenticate, token.value).status == http.StatusOK
	})
	d.write("pgpass", "localhost:*:*:latchkey:wrong\n")
	d.latchkey("token", "list").exits(3).says("refuses the role or its password", "PGPASSWORD or the password file").saysNot("wrong")
	d.env = append(d.env, "PGPASSWORD="+d.passwords["latchkey"])
	d.latchkey("token", "list").exits(0)
}

// TestCertificateOfDatabase refuses a database that doesn't prove that it is the one that was meant.
func TestCertificateOfDatabase(t *testing.T) {
	d := newDeployment(t)
	d.latchkey("bootstrap", "--organization", "acme", "--output", d.path("owner.token")).exits(0)
	another := pgtest.NewSecure(t)
	address, err := url.Parse(d.database)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("sslrootcert", another.Authority)
	address.RawQuery = query.Encode()
	d.database = address.String()
	d.latchkey("token", "list").exits(3).says("can't be reached", "doesn't prove who it is", "sslrootcert")
}
