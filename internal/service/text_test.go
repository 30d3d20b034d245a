package service_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A word that is or was the secret of a token is refused in every text, whoever formed it; whether someone who may not
// write the text hears so is the same as with any text.
func TestStoredSecretsInTexts(t *testing.T) {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	clock := backendtest.NewClock()
	b := open(t, database, clock.Now)
	newMember(t, b, "ben@example.com", tokens.RoleNone)
	group, err := b.CreateGroup(background, groupRequest("payments"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := b.CreateAccessToken(background, newRequest(t, "deploy", ""))
	if err != nil {
		t.Fatal(err)
	}
	const own = "n0-one-but-the-owner-formed-this-secret-1234567890"
	execute(t, database, `INSERT INTO secrets (hash, access_token_id, version, preview, created_at, ended_at)
		VALUES ('`+tokens.HashOf(own).String()+`', 'tok_deleted', 1, 'n0-o', 0, 1)`)

	ben := actAs(t, database, "ben@example.com", clock.Now)
	for what, try := range map[string]func() (code tokens.Code, err error){
		"the name of a new group": func() (tokens.Code, error) {
			_, err := b.CreateGroup(background, groupRequest(own))
			return tokens.CodeInvalid, err
		},
		"a new description": func() (tokens.Code, error) {
			_, err := b.UpdateGroup(background, group.ID, tokens.GroupUpdate{
				Settings: tokens.GroupSettings{Description: "the secret is " + own + "."}, Fields: tokens.Fields{"description"}})
			return tokens.CodeInvalid, err
		},
		"a new token": func() (tokens.Code, error) {
			_, err := b.CreateAccessToken(background, newRequest(t, own, ""))
			return tokens.CodeInvalid, err
		},
		"the name of a token": func() (tokens.Code, error) {
			_, err := b.UpdateAccessToken(background, token.ID, tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Name: own}, Fields: tokens.Fields{"name"}})
			return tokens.CodeInvalid, err
		},
		"the reason of a hold": func() (tokens.Code, error) {
			_, err := b.HoldAccessToken(background, token.ID, own)
			return tokens.CodeInvalid, err
		},
		"a group of one who may make none": func() (tokens.Code, error) {
			_, err := ben.CreateGroup(background, groupRequest(own))
			return tokens.CodeForbidden, err
		},
	} {
		want, err := try()
		if tokens.ErrorCode(err) != want {
			t.Errorf("%s: got %v, want %s", what, err, want)
		} else if strings.Contains(err.Error(), own) {
			t.Errorf("%s: the refusal repeats the secret: %v", what, err)
		}
	}
	inRun := b.Service.As(tokens.AsDatabaseOwner("local:anna@host").InRun("run/" + own))
	for _, hold := range []bool{true, false} {
		if hold {
			_, err = inRun.HoldAccessToken(background, token.ID, "leaked")
		} else {
			_, err = inRun.ReleaseAccessToken(background, token.ID)
		}
		if err != nil {
			t.Errorf("in a run whose name holds a secret: %v", err)
		}
	}
	if _, err := inRun.Group(background, "grp_none"); err == nil {
		t.Error("a group that is not there was found")
	}
	events, err := b.Events(background, tokens.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if strings.Contains(fmt.Sprint(e), own) {
			t.Errorf("an event of %s holds the secret", e.Action)
		}
	}
	if _, err := b.CreateGroup(background, groupRequest(own[1:])); err != nil {
		t.Errorf("a word that is no secret is refused: %v", err)
	}
}

// Texts that are older than a rule are no reason to refuse anything but the same text anew.
func TestOlderTexts(t *testing.T) {
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, database, backendtest.NewClock().Now)
	token, err := b.CreateAccessToken(background, newRequest(t, "deploy", ""))
	if err != nil {
		t.Fatal(err)
	}
	member := newMember(t, b, "ben@example.com", tokens.RoleMember)
	const old = "a\u202eb"
	execute(t, database, `UPDATE access_tokens SET name = '`+old+`', description = '`+old+`'; UPDATE members SET name = '`+
		old+`'`)
	update := func(fields ...string) error {
		_, err := b.UpdateAccessToken(background, token.ID, tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Name: old + "c", Description: "better", Enabled: false}, Fields: fields})
		return err
	}
	if err := update("enabled"); err != nil {
		t.Errorf("a token with an old name can't be disabled: %v", err)
	}
	if err := update("description"); err != nil {
		t.Errorf("a token with an old name can't get a description: %v", err)
	}
	if err := update("name"); tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Errorf("a new name like the old one: %v, want it refused", err)
	}
	if _, err := b.UpdateMember(background, member.ID, tokens.MemberUpdate{
		Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleNone}}, Fields: tokens.Fields{"role"},
	}); err != nil {
		t.Errorf("a member with an old name can't lose a role: %v", err)
	}
}
