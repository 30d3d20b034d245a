package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// testCandidates completes names as several callers, each of whom gets what it may list. Nobody is refused.
func testCandidates(w *world) {
	ctx := w.Context()
	payments, shipping := w.group("payments"), w.group("payouts")
	clerk := w.role("clerk")
	w.user("ci", "")
	inGroup := w.user("cards", payments.ID)
	w.user("cash", shipping.ID)
	member := func(email, name, role string, groupRoles ...tokens.GroupRole) tokens.Member {
		return must(w.CreateMember(ctx, tokens.NewMember{Email: email, MemberSettings: tokens.MemberSettings{
			Name: name, Grants: tokens.Grants{Role: role, GroupRoles: groupRoles},
		}}))(w)
	}
	viewer := member("viewer@example.com", "Carla", tokens.RoleViewer)
	admin := member("admin@example.com", "", tokens.RoleNone,
		tokens.GroupRole{GroupID: payments.ID, Role: tokens.RoleAdministrator})
	names := func(b tokens.Backend, kind tokens.Kind, begun string, limit int) []string {
		list := []string{}
		for _, c := range must(b.Candidates(ctx, kind, begun, limit))(w) {
			list = append(list, c.Name)
		}
		return list
	}
	before := len(must(w.Events(ctx, tokens.EventQuery{}))(w))

	w.equal("groups", names(w, tokens.KindGroup, "pay", 9), []string{"payments", "payouts"})
	w.equal("one group at most", names(w, tokens.KindGroup, "", 1), []string{"payments"})
	w.equal("a group by its identifier", names(w, tokens.KindGroup, payments.ID, 9), []string{"payments"})
	w.equal("a role", must(w.Candidates(ctx, tokens.KindRole, "", 9))(w),
		[]tokens.Candidate{{ID: clerk.ID, Name: "clerk", Description: clerk.Description}})
	w.equal("a member by name, in any case", must(w.Candidates(ctx, tokens.KindMember, "cAR", 9))(w),
		[]tokens.Candidate{{ID: viewer.ID, Name: "Carla", Email: viewer.Email}})
	w.equal("a member by address", names(w, tokens.KindMember, "Viewer@", 9), []string{"Carla"})
	w.equal("technical users", names(w, tokens.KindTechnicalUser, "c", 9), []string{"cards", "cash", "ci"})
	w.equal("access tokens, which a query completes", names(w, tokens.KindAccessToken, "", 9), []string{})

	administrator := w.acting(admin.Email)
	w.equal("the technical users of a group's administrator", must(administrator.Candidates(
		ctx, tokens.KindTechnicalUser, "", 9))(w), []tokens.Candidate{{ID: inGroup.ID, Name: "cards", Email: inGroup.Email,
		Description: inGroup.Description}})
	w.equal("the members for them", len(names(administrator, tokens.KindMember, "", 9)), 2)
	w.equal("the groups for them", names(administrator, tokens.KindGroup, "", 9), []string{})
	for _, kind := range []tokens.Kind{
		tokens.KindGroup, tokens.KindRole, tokens.KindMember, tokens.KindTechnicalUser,
	} {
		w.equal("what a viewer gets", names(w.acting(viewer.Email), kind, "", 9), []string{})
	}
	w.equal("the events of all that", len(must(w.Events(ctx, tokens.EventQuery{}))(w)), before)
}
