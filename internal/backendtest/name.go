package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// testNames asks for the names of groups and members as several callers, each of whom gets those that it may know.
// Nobody is refused.
func testNames(w *world) {
	ctx := w.Context()
	payments, shipping := w.group("payments"), w.group("shipping")
	in := func(email, role string, groupRoles ...tokens.GroupRole) tokens.Member {
		return must(w.CreateMember(ctx, tokens.NewMember{Email: email, MemberSettings: tokens.MemberSettings{
			Grants: tokens.Grants{Role: role, GroupRoles: groupRoles},
		}}))(w)
	}
	viewer := in("viewer@example.com", tokens.RoleViewer)
	guest := in("guest@example.com", tokens.RoleNone, tokens.GroupRole{GroupID: payments.ID, Role: tokens.RoleViewer})
	admin := in("admin@example.com", tokens.RoleNone,
		tokens.GroupRole{GroupID: payments.ID, Role: tokens.RoleAdministrator})
	none := in("none@example.com", tokens.RoleNone)
	ids := []string{
		payments.ID, shipping.ID, viewer.ID, none.ID, tokens.NewID(tokens.KindGroup, w.clock.Now()), "payments", "",
	}
	before := len(must(w.Events(ctx, tokens.EventQuery{}))(w))
	for name, test := range map[string]struct {
		asker tokens.Backend
		want  map[string]string
	}{
		"an owner": {w, map[string]string{payments.ID: "payments", shipping.ID: "shipping",
			viewer.ID: "viewer@example.com", none.ID: "none@example.com"}},
		"a viewer":              {w.acting(viewer.Email), map[string]string{viewer.ID: "viewer@example.com"}},
		"a viewer of one group": {w.acting(guest.Email), map[string]string{}},
		"an administrator of one group": {w.acting(admin.Email), map[string]string{payments.ID: "payments",
			viewer.ID: "viewer@example.com", none.ID: "none@example.com"}},
		"a member without a role": {w.acting(none.Email), map[string]string{none.ID: "none@example.com"}},
	} {
		w.equal("the names for "+name, must(test.asker.Names(ctx, ids))(w), test.want)
	}
	w.equal("the events of that", len(must(w.Events(ctx, tokens.EventQuery{}))(w)), before)
}

// A page holds no role of a token that is not on it, unless the reader may list the roles.
func testRolesOfPages(w *world) {
	ctx := w.Context()
	must(w.CreateRole(ctx,
		tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: "deployer", Permissions: []string{"api:deploy"}}}))(w)
	viewer := must(w.CreateMember(ctx, tokens.NewMember{Email: "viewer@example.com", MemberSettings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleViewer},
	}}))(w)
	ci := w.user("ci", "")
	settings := ci.TechnicalUserSettings
	settings.Role = "deployer"
	must(w.UpdateTechnicalUser(ctx, ci.ID, tokens.Updating(ci.TechnicalUserSettings, settings)))(w)
	w.create(w.request("b", ci.ID))
	w.create(w.request("a", w.user("cd", "").ID))
	query := tokens.TokenQuery{Sort: tokens.ColumnName, Limit: 1}
	page := must(w.acting(viewer.Email).AccessTokens(ctx, query))(w)
	w.equal("the tokens of the page", len(page.AccessTokens), 1)
	if _, told := page.Roles["deployer"]; told || page.Roles == nil {
		w.Errorf("the roles of the page: got %v, want the built-in ones", page.Roles)
	}
}
