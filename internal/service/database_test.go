package service_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestOrganization(t *testing.T) {
	clock := backendtest.NewClock()
	database := filepath.Join(t.TempDir(), "latchkey.db")
	of := func(organization string) *service.Backend {
		return openWith(t, service.Options{Database: database, Organization: organization, Now: clock.Now}).As(anna)
	}
	_, err := of("Not A Name").CreateGroup(background, groupRequest("payments"))
	if tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Errorf("a bad name: got %v, want CodeInvalid", err)
	}
	if _, err := os.Stat(database); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a bad name made a database: %v", err)
	}
	if _, err := of("acme").CreateGroup(background, groupRequest("payments")); err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{"", "acme"} {
		if d, err := of(same).Database(background); err != nil || d.Organization != "acme" {
			t.Errorf("organization %q: got %+v, %v", same, d, err)
		}
	}
	user, err := of("").CreateTechnicalUser(background, tokens.NewTechnicalUser{
		Request:               tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: tokens.Grants{Role: tokens.RoleNone}},
	})
	if err != nil || user.Email != "ci@acme.latchkey.internal" {
		t.Errorf("got %q, %v", user.Email, err)
	}

	other := of("globex")
	_, readError := other.Groups(background)
	_, writeError := other.CreateGroup(background, groupRequest("audit"))
	_, verifyError := other.VerifySecret(background, tokens.Secret{}, tokens.VerifyOptions{})
	for _, err := range []error{readError, writeError, verifyError} {
		var refusal *tokens.Error
		if !errors.As(err, &refusal) || refusal.Code != tokens.CodeInvalid || refusal.Field != "organization" ||
			!strings.Contains(refusal.Message, `"acme"`) || !strings.Contains(refusal.Message, `"globex"`) {
			t.Errorf("another organization: got %v, want CodeInvalid that names both", err)
		}
	}
	if groups, err := of("").Groups(background); err != nil || len(groups) != 1 {
		t.Errorf("got %d groups, %v; want 1", len(groups), err)
	}
}

// The secrets themselves are nowhere in the files of a database: not while it is open, and not afterwards.
func TestFilesHoldNoSecret(t *testing.T) {
	clock := backendtest.NewClock()
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, database, clock.Now)
	request := newRequest(t, "deploy", "")
	created, err := b.CreateAccessToken(background, request)
	if err != nil {
		t.Fatal(err)
	}
	again := newRequest(t, "again", "")
	again.Secret = request.Secret
	if _, err := b.CreateAccessToken(background, again); tokens.ErrorCode(err) != tokens.CodeConflict {
		t.Fatal(err)
	}
	fresh := newRequest(t, "", "").NewSecretFor
	if _, err := b.UpdateAccessToken(background, created.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: fresh, Reason: tokens.ReasonRequested},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.VerifySecret(background, fresh.Secret, tokens.VerifyOptions{RecordUse: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RevokeSecret(background, fresh.Secret); err != nil {
		t.Fatal(err)
	}
	secrets := []tokens.Secret{request.Secret, fresh.Secret}

	found := search(t, database, secrets)
	if found["hash"] != len(secrets) {
		t.Errorf("the search finds %d of %d hashes, so it may miss a value", found["hash"], len(secrets))
	}
	if found["value"] != 0 {
		t.Error("a value is in a file while the database is open")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if found := search(t, database, secrets); found["hash"] != len(secrets) || found["value"] != 0 {
		t.Errorf("after the end: found %v, want the hashes alone", found)
	}
}

// A secret ends when another takes its place and when its token is deleted, and its hash stays.
func TestSecretsEnd(t *testing.T) {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, database, backendtest.NewClock().Now)
	regenerated, err := b.CreateAccessToken(background, newRequest(t, "regenerated", ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.UpdateAccessToken(background, regenerated.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: newRequest(t, "", "").NewSecretFor, Reason: tokens.ReasonRequested},
	}); err != nil {
		t.Fatal(err)
	}
	deleted, err := b.CreateAccessToken(background, newRequest(t, "deleted", ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteAccessToken(background, deleted.ID); err != nil {
		t.Fatal(err)
	}

	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all, live int
	const count = `SELECT count(*), count(CASE WHEN ended_at IS NULL THEN 1 END) FROM secrets`
	if err := db.QueryRowContext(background, count).Scan(&all, &live); err != nil {
		t.Fatal(err)
	}
	if all != 3 || live != 1 {
		t.Errorf("%d of %d secrets live, want 1 of 3", live, all)
	}
}

// search counts the secrets whose hash, and those of which any 12 characters beyond the preview, are in the files of a
// database.
func search(t *testing.T, database string, secrets []tokens.Secret) map[string]int {
	t.Helper()
	var all strings.Builder
	for _, suffix := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(database + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		all.Write(content)
	}
	const part, preview = 12, 10
	found := map[string]int{}
	for _, secret := range secrets {
		if strings.Contains(all.String(), secret.Hash().String()) {
			found["hash"]++
		}
		value := secret.Reveal()
		for i := preview; i+part <= len(value); i++ {
			if strings.Contains(all.String(), value[i:i+part]) {
				found["value"]++
				break
			}
		}
	}
	return found
}

// Secrets are verified on the schema of the next version too, and the use of them is written.
func TestVerificationOnNewerSchema(t *testing.T) {
	clock := backendtest.NewClock()
	database := filepath.Join(t.TempDir(), "latchkey.db")
	before := open(t, database, clock.Now)
	request := newRequest(t, "deploy", "")
	if _, err := before.CreateAccessToken(background, request); err != nil {
		t.Fatal(err)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, database, fmt.Sprintf(`PRAGMA user_version = %d`, store.SchemaVersion+1)) // as the next version leaves it

	b := service.Open(service.Options{Database: database, Now: clock.Now}).As(anna)
	for range 3 {
		v, err := b.VerifySecret(background, request.Secret, tokens.VerifyOptions{RecordUse: true})
		if err != nil || !v.Active {
			t.Errorf("got active %t, %v", v.Active, err)
		}
		clock.Advance(time.Minute)
	}
	_, err := b.Groups(background)
	if tokens.ErrorCode(err) != tokens.CodeUnavailable || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("another operation: got %v, want CodeUnavailable", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("the end: %v", err)
	}
	if uses := numberIn(t, database, `SELECT use_count FROM access_tokens`); uses != 3 {
		t.Errorf("%d uses were written, want 3", uses)
	}
}

// execute runs SQL on a database, as another program would.
func execute(t *testing.T, database, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(background, statements); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLocalActor(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	actor := string(service.LocalActor())
	name, isLocal := strings.CutPrefix(strings.TrimSuffix(actor, "@"+host), "local:")
	if !isLocal || name == "" || strings.Contains(name, host) {
		t.Errorf("got %q, want local:<os user>@%s", actor, host)
	}
}
