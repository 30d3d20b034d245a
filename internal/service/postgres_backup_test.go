//go:build unix

package service_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// content is what a database answers, events from after a number of them left out.
func content(t *testing.T, b *service.Backend, events int) (all []any) {
	t.Helper()
	keep := func(value any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, value)
	}
	groups, err := b.Groups(background)
	keep(groups, err)
	roles, err := b.Roles(background)
	keep(roles, err)
	members, err := b.Members(background)
	keep(members, err)
	users, err := b.TechnicalUsers(background)
	keep(users, err)
	page, err := b.AccessTokens(background, tokens.TokenQuery{})
	keep(page.AccessTokens, err)
	shares, err := b.TokenShares(background, tokens.TokenShareQuery{})
	keep(shares, err)
	told, err := b.Events(background, tokens.EventQuery{})
	if events == 0 {
		events = len(told)
	}
	keep(told[:min(events, len(told))], err)
	return all
}

// eventsIn counts the events of a content.
func eventsIn(content []any) int { return len(content[len(content)-1].([]tokens.Event)) } //nolint:forcetypeassert // by content

// A backup comes to PostgreSQL whole, and from there back into a file with which every command works. What a restore replaces
// is kept.
func TestPostgreSQLBackupAndRestore(t *testing.T) {
	p := newPopulated(t)
	now := func() time.Time { return p.now().Add(time.Minute) }
	file := open(t, p.path, p.now)
	before := content(t, file, 0)
	events := eventsIn(before)
	known, err := file.VerifyHistory(background, tokens.Head{})
	if err != nil {
		t.Fatal(err)
	}
	in := func(address string) *service.Backend {
		return openWith(t, service.Options{Database: address, Now: now}).As(anna)
	}
	sameContent := func(what string, b *service.Backend) {
		t.Helper()
		if diff := cmp.Diff(before, content(t, b, events), cmpopts.IgnoreFields(tokens.AccessToken{}, "ObservedAt")); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", what, diff)
		}
		if h, err := b.VerifyHistory(background, known.Head); err != nil || h.Broken != nil {
			t.Errorf("%s: the history: %+v, %v", what, h, err)
		}
		for name, ask := range map[string]tokens.Secret{"current": p.current, "previous": p.previous} {
			if v, err := b.VerifySecret(background, ask, tokens.VerifyOptions{}); err != nil || !v.Active {
				t.Errorf("%s: the %s secret: %+v, %v", what, name, v, err)
			}
		}
	}

	address := pgtest.Address(t)
	restore := service.Restore{Options: service.Options{Database: address, Now: now}, Actor: "local:anna@host", File: p.path}
	if done, err := restore.Run(background); err != nil || len(done.MovedTo) != 0 {
		t.Fatalf("where there was none: %+v, %v", done, err)
	}
	b := in(address)
	sameContent("what was restored", b)

	backup := filepath.Join(t.TempDir(), "backup.db")
	made, err := b.Backup(background, backup)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Backup(background, backup); tokens.ErrorReason(err) != tokens.ReasonBackupExists {
		t.Errorf("over a backup: %v", err)
	}
	if _, err := b.BackupOver(background, backup); err != nil {
		t.Errorf("over an older backup: %v", err)
	}
	sameContent("the backup", open(t, backup, now))

	lost, err := b.CreateGroup(background, groupRequest("lost"))
	if err != nil {
		t.Fatal(err)
	}
	restore.File = backup
	looked, err := restore.Look(background)
	if err != nil || looked.Replaced == nil || looked.ChangesLost != 1 || looked.EventsLost != 1 {
		t.Errorf("the look: %+v, %v", looked, err)
	}
	done, err := restore.Run(background)
	if err != nil || len(done.MovedTo) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	again := in(address)
	sameContent("what was put back", again)
	if _, err := again.Group(background, lost.ID); tokens.ErrorCode(err) != tokens.CodeNotFound {
		t.Errorf("the group from after the backup: %v", err)
	}
	if _, err := open(t, done.MovedTo[0], now).Group(background, lost.ID); err != nil {
		t.Errorf("the group in what was replaced: %v", err)
	}
	if h, err := again.VerifyHistory(background, made.Head); err != nil || h.Broken != nil {
		t.Errorf("the history: %+v, %v", h, err)
	}
	if _, err := b.CreateGroup(background, groupRequest("next")); err != nil {
		t.Errorf("a change by who had it open: %v", err)
	}
	for _, f := range service.Diagnose(background, restore.Options) {
		if f.Problem != "" {
			t.Errorf("doctor: %+v", f)
		}
	}

	foreign := restore
	foreign.Options.Database = pgtest.Address(t)
	if _, err := in(foreign.Options.Database).CreateGroup(background, groupRequest("another")); err != nil {
		t.Fatal(err)
	}
	if _, err := foreign.Run(background); tokens.ErrorReason(err) != tokens.ReasonOtherDatabase {
		t.Errorf("over another database: %v", err)
	}
}
