package acctest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Place is where the objects of one test live.
type Place struct {
	t    *testing.T
	file string
}

// NewPlace returns a place where there is nothing yet, for every acceptance test: a fresh database file.
func NewPlace(t *testing.T) *Place {
	t.Helper()
	return &Place{t, filepath.Join(t.TempDir(), "latchkey.db")}
}

// Settings are the attributes of the provider's configuration that lead to the place.
func (p *Place) Settings() map[string]string { return map[string]string{"database": p.file} }

// open returns a backend for someone who works in the place outside Terraform. It is closed when the test ends.
func (p *Place) open(actor tokens.Actor, now func() time.Time) tokens.Backend {
	backend, closer := p.openService(actor, now)
	p.t.Cleanup(func() { p.must(closer.Close()) })
	return backend
}

// openService is open for one who closes what it opened.
func (p *Place) openService(actor tokens.Actor, now func() time.Time) (tokens.Backend, io.Closer) {
	opened := service.Open(service.Options{Database: p.file, Now: now})
	return opened.As(tokens.AsDatabaseOwner(actor)), opened
}

// IsEmpty reports whether nothing was made in the place.
func (p *Place) IsEmpty() bool {
	_, err := os.Stat(p.file)
	return errors.Is(err, fs.ErrNotExist)
}

// Unreachable returns a place that can't be reached.
func (p *Place) Unreachable() *Place {
	return &Place{p.t, filepath.Join(p.file, "missing", "latchkey.db")}
}

// Wipe removes all that was made in the place.
func (p *Place) Wipe() {
	p.t.Helper()
	files, err := filepath.Glob(p.file + "*")
	p.must(err)
	for _, file := range files {
		p.must(os.Remove(file))
	}
}

// backup copies what is in the place and returns a function that puts the copy back, as after a lost disk. It has the
// same identity. Whoever has the place open finds that what they opened is gone.
func (p *Place) backup() (restore func()) {
	p.t.Helper()
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
	duplicate(p.file, aside)
	return func() {
		p.t.Helper()
		p.Wipe()
		duplicate(aside, p.file)
	}
}

// accept records that what is in the place was put back on purpose.
func (p *Place) accept(now func() time.Time) error {
	_, err := service.Acceptance{
		Options: service.Options{Database: p.file, Now: now}, Actor: "local:anna@elsewhere",
	}.Run(context.Background())
	return err
}

func (p *Place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}
