package tokens_test

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestParseShareID(t *testing.T) {
	share := tokens.TokenShare{AccessTokenID: tokenID, MemberID: memberID}
	if got := share.ID(); got != tokenID+"/"+memberID {
		t.Errorf("the identifier is %s", got)
	}
	token, member, err := tokens.ParseShareID("id", share.ID())
	if err != nil || token != tokenID || member != memberID {
		t.Errorf("the identifier was split into %q, %q, %v", token, member, err)
	}
	for _, bad := range []string{"", "/", tokenID, tokenID + "/", "/" + memberID, memberID + "/" + tokenID,
		tokenID + "/" + memberID + "/", tokenID + " / " + memberID} {
		_, _, err := tokens.ParseShareID("id", bad)
		if tokens.ErrorCode(err) != tokens.CodeInvalid || !strings.Contains(err.Error(), "<access token id>/<member id>") {
			t.Errorf("%q: the error is %v, want one that shows the form", bad, err)
		}
	}
}

func FuzzParseShareID(f *testing.F) {
	for _, seed := range []string{tokenID + "/" + memberID, "/", tokenID + "//" + memberID,
		tokenID + "/" + memberID + "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		token, member, err := tokens.ParseShareID("id", id)
		if err == nil && tokens.ShareID(token, member) != id {
			t.Errorf("%q was split into %q and %q", id, token, member)
		}
	})
}

func TestTokenShareValidate(t *testing.T) {
	good := tokens.NewTokenShare{Request: tokens.NewRequest(now), AccessTokenID: tokenID, MemberID: memberID,
		Role: tokens.ShareEditor}
	for _, role := range tokens.ShareRoles() {
		good.Role = role
		if err := good.Validate(); err != nil {
			t.Errorf("role %s is refused: %v", role, err)
		}
	}
	for field, change := range map[string]func(*tokens.NewTokenShare){
		"access_token_id": func(s *tokens.NewTokenShare) { s.AccessTokenID = memberID },
		"member_id":       func(s *tokens.NewTokenShare) { s.MemberID = "anna@example.com" },
		"role":            func(s *tokens.NewTokenShare) { s.Role = tokens.RoleOwner },
	} {
		bad := good
		change(&bad)
		wantInvalid(t, field, bad.Validate())
	}
	if err := tokens.ValidateShareRole("role", ""); err == nil ||
		!strings.Contains(err.Error(), "viewer, editor, manager") {
		t.Errorf("the error does not list the roles: %v", err)
	}
}
