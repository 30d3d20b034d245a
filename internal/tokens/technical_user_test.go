package tokens_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestTechnicalUserEmail(t *testing.T) {
	if got, want := tokens.TechnicalUserEmail("ci", "", "acme"), "ci@acme.latchkey.internal"; got != want {
		t.Errorf("at organization level the address is %s, want %s", got, want)
	}
	if got, want := tokens.TechnicalUserEmail("ci", "payments", "acme"),
		"ci@payments.acme.latchkey.internal"; got != want {
		t.Errorf("at the level of a group the address is %s, want %s", got, want)
	}
}

func TestNewTechnicalUserValidate(t *testing.T) {
	good := tokens.NewTechnicalUser{Request: tokens.NewRequest(now),
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci",
			Grants: tokens.Grants{Role: "member", GroupRoles: []tokens.GroupRole{{groupA, "owner"}}}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	if err := (tokens.NewTechnicalUser{Request: tokens.NewRequest(now), GroupID: groupA,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci",
			Grants: tokens.Grants{Role: "member"}}}).Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*tokens.NewTechnicalUser){
		"name":        func(n *tokens.NewTechnicalUser) { n.Name = "C I" },
		"description": func(n *tokens.NewTechnicalUser) { n.Description = "\x1b" },
		"role":        func(n *tokens.NewTechnicalUser) { n.Role = "" },
		"group_id":    func(n *tokens.NewTechnicalUser) { n.GroupID = "payments" },
		"group_roles": func(n *tokens.NewTechnicalUser) { n.GroupID = groupA },
	} {
		bad := good
		change(&bad)
		wantInvalid(t, field, bad.Validate())
	}
}

func TestTechnicalUserUpdateApply(t *testing.T) {
	before := tokens.TechnicalUser{ID: userID, Email: "ci@acme.latchkey.internal",
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true, Grants: tokens.Grants{Role: "member"}}}
	update := tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Name: "cd", Description: "deploys", Enabled: false,
			Grants: tokens.Grants{Role: "viewer", GroupRoles: []tokens.GroupRole{{groupA, "owner"}}}},
		Fields: tokens.Fields{"name", "description", "role", "group_roles", "enabled"},
	}
	got, err := before.Updated(update, actor, now)
	if err != nil {
		t.Fatal(err)
	}
	want := tokens.TechnicalUser{
		ID:                    userID,
		Email:                 "ci@acme.latchkey.internal", // fixed at creation
		TechnicalUserSettings: update.Settings,
		Disabled:              &tokens.Stop{By: actor, At: now},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the technical user (-want +got):\n%s", diff)
	}
	got, err = got.Updated(tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: true},
		Fields: tokens.Fields{"enabled"}}, actor, now)
	if err != nil || !got.Enabled || got.Disabled != nil {
		t.Errorf("enabled again it is %+v, %v", got, err)
	}
	_, err = before.Updated(tokens.TechnicalUserUpdate{
		Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "Boss"}}, Fields: tokens.Fields{"role"},
	}, actor, now)
	wantInvalid(t, "role", err)
}

func TestSystemCreatedTechnicalUserKeepsTheRolesOfItsToken(t *testing.T) {
	before := tokens.TechnicalUser{ID: userID, SystemCreated: true,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true, Grants: tokens.Grants{Role: "member"}}}
	for name, update := range map[string]tokens.TechnicalUserUpdate{
		"role": {Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: "owner"}},
			Fields: tokens.Fields{"role"}},
		"group_roles": {Fields: tokens.Fields{"group_roles"}},
	} {
		if _, err := before.Updated(update, actor, now); tokens.ErrorCode(err) != tokens.CodeConflict {
			t.Errorf("%s: the error is %v, want one of code conflict", name, err)
		}
	}
	if _, err := before.Updated(tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: false},
		Fields: tokens.Fields{"enabled"}}, actor, now); err != nil {
		t.Errorf("it can't be disabled: %v", err)
	}
}
