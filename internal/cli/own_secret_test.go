package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A secret that somebody brought, which has no form of ours, is a value as any other.
func TestOwnSecretOnTheCommandLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	opened := service.Open(service.Options{Database: path, Now: func() time.Time { return present }})
	const value = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
	secret, _ := tokens.PresentedSecret(value)
	made := must(opened.As(tokens.AsDatabaseOwner("local:anna@host")).CreateAccessToken(t.Context(), tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(present), Secret: secret},
		Settings:     tokens.Settings{Name: "moved", Enabled: true},
	}))
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	at := terminal{database: path}
	reading := terminal{database: path, input: value + "\n"}
	for _, step := range []struct {
		at   terminal
		args []string
		code int
		says string
	}{
		{reading, []string{"token", "verify"}, 0, "active: access token \"moved\""},
		{reading, []string{"token", "show", "-"}, 0, "ghp_…"},
		{reading, []string{"token", "hold", "-", "--reason", "leaked"}, 0, made.ID},
		{at, []string{"token", "release", "moved"}, 0, made.ID},
		{at, []string{"token", "regenerate", "moved"}, 0, "lk_"},
		{reading, []string{"token", "verify"}, 1, "was given another value"},
		{terminal{database: path, input: "lk_0000000000000000000000000000000000000000000000"}, []string{"token", "verify"}, 1, "malformed"},
	} {
		got := step.at.run(t, step.args...)
		if said := got.Stdout + got.Stderr; got.Code != step.code || !strings.Contains(said, step.says) {
			t.Errorf("latchkey %q ends with %d, want %d, and says %q, want %q", step.args, got.Code, step.code, said, step.says)
		}
	}
}
