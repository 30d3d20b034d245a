package service_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// copies are a database and copies of it, as people make them with other programs.
type copies struct {
	*testing.T
	clock *backendtest.Clock
	// path is the database, and copied its copy.
	path, copied string
}

// change makes a group in a file and returns the mark that this left.
func (c copies) change(path string) tokens.Mark {
	c.Helper()
	c.clock.Advance(time.Second)
	return c.look(path, tokens.Mark{}, func(b *service.Backend, w *tokens.Witness) error {
		_, err := b.CreateGroup(tokens.WithWitness(background, w), groupRequest("g"+tokens.NewID(tokens.KindGroup, c.clock.Now())[4:]))
		return err
	})
}

// look asks a file something along with a witness that expects a mark, and returns the one that it saw.
func (c copies) look(
	path string, expects tokens.Mark, ask func(*service.Backend, *tokens.Witness) error,
) tokens.Mark {
	c.Helper()
	opened := service.Open(service.Options{Database: path, Now: c.clock.Now})
	w := &tokens.Witness{Expects: expects}
	err := ask(opened.As(anna), w)
	if closeErr := opened.Close(); err != nil || closeErr != nil {
		c.Fatal(err, closeErr)
	}
	return w.Saw
}

// refuse has a file refuse something, which leaves an event and no change.
func (c copies) refuse(path string) {
	c.look(path, tokens.Mark{}, func(b *service.Backend, _ *tokens.Witness) error {
		if err := b.DeleteGroup(background, tokens.NewID(tokens.KindGroup, c.clock.Now())); tokens.ErrorCode(err) != tokens.CodeNotFound {
			c.Errorf("got %v, want CodeNotFound", err)
		}
		return nil
	})
}

// duplicate copies a closed database.
func (c copies) duplicate(from, to string) {
	c.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		c.Fatal(err)
	}
}

// Copies of a database are told apart by what was done to each of them since.
func TestOlderCopies(t *testing.T) {
	for _, test := range []struct {
		name string
		// since is done after the file was copied, and returns the mark that somebody saw; then the copy is asked.
		since  func(c copies) tokens.Mark
		reason tokens.Reason // empty if the copy is believed
	}{
		{name: "nothing was done", since: func(c copies) tokens.Mark {
			return c.look(c.path, tokens.Mark{}, func(b *service.Backend, w *tokens.Witness) error {
				_, err := b.Groups(tokens.WithWitness(background, w))
				return err
			})
		}},
		{name: "the database was changed", reason: tokens.ReasonOlderDatabase,
			since: func(c copies) tokens.Mark { return c.change(c.path) }},
		{name: "both were changed, once", reason: tokens.ReasonForkedDatabase, since: func(c copies) tokens.Mark {
			c.change(c.copied)
			return c.change(c.path)
		}},
		{name: "both were changed, the copy more often", reason: tokens.ReasonForkedDatabase, since: func(c copies) tokens.Mark {
			c.change(c.copied)
			c.change(c.copied)
			return c.change(c.path)
		}},
		{name: "the copy alone was changed", since: func(c copies) tokens.Mark {
			seen := c.look(c.path, tokens.Mark{}, func(b *service.Backend, w *tokens.Witness) error {
				_, err := b.Database(tokens.WithWitness(background, w))
				return err
			})
			c.change(c.copied)
			return seen
		}},
		{name: "both refused something", since: func(c copies) tokens.Mark {
			c.refuse(c.copied)
			c.refuse(c.path)
			return c.look(c.path, tokens.Mark{}, func(b *service.Backend, w *tokens.Witness) error {
				_, err := b.Events(tokens.WithWitness(background, w), tokens.EventQuery{})
				return err
			})
		}},
		{name: "the copy was restored in its place", since: func(c copies) tokens.Mark {
			seen := c.change(c.path)
			restore := service.Restore{Options: service.Options{Database: c.path, Now: c.clock.Now}, Actor: anna.Actor(), File: c.copied}
			done, err := restore.Run(background)
			if err != nil || done.ChangesLost != 1 || done.EventsLost != 1 {
				c.Errorf("the restore: got %+v, %v", done, err)
			}
			c.duplicate(c.path, c.copied)
			return seen
		}},
		{name: "the copy was accepted", since: func(c copies) tokens.Mark {
			seen := c.change(c.path)
			c.accept()
			return seen
		}},
		{name: "the copy was accepted, and the database was changed since", reason: tokens.ReasonForkedDatabase,
			since: func(c copies) tokens.Mark {
				c.accept()
				return c.change(c.path)
			}},
		{name: "the copy was accepted after a clock was ahead, and is older again", reason: tokens.ReasonOlderDatabase,
			since: func(c copies) tokens.Mark {
				c.clock.Advance(24 * time.Hour)
				c.change(c.copied)
				c.clock.Advance(-24 * time.Hour)
				c.accept()
				c.duplicate(c.copied, c.path)
				return c.change(c.path)
			}},
		{name: "the copy was accepted, and is older again within the same instant", reason: tokens.ReasonOlderDatabase,
			since: func(c copies) tokens.Mark {
				c.accept()
				c.duplicate(c.copied, c.path)
				c.clock.Advance(-time.Second) // that of the change
				return c.change(c.path)
			}},
		{name: "the copy was accepted by a clock that is late", since: func(c copies) tokens.Mark {
			seen := c.change(c.copied)
			c.clock.Advance(-time.Hour)
			c.accept()
			return seen
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := copies{T: t, clock: backendtest.NewClock(), path: filepath.Join(t.TempDir(), "latchkey.db")}
			c.copied = filepath.Join(filepath.Dir(c.path), "copy.db")
			c.change(c.path)
			c.duplicate(c.path, c.copied)
			seen := test.since(c)
			before := eventsOf(t, open(t, c.copied, c.clock.Now))
			opened := open(t, c.copied, c.clock.Now)
			ctx := tokens.WithWitness(background, &tokens.Witness{Expects: seen})
			_, readErr := opened.Groups(ctx)
			_, writeErr := opened.CreateGroup(ctx, groupRequest("new"))
			for what, err := range map[string]error{"a look": readErr, "a change": writeErr} {
				if tokens.ErrorReason(err) != test.reason || (err == nil) != (test.reason == "") {
					t.Errorf("%s: got %v, want reason %q", what, err, test.reason)
				}
			}
			if after := eventsOf(t, opened); test.reason != "" && len(after) != len(before) {
				t.Errorf("a copy that was refused has %d events, and had %d", len(after), len(before))
			}
		})
	}
}

