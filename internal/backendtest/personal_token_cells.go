package backendtest

import (
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// personalTables name the tables of the operations on a personal token.
type personalTables struct{ show, delete, stop, release, create string }

var (
	ofAnother = personalTables{tableShowPersonal, tableDeletePersonal, tableStopPersonal, tableStopPersonal, tableCreatePersonal}
	ofOneself = personalTables{tableOwnPersonal, tableOwnPersonal, tableOwnPersonal, tableStopPersonal, tableOwnPersonal}
)

// personalTokenCells returns the cells of the personal tokens of members whom it creates for this caller and, if the
// caller is a member, of the caller's own.
func (m *matrix) personalTokenCells(caller string) (cells []cell) {
	for _, role := range rolesByPower {
		member := must(m.CreateMember(m.Context(), tokens.NewMember{Email: m.next("member") + "@example.com",
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}}}))(m.world)
		cells = append(cells, m.personalTokenCellsOf(caller, member, role, ofAnother)...)
	}
	if m.caller.member.ID != "" {
		cells = append(cells, m.personalTokenCellsOf(caller, m.caller.member, tokens.RoleNone, ofOneself)...)
	}
	return cells
}

// personalTokenCellsOf returns the cells of the personal tokens of a member with a role.
func (m *matrix) personalTokenCellsOf(
	caller string, member tokens.Member, role string, expected personalTables,
) (cells []cell) {
	ctx := m.Context()
	create := func(prepare func(*tokens.AccessToken)) tokens.AccessToken {
		token := m.create(m.personal(m.next("personal"), member.ID))
		prepare(&token)
		return token
	}
	token := create(func(*tokens.AccessToken) {})
	disabled := create(func(t *tokens.AccessToken) { *t = m.disable(t.ID) })
	held := create(func(t *tokens.AccessToken) { *t = must(m.HoldAccessToken(ctx, t.ID, "leaked"))(m.world) })
	doomed := create(func(*tokens.AccessToken) {})
	add := func(table, what string, action tokens.Action, t tokens.AccessToken, try func() error) *cell {
		cells = append(cells, cell{what: what + " a personal token of " + member.Email + " with role " + role,
			allowed: allows(m.letter(table, caller, 0), role), action: action, object: t.ID, secret: t.Name, try: try})
		return &cells[len(cells)-1]
	}
	change := func(t tokens.AccessToken, u tokens.AccessTokenUpdate) func() error {
		return func() error { _, err := m.actor.UpdateAccessToken(ctx, t.ID, u); return err }
	}
	add(expected.show, "show", tokens.ActionAccessTokenShow, token, func() error {
		_, err := m.actor.AccessToken(ctx, token.ID)
		return err
	})
	add(expected.show, "list", "", token, func() error {
		if !slices.Contains(ids(m.actor.personalTokens(member.ID)), token.ID) {
			return tokens.Forbidden(token.ID, "not in the list")
		}
		return nil
	})
	add(expected.stop, "disable", tokens.ActionAccessTokenDisable, token,
		change(token, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}}))
	add(expected.stop, "enable", tokens.ActionAccessTokenEnable, disabled,
		change(disabled, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true}, Fields: tokens.Fields{"enabled"}}))
	add(expected.stop, "hold", tokens.ActionAccessTokenHold, token, func() error {
		_, err := m.actor.HoldAccessToken(ctx, token.ID, "leaked")
		return err
	})
	add(expected.release, "release", tokens.ActionAccessTokenRelease, held, func() error {
		_, err := m.actor.ReleaseAccessToken(ctx, held.ID)
		return err
	})
	add(expected.delete, "delete", tokens.ActionAccessTokenDelete, doomed, func() error {
		return m.actor.DeleteAccessToken(ctx, doomed.ID)
	})
	var made tokens.CreatedAccessToken
	add(expected.create, "create", tokens.ActionAccessTokenCreate, tokens.AccessToken{}, func() (err error) {
		made, err = m.actor.CreateAccessToken(ctx, m.personal(m.next("personal"), member.ID))
		return err
	}).undo = func() { m.succeed(m.DeleteAccessToken(ctx, made.ID)) }

	// What no personal token takes is refused with the reason to those who may know of the token.
	add(expected.show, "rename", tokens.ActionAccessTokenUpdate, token,
		change(token, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "new"}, Fields: tokens.Fields{"name"}})).
		code = tokens.CodeInvalid
	add(expected.show, "share", tokens.ActionTokenShareCreate, token, func() error {
		_, err := m.actor.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: token.ID, MemberID: m.stranger.ID,
			Role: tokens.ShareViewer})
		return err
	}).code = tokens.CodeInvalid
	add(expected.delete, "regenerate", tokens.ActionAccessTokenRegenerate, token, change(token,
		tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: m.fresh(), Reason: tokens.ReasonRequested}})).
		code = tokens.CodeInvalid
	for i := range cells {
		if cells[i].action == tokens.ActionTokenShareCreate {
			cells[i].object = tokens.ShareID(token.ID, m.stranger.ID)
		}
	}
	return cells
}
