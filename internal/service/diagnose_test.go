package service_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

// diagnose returns the findings by name.
func diagnose(options service.Options) map[string]service.Finding {
	findings := map[string]service.Finding{}
	options.Now = backendtest.NewClock().Now
	for _, f := range service.Diagnose(background, options) {
		findings[f.Name] = f
	}
	return findings
}

// newDatabase creates a database with one group and returns its path.
func newDatabase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, path, backendtest.NewClock().Now)
	if _, err := b.CreateGroup(background, groupRequest("payments")); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDiagnoseSoundDatabase(t *testing.T) {
	path := newDatabase(t)
	d, err := open(t, path, backendtest.NewClock().Now).Database(background)
	if err != nil {
		t.Fatal(err)
	}
	findings := diagnose(service.Options{Database: path})
	for name, value := range map[string]string{
		"database":         path,
		"file latchkey.db": "-rw-------",
		"identity":         d.ID,
		"organization":     "default",
		"schema":           fmt.Sprintf("version %d", store.SchemaVersion),
		"journal mode":     "wal",
		"integrity":        "sound",
		"objects": "1 group, 0 custom roles, 0 members, 0 technical users, 0 access tokens, 0 token shares, " +
			"2 events",
	} {
		f, ok := findings[name]
		if !ok || !strings.Contains(f.Value, value) || f.Problem != "" {
			t.Errorf("%s: got %+v, want %q and no problem", name, f, value)
		}
	}
}

// Whatever is wrong, the finding about it says so and what to do, and Diagnose changes nothing.
func TestDiagnoseProblems(t *testing.T) {
	for _, test := range []struct {
		name    string
		spoil   func(path string) error
		options service.Options
		finding string
		words   []string
	}{
		{
			name:    "missing",
			spoil:   os.Remove,
			finding: "database",
			words:   []string{"there is no database", "restore the file from a backup"},
		},
		{
			name:    "missing directory",
			spoil:   func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
			finding: "database",
			words:   []string{"directory", "make it"},
		},
		{
			name:    "empty",
			spoil:   func(path string) error { return os.Truncate(path, 0) },
			finding: "database",
			words:   []string{"empty", "backup"},
		},
		{
			name:    "not SQLite",
			spoil:   func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("text\n"), 100), 0o600) },
			finding: "database",
			words:   []string{"not an SQLite database"},
		},
		{
			name: "directory",
			spoil: func(path string) error {
				if err := os.Remove(path); err != nil {
					return err
				}
				return os.Mkdir(path, 0o700)
			},
			finding: "database",
			words:   []string{"is a directory"},
		},
		{
			name:    "cut off",
			spoil:   func(path string) error { return os.Truncate(path, 8192) },
			finding: "database",
			words:   []string{"damaged", "backup"},
		},
		{
			name:    "open to others",
			spoil:   func(path string) error { return os.Chmod(path, 0o644) },
			finding: "file latchkey.db",
			words:   []string{"only its owner", "chmod 600"},
		},
		{
			name:    "another organization",
			spoil:   func(string) error { return nil },
			options: service.Options{Organization: "acme"},
			finding: "organization",
			words:   []string{`"acme"`, `"default"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newDatabase(t)
			if err := test.spoil(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			test.options.Database = path
			f := diagnose(test.options)[test.finding]
			for _, word := range test.words {
				if !strings.Contains(f.Problem, word) {
					t.Errorf("%q does not say %q", f.Problem, word)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	if f := diagnose(service.Options{})["database"]; !strings.Contains(f.Problem, "empty") {
		t.Errorf("no path: got %+v", f)
	}
}