// accept accepts the copy.
func (c copies) accept() {
	c.Helper()
	acceptance := service.Acceptance{Options: service.Options{Database: c.copied, Now: c.clock.Now}, Actor: anna.Actor()}
	found, err := acceptance.Look(background)
	if err != nil {
		c.Fatal(err)
	}
	mark, err := acceptance.Run(background)
	if err != nil || mark.Serial != found.Mark.Serial+1 || mark.Database != found.Database.ID {
		c.Fatalf("got %+v after %+v, %v", mark, found.Mark, err)
	}
}

// A backup over another one keeps what the other one alone holds.
func TestBackupOver(t *testing.T) {
	for _, test := range []struct {
		name string
		// since is done after the copy was made.
		since func(c copies)
		code  tokens.Code // empty if the copy is replaced
	}{
		{name: "no change since", since: func(copies) {}},
		{name: "the database was changed", since: func(c copies) { c.change(c.path) }},
		{name: "the copy was changed", since: func(c copies) { c.change(c.copied) }, code: tokens.CodeConflict},
		{name: "both were changed", since: func(c copies) { c.change(c.copied); c.change(c.path) }, code: tokens.CodeConflict},
		{name: "the copy refused something", since: func(c copies) { c.refuse(c.copied) }},
		{name: "no copy is there", since: func(c copies) { c.must(os.Remove(c.copied)) }},
		{name: "the copy is damaged", code: tokens.CodeConflict, since: func(c copies) { c.must(os.Truncate(c.copied, 8192)) }},
		{name: "the copy is empty", code: tokens.CodeConflict, since: func(c copies) { c.must(os.Truncate(c.copied, 0)) }},
		{name: "the copy is in use", code: tokens.CodeConflict, since: func(c copies) {
			c.must(os.WriteFile(c.copied+"-wal", []byte("x"), 0o600))
		}},
		{name: "it is a link", code: tokens.CodeConflict, since: func(c copies) {
			c.must(os.Rename(c.copied, c.copied+".1"))
			c.must(os.Symlink(c.copied+".1", c.copied))
		}},
		{name: "it is a copy of another database", code: tokens.CodeConflict, since: func(c copies) {
			c.must(os.Remove(c.copied))
			c.change(c.copied)
		}},
		{name: "the copy was put back, and the database after it", code: tokens.CodeConflict, since: func(c copies) {
			c.change(c.copied)
			_, err := service.Acceptance{Options: service.Options{Database: c.path, Now: c.clock.Now}, Actor: anna.Actor()}.Run(background)
			c.must(err)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "it is a link" && runtime.GOOS == "windows" {
				t.Skip("to make a link takes a privilege there")
			}
			c := copies{T: t, clock: backendtest.NewClock(), path: filepath.Join(t.TempDir(), "latchkey.db")}
			c.copied = filepath.Join(t.TempDir(), "copy.db")
			c.change(c.path)
			b := open(t, c.path, c.clock.Now)
			if _, err := b.BackupOver(background, c.copied); err != nil {
				t.Fatal(err)
			}
			test.since(c)
			before, _ := os.ReadFile(c.copied)
			made, err := b.BackupOver(background, c.copied)
			if tokens.ErrorCode(err) != test.code {
				t.Fatalf("got %v, want code %q", err, test.code)
			}
			after, readErr := os.ReadFile(c.copied)
			if err == nil {
				newest := c.look(c.path, tokens.Mark{}, func(b *service.Backend, w *tokens.Witness) error {
					_, err := b.Groups(tokens.WithWitness(background, w))
					return err
				})
				info, err := os.Stat(c.copied)
				if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 || made.Mark != newest {
					t.Errorf("the copy has %+v, want %+v; %v", made.Mark, newest, err)
				}
			} else if readErr != nil || string(after) != string(before) {
				t.Errorf("the copy changed: %v", readErr)
			}
			if names, err := filepath.Glob(filepath.Join(filepath.Dir(c.copied), ".copy.db*")); err != nil || len(names) > 0 {
				t.Errorf("left behind: %v, %v", names, err)
			}
		})
	}
}

func (c copies) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}
