package acctest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Place is where the objects of one test live: in a database file that the provider opens or, where placeVariable says
// so, in a schema of PostgreSQL, or behind a server on a file, which the provider asks. Whoever works outside Terraform opens
// the database.
type Place struct {
	t *testing.T
	// database is the path of the file, or the address in PostgreSQL.
	database string
	// server answers for the file; nil where the provider opens it.
	server *server
}

// placeVariable says where acceptance tests work: with servers through servers, with postgres in PostgreSQL, else on files.
const (
	placeVariable = "LATCHKEY_TEST_PLACE"
	servers       = "server"
	postgres      = "postgres"
)

// IsAtServer reports whether the acceptance tests work through servers.
func IsAtServer() bool { return os.Getenv(placeVariable) == servers }

// IsInPostgreSQL reports whether the acceptance tests work in PostgreSQL.
func IsInPostgreSQL() bool { return os.Getenv(placeVariable) == postgres }

// NotThroughServer skips a test that can't work through a server, and says why; see TestPlacesOfTests.
func NotThroughServer(t *testing.T, why string) {
	t.Helper()
	if IsAtServer() {
		t.Skip(why)
	}
}

// OnFile skips a test that has to work on a file, and says why; see TestPlacesOfTests.
func OnFile(t *testing.T, why string) {
	t.Helper()
	if IsAtServer() || IsInPostgreSQL() {
		t.Skip(why)
	}
}

// newPlace returns a place where there is nothing yet.
func newPlace(t *testing.T, atServer bool, now func() time.Time) *Place {
	t.Helper()
	p := &Place{t: t, database: filepath.Join(t.TempDir(), "latchkey.db")}
	if IsInPostgreSQL() && !atServer {
		p.database = pgtest.Address(t)
		t.Cleanup(func() { pgtest.Drop(t, p.database) })
	}
	if atServer {
		p.server = newServer(p, now)
	}
	return p
}

// Credential is the value by which the provider asks the server of the place.
func (p *Place) Credential() tokens.Secret { return p.server.owner }

// Requests returns how many requests the server of the place was sent, by their method and path.
func (p *Place) Requests() map[string]int { return p.server.requests() }

// Settings are the attributes of the provider's configuration that lead to the place.
func (p *Place) Settings() map[string]string {
	if p.server != nil {
		return map[string]string{"endpoint": p.server.address, "token": p.server.owner.Reveal()}
	}
	return map[string]string{"database": p.database}
}

// settingsAs are lines of the provider's configuration that lead to the place, and to work there as the member whose
// address an expression yields.
func (p *Place) settingsAs(address string) []string {
	if p.server != nil {
		return []string{fmt.Sprintf("endpoint = %q", p.server.address), "token = " + p.server.credentialOf(address)}
	}
	return []string{fmt.Sprintf("database = %q", p.database), "act_as = " + address}
}

// memberSettings are the attributes of the provider's configuration that lead to the place, and to work there as the member
// with an address.
func (p *Place) memberSettings(address string) map[string]string {
	if p.server != nil {
		return map[string]string{"endpoint": p.server.address, "token": p.server.personal[address].Reveal()}
	}
	return map[string]string{"database": p.database, "act_as": address}
}

// openAs returns a backend for someone who works in the place outside Terraform. It is closed when the test ends.
func (p *Place) openAs(who tokens.Principal, now func() time.Time) tokens.Backend {
	backend, closer := p.openService(who, now)
	p.t.Cleanup(func() { p.must(closer.Close()) })
	if p.server != nil {
		return besideCredential{backend}
	}
	return backend
}

// Actor is the beginning of the name that events give the provider.
func (p *Place) Actor() string {
	if p.server != nil {
		return tokens.BootstrapName + "@"
	}
	return "local:"
}

// openService is openAs for one who closes what it opened.
func (p *Place) openService(who tokens.Principal, now func() time.Time) (tokens.Backend, io.Closer) {
	opened := service.Open(service.Options{Database: p.database, Now: now})
	return opened.As(who), opened
}

