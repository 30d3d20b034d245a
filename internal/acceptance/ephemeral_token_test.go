//go:build unix

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const runsUser = `
	resource "latchkey_technical_user" "ci" {
		name = "ci"
		role = "member"
	}
`

// ephemerals returns the ephemeral tokens that there are, by the command line.
func (w *workspace) ephemerals() (left []string) {
	w.t.Helper()
	var all []struct {
		ID        string `json:"id"`
		Ephemeral bool   `json:"ephemeral"`
	}
	out := w.latchkey("token", "list", "--ephemeral", "--json", "--columns", "id,ephemeral").exits(0).stdout
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		w.t.Fatal(err)
	}
	for _, t := range all {
		if t.Ephemeral {
			left = append(left, t.ID)
		}
	}
	return left
}

// A run that is killed while its token is in use leaves it. It is dead by its ttl, and the next mint deletes it.
func TestKilledRunLeavesItsToken(t *testing.T) {
	w := newWorkspace(t)
	w.configure(runsUser)
	w.terraform("apply").exits(0)
	w.configure(runsUser + `
		ephemeral "latchkey_access_token" "run" {
			technical_user_id = latchkey_technical_user.ci.id
			ttl               = "10m"
		}
		resource "terraform_data" "smoke_test" {
			provisioner "local-exec" {
				command     = "printf %s \"$TOKEN\" > value && touch begun && sleep 20"
				environment = { TOKEN = ephemeral.latchkey_access_token.run.token }
			}
		}
	`)
	cmd := w.terraformCommand("apply")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the token is in use", func() bool {
		_, err := os.Stat(w.path("begun"))
		return err == nil
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the kill is its error
	left := w.ephemerals()
	if len(left) != 1 {
		t.Fatalf("left are %q", left)
	}

	value, err := os.ReadFile(w.path("value"))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := tokens.ParseSecret(string(value))
	if err != nil {
		t.Fatal(err)
	}
	status := func(b tokens.Backend) tokens.Status {
		t.Helper()
		v, err := b.VerifySecret(context.Background(), secret, tokens.VerifyOptions{})
		if err != nil || v.AccessToken == nil {
			t.Fatalf("%+v, %v", v, err)
		}
		return v.AccessToken.Status
	}
	for after, want := range map[time.Duration]tokens.Status{0: tokens.StatusActive, 10 * time.Minute: tokens.StatusExpired} {
		b := service.Open(service.Options{Database: w.databasePath(), Now: func() time.Time { return time.Now().Add(after) }})
		if got := status(b.As(tokens.AsDatabaseOwner("local:api@server"))); got != want {
			t.Errorf("after %s it is %s, want %s", after, got, want)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	w.latchkey("event", "list", "--object", left[0]).exits(0).says("access_token.create", "ephemeral, until")
	w.latchkey("doctor").exits(0).says("1, none of which has expired")

	later := service.Open(service.Options{Database: w.databasePath(), Now: func() time.Time { return time.Now().Add(time.Hour) }})
	defer func() {
		if err := later.Close(); err != nil {
			t.Error(err)
		}
	}()
	next, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(time.Hour)
	page, err := later.As(tokens.AsDatabaseOwner("local:api@server")).TechnicalUsers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := later.As(tokens.AsDatabaseOwner("local:run@pipeline")).CreateAccessToken(context.Background(), tokens.NewAccessToken{
		NewSecretFor:    tokens.NewSecretFor{Request: tokens.NewRequest(now), Secret: next},
		TechnicalUserID: page[0].ID, Ephemeral: true,
		Settings: tokens.Settings{Name: "run", Enabled: true, ExpiresAt: now.Add(time.Minute)},
	}); err != nil {
		t.Fatal(err)
	}
	if rest := w.ephemerals(); len(rest) != 1 || rest[0] == left[0] {
		t.Errorf("after the next mint, %q are there", rest)
	}
	w.latchkey("event", "list", "--object", left[0]).exits(0).says("access_token.delete", "an earlier run left it over, expired")
}

// Runs that go on at once, each with many tokens at a time, leave none.
func TestEphemeralTokensAtOnce(t *testing.T) {
	const each = 20
	first := newWorkspace(t)
	first.configure(runsUser + `output "user" { value = latchkey_technical_user.ci.id }`)
	first.terraform("apply").exits(0)
	user := strings.TrimSpace(first.terraform("output", "-raw", "user").exits(0).stdout)

	var runs sync.WaitGroup
	for range 2 {
		w := newWorkspace(t)
		w.database = first.databasePath()
		if err := os.Mkdir(w.path("run"), 0o700); err != nil {
			t.Fatal(err)
		}
		w.write("run/main.tf", `
			terraform {
				required_providers { latchkey = { source = "registry.terraform.io/latchkey-dev/latchkey" } }
			}
			variable "user" { type = string }
			ephemeral "latchkey_access_token" "run" { technical_user_id = var.user }
			resource "terraform_data" "use" {
				provisioner "local-exec" {
					command     = "test -n \"$TOKEN\""
					environment = { TOKEN = ephemeral.latchkey_access_token.run.token }
				}
			}
		`)
		w.configure(fmt.Sprintf(`
			module "run" {
				for_each = toset([for i in range(%d) : tostring(i)])
				source   = "./run"
				user     = %q
			}
		`, each, user))
		w.terraform("get").exits(0)
		runs.Go(func() { w.terraform("apply", "-parallelism=50").exits(0) })
	}
	runs.Wait()
	if left := first.ephemerals(); len(left) > 0 {
		t.Errorf("%d tokens are left", len(left))
	}
	events := first.latchkey("event", "list").exits(0).stdout
	for _, action := range []string{"access_token.create", "access_token.delete"} {
		// a plan and an apply, of two runs
		if got := strings.Count(events, action); got != 2*2*each {
			t.Errorf("%d events of %s, want %d", got, action, 2*2*each)
		}
	}
}
