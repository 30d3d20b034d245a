package service_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestBackend(t *testing.T) { backendtest.Run(t, newPlace) }

// newPlace returns a place in a directory of its own.
func newPlace(t *testing.T) backendtest.Place {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	return func(by backendtest.Identity, now func() time.Time) tokens.Backend {
		b := service.New(service.Options{Database: database, Actor: by.Actor, ActAs: by.Member, Now: now})
		t.Cleanup(func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
		return b
	}
}
