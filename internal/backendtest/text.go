package backendtest

import (
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Texts are stored in one form, whoever writes them how.
func testTextsAreNormalized(w *world) {
	ctx := w.Context()
	const written, kept = "De\u0301ploiement\r\nun\tdeux\n", "Déploiement\nun\tdeux\n"
	const name, composed = "de\u0301ploiement", "déploiement"

	g := must(w.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{
		Name: "first", Description: written}}))(w)
	w.equal("the description of a group", g.Description, kept)
	r := must(w.CreateRole(ctx, tokens.NewRole{RoleSettings: tokens.RoleSettings{
		Name: "reader", Description: written, Permissions: []string{"orders:read"}}}))(w)
	w.equal("the description of a role", r.Description, kept)
	u := must(w.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
		Name: "ci", Description: written, Grants: tokens.Grants{Role: tokens.RoleNone}, Enabled: true}}))(w)
	w.equal("the description of a technical user", u.Description, kept)
	m := must(w.CreateMember(ctx, tokens.NewMember{Email: "rene\u0301@example.com",
		MemberSettings: tokens.MemberSettings{Name: name, Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w)
	w.equal("the address of a member", m.Email, "rené@example.com")
	w.equal("the name of a member", m.Name, composed)
	request := w.request(name, u.ID)
	request.Description = written
	t := w.create(request)
	w.equal("the name of a token", t.Name, composed)
	w.equal("its description", t.Description, kept)

	w.clock.Advance(later)
	events := len(w.events(""))
	same := tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: name, Description: written},
		Fields: tokens.Fields{"name", "description"}}
	w.equal("when a token with texts that differ in their form alone was changed", w.update(t.ID, same).UpdatedAt,
		t.UpdatedAt)
	w.equal("the group with such a text", must(w.UpdateGroup(ctx, g.ID, tokens.GroupUpdate{
		Settings: tokens.GroupSettings{Description: written}, Fields: tokens.Fields{"description"}}))(w), g)
	w.equal("the number of events", len(w.events("")), events)

	held := must(w.HoldAccessToken(ctx, t.ID, written))(w)
	w.equal("the reason of a hold", held.Held.Reason, kept)
	found := must(w.Backend.AccessTokens(ctx, tokens.TokenQuery{Search: "DE\u0301PLOIEMENT"}))(w)
	w.equal("the number of tokens that a search finds", len(found.AccessTokens), 1)
}

// A value of a token is refused wherever a text belongs, and stands in no answer and no event.
func testSecretsInTexts(w *world) {
	ctx := w.Context()
	secret := w.secret()
	value := secret.Reveal()
	text := "see " + value + "."
	role := tokens.Grants{Role: tokens.RoleNone}
	g := w.group("first")
	r := w.role("reader", "orders:read")
	u := w.user("ci", "")
	m := w.member("anna@example.com")
	t := w.create(w.request("deploy", u.ID))

	named, described := w.request(text, u.ID), w.request("deploy", u.ID)
	described.Description = value
	for what, try := range map[string]func() error{
		"the name of a new token":        func() error { _, err := w.CreateAccessToken(ctx, named); return err },
		"the description of a new token": func() error { _, err := w.CreateAccessToken(ctx, described); return err },
		"the name of a token": func() error {
			_, err := w.UpdateAccessToken(ctx, t.ID, tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Name: value}, Fields: tokens.Fields{"name"}})
			return err
		},
		"the description of a token": func() error {
			_, err := w.UpdateAccessToken(ctx, t.ID, tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Description: text}, Fields: tokens.Fields{"description"}})
			return err
		},
		"the reason of a hold": func() error { _, err := w.HoldAccessToken(ctx, t.ID, text); return err },
		"the description of a group": func() error {
			_, err := w.UpdateGroup(ctx, g.ID, tokens.GroupUpdate{
				Settings: tokens.GroupSettings{Description: text}, Fields: tokens.Fields{"description"}})
			return err
		},
		"the description of a new group": func() error {
			_, err := w.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "x", Description: text}})
			return err
		},
		"the description of a role": func() error {
			_, err := w.UpdateRole(ctx, r.ID, tokens.RoleUpdate{
				Settings: tokens.RoleSettings{Description: text}, Fields: tokens.Fields{"description"}})
			return err
		},
		"the description of a technical user": func() error {
			_, err := w.UpdateTechnicalUser(ctx, u.ID, tokens.TechnicalUserUpdate{
				Settings: tokens.TechnicalUserSettings{Description: text}, Fields: tokens.Fields{"description"}})
			return err
		},
		"the name of a member": func() error {
			_, err := w.UpdateMember(ctx, m.ID, tokens.MemberUpdate{
				Settings: tokens.MemberSettings{Name: text}, Fields: tokens.Fields{"name"}})
			return err
		},
		"the address of a member": func() error {
			_, err := w.CreateMember(ctx, tokens.NewMember{Email: value + "@example.com",
				MemberSettings: tokens.MemberSettings{Grants: role}})
			return err
		},
		"the name of a group": func() error {
			_, err := w.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: value}})
			return err
		},
	} {
		w.Run(what, func(t *testing.T) {
			w := w.with(t)
			w.omits(w.refusal(try(), tokens.CodeInvalid).Error(), value)
		})
	}
	for _, e := range w.events("") {
		w.omits(e.ObjectName+e.Detail, value)
	}
}
