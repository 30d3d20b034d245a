package backendtest

import (
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func testDatabase(w *world) {
	w.group("payments")
	d := must(w.Backend.Database(w.Context()))(w)
	if !tokens.IsID(tokens.KindDatabase, d.ID) || d.Organization != "default" || d.Location == "" {
		w.Errorf("the database is not identified: %+v", d)
	}
	w.equal("the database as seen by another owner", must(w.as("local:ben@host").Backend.Database(w.Context()))(w), d)
	w.equal("the first event", actions(w.events(d.ID)), []string{"database.create"})
}

func testMissingDatabase(w *world) {
	ctx := w.Context()
	grp, mem, tu, tok := tokens.NewID(tokens.KindGroup, w.clock.Now()), tokens.NewID(tokens.KindMember, w.clock.Now()),
		tokens.NewID(tokens.KindTechnicalUser, w.clock.Now()), tokens.NewID(tokens.KindAccessToken, w.clock.Now())
	rol := tokens.NewID(tokens.KindRole, w.clock.Now())
	regeneration := &tokens.Regeneration{NewSecretFor: w.fresh(), Reason: tokens.ReasonDrift}
	for name, operation := range map[string]func() error{
		"Database":       func() error { _, err := w.Backend.Database(ctx); return err },
		"Group":          func() error { _, err := w.Group(ctx, grp); return err },
		"Groups":         func() error { _, err := w.Groups(ctx); return err },
		"UpdateGroup":    func() error { _, err := w.UpdateGroup(ctx, grp, tokens.GroupUpdate{}); return err },
		"DeleteGroup":    func() error { return w.DeleteGroup(ctx, grp) },
		"Role":           func() error { _, err := w.Role(ctx, rol); return err },
		"RoleHolders":    func() error { _, err := w.RoleHolders(ctx, rol); return err },
		"Roles":          func() error { _, err := w.Roles(ctx); return err },
		"UpdateRole":     func() error { _, err := w.UpdateRole(ctx, rol, tokens.RoleUpdate{}); return err },
		"DeleteRole":     func() error { return w.DeleteRole(ctx, rol) },
		"Member":         func() error { _, err := w.Member(ctx, mem); return err },
		"Members":        func() error { _, err := w.Members(ctx); return err },
		"UpdateMember":   func() error { _, err := w.UpdateMember(ctx, mem, tokens.MemberUpdate{}); return err },
		"DeleteMember":   func() error { return w.DeleteMember(ctx, mem) },
		"TechnicalUser":  func() error { _, err := w.TechnicalUser(ctx, tu); return err },
		"TechnicalUsers": func() error { _, err := w.TechnicalUsers(ctx); return err },
		"UpdateTechnicalUser": func() error {
			_, err := w.UpdateTechnicalUser(ctx, tu,
				tokens.TechnicalUserUpdate{})
			return err
		},
		"DeleteTechnicalUser": func() error { return w.DeleteTechnicalUser(ctx, tu) },
		"AccessToken":         func() error { _, err := w.AccessToken(ctx, tok); return err },
		"AccessTokens":        func() error { _, err := w.AccessTokens(ctx, tokens.TokenQuery{}); return err },
		"UpdateAccessToken": func() error {
			_, err := w.UpdateAccessToken(ctx, tok, tokens.AccessTokenUpdate{Regeneration: regeneration})
			return err
		},
		"HoldAccessToken":    func() error { _, err := w.HoldAccessToken(ctx, tok, "leaked"); return err },
		"ReleaseAccessToken": func() error { _, err := w.ReleaseAccessToken(ctx, tok); return err },
		"RevokeSecret":       func() error { _, err := w.RevokeSecret(ctx, w.secret()); return err },
		"DeleteAccessToken":  func() error { return w.DeleteAccessToken(ctx, tok) },
		"VerifySecret":       func() error { _, err := w.VerifySecret(ctx, w.secret(), tokens.VerifyOptions{}); return err },
		"HasSecret":          func() error { _, err := w.HasSecret(ctx, tok, w.secret()); return err },
		"TokenShare":         func() error { _, err := w.TokenShare(ctx, tok, mem); return err },
		"UpdateTokenShare":   func() error { _, err := w.UpdateTokenShare(ctx, tok, mem, tokens.ShareViewer); return err },
		"UnshareAccessToken": func() error { return w.UnshareAccessToken(ctx, tok, mem) },
		"TokenShares":        func() error { _, err := w.TokenShares(ctx, tokens.TokenShareQuery{}); return err },
		"PruneEvents":        func() error { _, err := w.PruneEvents(ctx, w.clock.Now().Add(-later)); return err },
		"VerifyHistory":      func() error { _, err := w.VerifyHistory(ctx, tokens.Head{}); return err },
		"Events":             func() error { _, err := w.Events(ctx, tokens.EventQuery{}); return err },
		"EventsAfter": func() error {
			_, err := w.EventsAfter(ctx, tokens.EventQuery{}, tokens.EventPosition{})
			return err
		},
		"a member": func() error {
			_, err := w.acting("anna@example.com").CreateGroup(ctx,
				tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "payments"}})
			return err
		},
		"a member with a role": func() error {
			_, err := w.CreateMember(ctx, tokens.NewMember{Email: "b@example.com",
				MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: "clerk"}}})
			return err
		},
		"a token with a role": func() error {
			n := w.request("deploy", "")
			n.Own.Role = "clerk"
			_, err := w.CreateAccessToken(ctx, n)
			return err
		},
		"a token with a group": func() error {
			n := w.request("deploy", "")
			n.GroupID = grp
			_, err := w.CreateAccessToken(ctx, n)
			return err
		},
	} {
		if err := operation(); tokens.ErrorCode(err) != tokens.CodeUnavailable ||
			tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
			w.Errorf("%s without a database: got %v, want CodeUnavailable", name, err)
		}
	}

	// Invalid input creates no database either, and the error is about the input.
	_, err := w.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: "Not a name"}})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "name")
	_, err = w.CreateAccessToken(ctx, tokens.NewAccessToken{NewSecretFor: w.fresh()})
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "name")
	_, err = w.Groups(ctx)
	w.refusal(err, tokens.CodeUnavailable)

	w.group("payments")
	w.equal("the groups", len(must(w.Groups(ctx))(w)), 1)
}