// IsEmpty reports whether nothing was made in the place.
func (p *Place) IsEmpty() bool {
	if p.server != nil {
		return p.server.isUntouched()
	}
	if tokens.IsDatabaseAddress(p.database) {
		return pgtest.IsEmpty(p.t, p.database)
	}
	_, err := os.Stat(p.database)
	return errors.Is(err, fs.ErrNotExist)
}

// SaysEmpty is what the provider says of a look into the place while there is nothing in it, where it says so.
func (p *Place) SaysEmpty() string {
	if p.server != nil {
		return "" // a server that answers has a database
	}
	return p.saysNone()
}

// SaysNobody is what the provider says where it is to work as a member whom there is not, and SaysNobodyYet where nothing is
// in the place yet.
func (p *Place) SaysNobody(address string) string {
	if p.server != nil {
		return notGood
	}
	return fmt.Sprintf("act_as: there is no member %q", address)
}

// SaysNobodyYet is SaysNobody for a place with nothing in it.
func (p *Place) SaysNobodyYet() string {
	if p.server != nil {
		return notGood
	}
	return "the member who acts can only be in a database, and " + p.saysNone()
}

// saysNone is what the provider says where there is no database.
func (p *Place) saysNone() string {
	if tokens.IsDatabaseAddress(p.database) {
		return "there is no database postgres in schema"
	}
	return "there is no database at"
}

// notGood is what a server says to one as whom nobody can work.
const notGood = "the caller's access token is not good"

// IsBy reports whether an event tells of the member with an address: by name or, at a server, by one of the member's access
// tokens.
func IsBy(e tokens.Event, address string) bool {
	return string(e.Actor) == address || strings.HasPrefix(string(e.Actor), address+"_")
}

// Unreachable returns a place on this machine that can't be reached, and what errors say of it.
func (p *Place) Unreachable() (place *Place, text string) {
	if tokens.IsDatabaseAddress(p.database) {
		return &Place{t: p.t, database: "postgres://postgres@/postgres?host=/nonexistent"}, "can't be reached"
	}
	return &Place{t: p.t, database: filepath.Join(p.database, "missing", "latchkey.db")}, "does not exist"
}

// Wipe removes all that was made in the place.
func (p *Place) Wipe() {
	p.t.Helper()
	if tokens.IsDatabaseAddress(p.database) {
		pgtest.Drop(p.t, p.database)
		return
	}
	files, err := filepath.Glob(p.database + "*")
	p.must(err)
	for _, file := range files {
		p.must(os.Remove(file))
	}
}

// backup copies what is in the place and returns a function that puts the copy back, as after a lost disk. It has the
// same identity. Whoever has the place open finds that what they opened is gone.
func (p *Place) backup() (restore func()) {
	p.t.Helper()
	if tokens.IsDatabaseAddress(p.database) {
		saved := pgtest.Save(p.t, p.database)
		return func() {
			p.t.Helper()
			pgtest.Drop(p.t, p.database)
			p.makeTables()
			pgtest.Fill(p.t, p.database, saved)
		}
	}
	aside := filepath.Join(p.t.TempDir(), "backup")
	duplicate := func(from, to string) {
		p.t.Helper()
		for _, suffix := range []string{"", "-wal"} { // the index of the journal is made anew from the journal
			data, err := os.ReadFile(from + suffix)
			if suffix != "" && errors.Is(err, fs.ErrNotExist) {
				continue
			}
			p.must(err)
			p.must(os.WriteFile(to+suffix, data, 0o600))
		}
	}
	duplicate(p.database, aside)
	return func() {
		p.t.Helper()
		p.Wipe()
		duplicate(aside, p.database)
	}
}

// makeTables makes a database with tables, in which another one's rows are to stand.
func (p *Place) makeTables() {
	p.t.Helper()
	backend, closer := p.openService(tokens.AsDatabaseOwner("local:anna@elsewhere"), time.Now)
	_, err := backend.CreateGroup(context.Background(),
		tokens.NewGroup{Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: "any"}})
	p.must(err)
	p.must(closer.Close())
}

// accept records that what is in the place was put back on purpose.
func (p *Place) accept(now func() time.Time) error {
	_, err := service.Acceptance{
		Options: service.Options{Database: p.database, Now: now}, Actor: "local:anna@elsewhere",
	}.Run(context.Background())
	return err
}

func (p *Place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}
