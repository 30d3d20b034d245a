package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

func testMembers(w *world) {
	ctx := w.Context()
	made := w.clock.Instant()
	first, second := w.group("first"), w.group("second")
	unsorted := []tokens.GroupRole{{GroupID: second.ID, Role: tokens.RoleViewer},
		{GroupID: first.ID, Role: tokens.RoleManager}}
	if first.ID > second.ID {
		unsorted[0], unsorted[1] = unsorted[1], unsorted[0]
	}
	ordered := []tokens.GroupRole{unsorted[1], unsorted[0]}

	m := must(w.CreateMember(ctx, tokens.NewMember{Email: "Anna@example.com",
		MemberSettings: tokens.MemberSettings{Name: "Anna",
			Grants: tokens.Grants{Role: tokens.RoleMember, GroupRoles: unsorted}}}))(w)
	w.equal("the new member", m, tokens.Member{
		ID:        m.ID,
		Email:     "Anna@example.com",
		CreatedAt: made,
		UpdatedAt: made,
		MemberSettings: tokens.MemberSettings{Name: "Anna",
			Grants: tokens.Grants{Role: tokens.RoleMember, GroupRoles: ordered}},
	})
	w.equal("the member", must(w.Member(ctx, m.ID))(w), m)
	other := w.member("aaron@example.com")
	w.equal("the members by address", must(w.Members(ctx))(w), []tokens.Member{other, m})

	_, err := w.CreateMember(ctx, tokens.NewMember{Email: "anna@EXAMPLE.com",
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}}})
	conflict := w.refusal(err, tokens.CodeConflict)
	w.equal("the holder", conflict.Holder, tokens.Holder{Kind: tokens.KindMember, ID: m.ID})
	w.mentions(conflict.Error(), "Anna@example.com", m.ID)

	// Case makes no difference in any alphabet.
	umlaut := w.member("Äda@example.com")
	for _, email := range []string{"äda@example.com", "ÄDA@Example.com", "a\u0308da@example.com"} {
		_, err := w.CreateMember(ctx, tokens.NewMember{Email: email,
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}}})
		w.equal("the holder of "+email, w.refusal(err, tokens.CodeConflict).Holder,
			tokens.Holder{Kind: tokens.KindMember, ID: umlaut.ID})
		must(w.acting(email).Backend.AccessTokens(ctx, tokens.TokenQuery{}))(w)
	}
	w.succeed(w.DeleteMember(ctx, umlaut.ID))

	w.clock.Advance(later)
	want := m
	want.Name, want.Role, want.GroupRoles, want.UpdatedAt = "", tokens.RoleAdministrator, nil, w.clock.Instant()
	w.equal("the changed member", must(w.UpdateMember(ctx, m.ID, tokens.MemberUpdate{
		Settings: tokens.MemberSettings{Name: "", Grants: tokens.Grants{Role: tokens.RoleAdministrator, GroupRoles: nil}},
		Fields:   tokens.Fields{"name", "role", "group_roles"},
	}))(w), want)
	w.equal("the member afterwards", must(w.Member(ctx, m.ID))(w), want)

	token := w.create(w.request("deploy", ""))
	share := must(w.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: m.ID,
		Role: tokens.ShareViewer}))(w)
	w.succeed(w.DeleteMember(ctx, m.ID))
	_, err = w.Member(ctx, m.ID)
	w.refusal(err, tokens.CodeNotFound)
	_, err = w.TokenShare(ctx, token.ID, m.ID)
	w.refusal(err, tokens.CodeNotFound)
	w.equal("the events of the share", actions(w.events(share.ID())), []string{"token_share.create", "token_share.delete"})
	w.refusal(w.DeleteMember(ctx, m.ID), tokens.CodeNotFound)
	w.member("anna@example.com") // the address is free
}
