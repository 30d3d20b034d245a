package backendtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// letter returns a table's letter for a caller in a column.
func (m *matrix) letter(text, caller string, column int) byte {
	return m.expected[text][caller][column]
}

// tokenOperation is an operation that callers try on every subject.
type tokenOperation struct {
	name   string
	table  string
	action tokens.Action
	// natural is the status of the subjects that hold any permissions; empty means active.
	natural tokens.Status
	// only means that it is tried on subjects of that status alone.
	only bool
	// roles limits the roles of the subjects; nil means any.
	roles []string
	// try returns the token in the operation's answer, if there is one.
	try func(*subject) (*tokens.AccessToken, error)
	// undo is nil if the operation makes no difference to other operations.
	undo func(*subject)
	// differs adjusts the expectation for subjects whose status makes a difference.
	differs func(*subject, *cell)
	// object is what the event of a refusal names; nil means the token.
	object func(*subject) string
}

func (m *matrix) tokenOperations(caller string) []tokenOperation {
	ctx := m.Context()
	answer := func(t tokens.AccessToken, err error) (*tokens.AccessToken, error) { return &t, err }
	by := func(w *world, s *subject, u tokens.AccessTokenUpdate) (*tokens.AccessToken, error) {
		return answer(w.UpdateAccessToken(ctx, s.id, u))
	}
	edit := func(name string, change func(*subject) tokens.AccessTokenUpdate) tokenOperation {
		return tokenOperation{name: name, table: tableEdit, action: tokens.ActionAccessTokenUpdate,
			try: func(s *subject) (*tokens.AccessToken, error) { return by(m.actor, s, change(s)) }}
	}
	byOwner := func(change tokens.AccessTokenUpdate) func(*subject) {
		return func(s *subject) { m.update(s.id, change) }
	}
	share := func(role, table string) tokenOperation {
		return tokenOperation{name: "share as " + role, table: table, action: tokens.ActionTokenShareCreate,
			object: func(s *subject) string { return tokens.ShareID(s.id, m.stranger.ID) },
			try: func(s *subject) (*tokens.AccessToken, error) {
				_, err := m.actor.ShareAccessToken(ctx, tokens.NewTokenShare{AccessTokenID: s.id, MemberID: m.stranger.ID,
					Role: role})
				return nil, err
			},
			undo: func(s *subject) { m.succeed(m.UnshareAccessToken(ctx, s.id, m.stranger.ID)) }}
	}
	changeShareToManager := tokenOperation{name: "change a share to manager", table: tableRegenerate,
		action: tokens.ActionTokenShareUpdate,
		object: func(s *subject) string { return tokens.ShareID(s.id, m.guest.ID) },
		try: func(s *subject) (*tokens.AccessToken, error) {
			_, err := m.actor.UpdateTokenShare(ctx, s.id, m.guest.ID, tokens.ShareManager)
			return nil, err
		},
		undo: func(s *subject) { must(m.UpdateTokenShare(ctx, s.id, m.guest.ID, tokens.ShareViewer))(m.world) }}
	listed := map[string]bool{}

	rename := edit("edit name and description", func(s *subject) tokens.AccessTokenUpdate {
		return tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: m.next("subject"), Description: s.name},
			Fields: tokens.Fields{"name", "description"}}
	})
	rename.undo = func(s *subject) { s.name = m.token(s.id).Name }

	operations := []tokenOperation{
		{name: "show", table: tableShow, action: tokens.ActionAccessTokenShow, try: func(s *subject) (*tokens.AccessToken,
			error) {
			return answer(m.actor.AccessToken(ctx, s.id))
		}},
		{name: "list", table: tableShow, try: func(s *subject) (*tokens.AccessToken, error) {
			if len(listed) == 0 {
				listed["once"] = true
				page, err := m.actor.AccessTokens(ctx, tokens.TokenQuery{})
				if err != nil {
					return nil, err
				}
				for _, t := range page.AccessTokens {
					listed[t.ID] = true
				}
			}
			if !listed[s.id] {
				return nil, tokens.Forbidden(s.id, "not in the list")
			}
			return nil, nil
		}},
		{name: "compare the secret", table: tableRegenerate, action: tokens.ActionAccessTokenVerify,
			try: func(s *subject) (*tokens.AccessToken, error) {
				_, err := m.actor.HasSecret(ctx, s.id, s.secret)
				return nil, err
			}},
		{name: "show a share", table: tableShow, action: tokens.ActionTokenShareShow,
			object: func(s *subject) string { return tokens.ShareID(s.id, m.guest.ID) },
			try: func(s *subject) (*tokens.AccessToken, error) {
				_, err := m.actor.TokenShare(ctx, s.id, m.guest.ID)
				return nil, err
			}},
		{name: "verify", table: tableVerify, action: tokens.ActionAccessTokenVerify,
			object: func(*subject) string { return "" }, try: func(s *subject) (*tokens.AccessToken, error) {
				v, err := m.actor.VerifySecret(ctx, s.secret, tokens.VerifyOptions{})
				if told := m.letter(tableVerify, caller, s.column) == '+'; err == nil && (v.AccessToken != nil) != told {
					err = fmt.Errorf("the answer reveals a token: %t", !told)
				}
				return nil, err
			}},
		rename,
	}

	expiry := edit("edit the expiry", func(s *subject) tokens.AccessTokenUpdate {
		if s.status == tokens.StatusExpired {
			return tokens.AccessTokenUpdate{
				Settings: tokens.Settings{TTL: m.clock.Instant().Sub(s.madeAt).Truncate(time.Second) + time.Hour},
				Fields:   tokens.Fields{"ttl"},
			}
		}
		m.number++
		return tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: m.clock.Instant().Add(2*farAway +
			time.Duration(m.number)*time.Second)}, Fields: tokens.Fields{"expires_at"}}
	})
	expiry.undo = func(s *subject) {
		if s.status == tokens.StatusExpired {
			m.expire()
		}
	}
	revive := expiry
	revive.name, revive.natural, revive.only = "revive", tokens.StatusExpired, true
	// Editing the expiry of an expired token revives it, which takes more than an edit.
	expiry.differs = func(s *subject, c *cell) {
		if s.status == tokens.StatusExpired {
			c.allowed = allows(m.letter(tableRevive, caller, s.column), s.role)
		}
	}
	revive.differs = expiry.differs
	operations = append(operations, expiry, revive)

	for _, role := range rolesByPower[1:] {
		raise := edit("raise the role to "+role, func(*subject) tokens.AccessTokenUpdate {
			return tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: role}},
				Fields: tokens.Fields{"role"}}
		})
		raise.table, raise.roles = tableRaise, []string{tokens.RoleNone}
		raise.undo = byOwner(tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: tokens.RoleNone}},
			Fields: tokens.Fields{"role"}})
		raise.differs = func(s *subject, c *cell) { c.allowed = allows(m.letter(tableRaise, caller, s.column), role) }
		operations = append(operations, raise)
	}

	curtail := func(name string, change func(*subject) tokens.AccessTokenUpdate) tokenOperation {
		op := edit(name, change)
		op.table, op.only = tableCurtail, true
		return op
	}
	endSoon := curtail("end within the hour", func(*subject) tokens.AccessTokenUpdate {
		return tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: m.clock.Instant().Add(time.Hour - time.Second)},
			Fields: tokens.Fields{"expires_at"}}
	})
	endSoon.undo = byOwner(tokens.AccessTokenUpdate{Fields: tokens.Fields{"expires_at"}})
	beginLater := curtail("begin later", func(*subject) tokens.AccessTokenUpdate {
		return tokens.AccessTokenUpdate{Settings: tokens.Settings{ActivatesAt: m.clock.Instant().Add(time.Second)},
			Fields: tokens.Fields{"activates_at"}}
	})
	beginLater.undo = byOwner(tokens.AccessTokenUpdate{Fields: tokens.Fields{"activates_at"}})
	narrow := curtail("narrow the role", func(*subject) tokens.AccessTokenUpdate {
		return tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: tokens.RoleNone}},
			Fields: tokens.Fields{"role"}}
	})
	narrow.roles = rolesByPower[1:]
	narrow.undo = func(s *subject) {
		m.update(s.id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Own: tokens.Grants{Role: s.role}},
			Fields: tokens.Fields{"role"}})
	}
	operations = append(operations, endSoon, beginLater, narrow)

	policies := edit("edit the policies", func(*subject) tokens.AccessTokenUpdate {
		m.number++
		return tokens.AccessTokenUpdate{
			Settings: tokens.Settings{
				Policies: tokens.Policies{Grace: tokens.Grace{Duration: time.Duration(m.number) * time.Second}},
			}, Fields: tokens.Fields{"grace_period"},
		}
	})
	policies.undo = byOwner(tokens.AccessTokenUpdate{
		Settings: tokens.Settings{Policies: tokens.Policies{Grace: tokens.Grace{}}}, Fields: tokens.Fields{"grace_period"},
	})

	return append(operations, policies,
		tokenOperation{name: "retire the previous secret", table: tableDelete, action: tokens.ActionAccessTokenRetirePrevious,
			try: func(s *subject) (*tokens.AccessToken, error) {
				return answer(m.actor.RetirePreviousSecret(ctx, s.id, 0))
			},
			// none of them has one, and those who may retire it are told so
			differs: func(_ *subject, c *cell) { c.code = tokens.CodeConflict }},
		tokenOperation{name: "regenerate", table: tableRegenerate, action: tokens.ActionAccessTokenRegenerate,
			try: func(s *subject) (*tokens.AccessToken, error) {
				fresh := m.fresh()
				t, err := by(m.actor, s,
					tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: fresh, Reason: tokens.ReasonRequested}})
				if err == nil {
					s.secret, s.madeAt = fresh.Secret, m.clock.Instant()
				}
				return t, err
			},
			undo: func(s *subject) {
				switch s.status {
				case tokens.StatusRevoked:
					m.revoke(s)
				case tokens.StatusExpired:
					m.update(s.id, tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: time.Hour}, Fields: tokens.Fields{"ttl"}})
					m.expire()
				default:
				}
			}},
		tokenOperation{name: "enable", table: tableManage, action: tokens.ActionAccessTokenEnable,
			natural: tokens.StatusDisabled,
			try: func(s *subject) (*tokens.AccessToken, error) {
				return by(m.actor, s, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true},
					Fields: tokens.Fields{"enabled"}})
			},
			undo: byOwner(tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false}, Fields: tokens.Fields{"enabled"}}),
			// Enabling an enabled token changes nothing, and counts as showing it.
			differs: func(s *subject, c *cell) {
				if s.status != tokens.StatusDisabled {
					c.allowed, c.undo = allows(m.letter(tableShow, caller, s.column), s.role), nil
				}
			}},
		tokenOperation{name: "disable", table: tableStop, action: tokens.ActionAccessTokenDisable,
			try: func(s *subject) (*tokens.AccessToken, error) {
				return by(m.actor, s, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: false},
					Fields: tokens.Fields{"enabled"}})
			},
			undo: func(s *subject) {
				if s.status != tokens.StatusDisabled {
					m.update(s.id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Enabled: true},
						Fields: tokens.Fields{"enabled"}})
				}
			}},
		tokenOperation{name: "hold", table: tableStop, action: tokens.ActionAccessTokenHold,
			try: func(s *subject) (*tokens.AccessToken, error) {
				return answer(m.actor.HoldAccessToken(ctx, s.id, "leaked"))
			},
			undo: func(s *subject) { must(m.ReleaseAccessToken(ctx, s.id))(m.world) },
			differs: func(s *subject, c *cell) {
				if s.status == tokens.StatusHeld {
					c.code, c.undo = tokens.CodeConflict, nil
				}
			}},
		tokenOperation{name: "release", table: tableManage, action: tokens.ActionAccessTokenRelease,
			natural: tokens.StatusHeld,
			try:     func(s *subject) (*tokens.AccessToken, error) { return answer(m.actor.ReleaseAccessToken(ctx, s.id)) },
			undo:    m.hold,
			differs: func(s *subject, c *cell) {
				if s.status != tokens.StatusHeld {
					c.code, c.undo = tokens.CodeConflict, nil
				}
			}},
		share(tokens.ShareViewer, tableManage), share(tokens.ShareEditor, tableManage),
		share(tokens.ShareManager, tableRegenerate),
		changeShareToManager,
		tokenOperation{name: "unshare", table: tableManage, action: tokens.ActionTokenShareDelete,
			object: func(s *subject) string { return tokens.ShareID(s.id, m.guest.ID) },
			try: func(s *subject) (*tokens.AccessToken, error) {
				return nil, m.actor.UnshareAccessToken(ctx, s.id, m.guest.ID)
			},
			undo: func(s *subject) { m.share(s, m.guest, tokens.ShareViewer) }},
		tokenOperation{name: "set the visibility", table: tableDelete, action: tokens.ActionAccessTokenUpdate,
			try: func(s *subject) (*tokens.AccessToken, error) {
				other := tokens.VisibilityOrganization
				if s.visibility == "organization" {
					other = tokens.VisibilityRestricted
				}
				t, err := by(m.actor, s, tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: other},
					Fields: tokens.Fields{"visibility"}})
				if t.Visibility == tokens.VisibilityRestricted {
					t = nil // the caller may no longer see what it restricted
				}
				return t, err
			},
			undo: func(s *subject) {
				visibility := tokens.VisibilityRestricted
				if s.visibility == "organization" {
					visibility = tokens.VisibilityOrganization
				}
				m.update(s.id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Visibility: visibility},
					Fields: tokens.Fields{"visibility"}})
			}},
		tokenOperation{name: "delete", table: tableDelete, action: tokens.ActionAccessTokenDelete,
			try:  func(s *subject) (*tokens.AccessToken, error) { return nil, m.actor.DeleteAccessToken(ctx, s.id) },
			undo: func(s *subject) { s.id = "" }},
	)
}

// tokenCells returns the cells of operations on tokens.
func (m *matrix) tokenCells(caller string) (cells []cell) {
	for _, op := range m.tokenOperations(caller) {
		natural := op.natural
		if natural == "" {
			natural = tokens.StatusActive
		}
		for _, s := range m.subjects {
			inOneStatus := m.oneStatus || op.only || s.role != tokens.RoleNone
			if inOneStatus && s.status != natural || op.roles != nil && !slices.Contains(op.roles, s.role) {
				continue
			}
			shown := allows(m.letter(tableShow, caller, s.column), s.role)
			letter := m.letter(op.table, caller, s.column)
			c := cell{what: op.name + " " + s.String(), allowed: letter == '?' || allows(letter, s.role), action: op.action,
				object: s.id, secret: s.name}
			if op.object != nil {
				c.object = op.object(s)
			}
			if op.undo != nil {
				c.undo = func() { op.undo(s) }
			}
			c.try = func() error {
				t, err := op.try(s)
				if err == nil && t != nil && (t.Name != "") != shown {
					return fmt.Errorf("the answer reveals the name: %t", !shown)
				}
				return err
			}
			if op.differs != nil {
				op.differs(s, &c)
			}
			cells = append(cells, c)
		}
	}
	return cells
}

// creationCells returns the cells of new tokens.
func (m *matrix) creationCells(caller string) (cells []cell) {
	ctx := m.Context()
	for level, groupID := range m.levels() {
		for v, visibility := range []tokens.Visibility{tokens.VisibilityOrganization, tokens.VisibilityRestricted} {
			for _, role := range rolesByPower {
				for _, userID := range []string{"", m.owners[groupID].ID} {
					name := m.next("new")
					var id string
					cells = append(cells, cell{
						what: fmt.Sprintf("create a token with role %s and visibility %s in group %q under technical user %q", role,
							visibility, groupID, userID),
						allowed: allows(m.letter(tableCreateToken, caller, 2*level+v), role),
						action:  tokens.ActionAccessTokenCreate,
						try: func() error {
							request := m.request(name, userID)
							request.Own.Role, request.Visibility = role, visibility
							if userID == "" {
								request.GroupID = groupID
							}
							created, err := m.actor.CreateAccessToken(ctx, request)
							id = created.ID
							return err
						},
						undo: func() { m.succeed(m.DeleteAccessToken(ctx, id)) },
					})
					if visibility == tokens.VisibilityOrganization {
						continue
					}
					// An own secret needs what a restricted token needs.
					cells = append(cells, cell{
						what: fmt.Sprintf("create a token with an own secret and role %s in group %q under technical user %q", role,
							groupID, userID),
						allowed: allows(m.letter(tableCreateToken, caller, 2*level+v), role),
						action:  tokens.ActionAccessTokenCreate,
						try: func() error {
							request := m.request(name, userID)
							request.Own.Role, request.Secret = role, m.ownSecret()
							if userID == "" {
								request.GroupID = groupID
							}
							created, err := m.actor.CreateAccessToken(ctx, request)
							id = created.ID
							return err
						},
						undo: func() { m.succeed(m.DeleteAccessToken(ctx, id)) },
					})
				}
			}
		}
	}
	return cells
}

// technicalUserCells returns the cells of technical users, which it creates for this caller.
func (m *matrix) technicalUserCells(caller string) (cells []cell) {
	ctx := m.Context()
	listAll := m.letter(tableListMembers, caller, 0) == '+'
	cells = append(cells, cell{what: "list the technical users", allowed: listAll, action: tokens.ActionTechnicalUserList, try: func() error {
		users, err := m.actor.TechnicalUsers(ctx)
		for _, u := range users {
			level := 0
			if u.GroupID != "" {
				level = 1
			}
			if m.letter(tableStopUser, caller, level) != '+' {
				return fmt.Errorf("technical user %s is in the list", u.Email)
			}
		}
		return err
	}})
	for level, groupID := range m.levels() {
		for _, role := range rolesByPower {
			n := tokens.NewTechnicalUser{GroupID: groupID,
				TechnicalUserSettings: tokens.TechnicalUserSettings{Name: m.next("user"), Grants: tokens.Grants{Role: role},
					Enabled: true}}
			u := must(m.CreateTechnicalUser(ctx, n))(m.world)
			n.Name, n.Enabled = m.next("user"), false
			disabled := must(m.CreateTechnicalUser(ctx, n))(m.world)
			add := func(table, what string, action tokens.Action, object tokens.TechnicalUser, try func() error) *cell {
				cells = append(cells, cell{what: fmt.Sprintf("%s a technical user with role %s in group %q", what, role, groupID),
					allowed: allows(m.letter(table, caller, level), role), action: action, object: object.ID, secret: object.Name,
					try: try})
				return &cells[len(cells)-1]
			}
			change := func(u tokens.TechnicalUser, update tokens.TechnicalUserUpdate) func() error {
				return func() error { _, err := m.actor.UpdateTechnicalUser(ctx, u.ID, update); return err }
			}
			var created tokens.TechnicalUser
			add(tableAlterUser, "create", tokens.ActionTechnicalUserCreate, tokens.TechnicalUser{}, func() (err error) {
				created, err = m.actor.CreateTechnicalUser(ctx,
					tokens.NewTechnicalUser{GroupID: groupID, TechnicalUserSettings: tokens.TechnicalUserSettings{Name: m.next("user"),
						Grants: tokens.Grants{Role: role}, Enabled: true}})
				return err
			}).undo = func() { m.succeed(m.DeleteTechnicalUser(ctx, created.ID)) }
			add(tableStopUser, "show", tokens.ActionTechnicalUserShow, u, func() error { _, err := m.actor.TechnicalUser(ctx, u.ID); return err })
			add(tableAlterUser, "edit", tokens.ActionTechnicalUserUpdate, u,
				change(u, tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Description: "new"},
					Fields: tokens.Fields{"description"}}))
			add(tableAlterUser, "enable", tokens.ActionTechnicalUserEnable, disabled,
				change(disabled, tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: true},
					Fields: tokens.Fields{"enabled"}}))
			for _, higher := range rolesByPower[1:] {
				if role == tokens.RoleNone {
					c := add(tableRaiseUser, "raise to "+higher, tokens.ActionTechnicalUserUpdate, u,
						change(u, tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: higher}},
							Fields: tokens.Fields{"role"}}))
					c.allowed = allows(m.letter(tableRaiseUser, caller, level), higher)
					c.undo = func() {
						must(m.UpdateTechnicalUser(ctx, u.ID,
							tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: role}},
								Fields: tokens.Fields{"role"}}))(m.world)
					}
				}
			}
			add(tableStopUser, "disable", tokens.ActionTechnicalUserDisable, u,
				change(u, tokens.TechnicalUserUpdate{Settings: tokens.TechnicalUserSettings{Enabled: false},
					Fields: tokens.Fields{"enabled"}}))
			add(tableAlterUser, "delete", tokens.ActionTechnicalUserDelete, u,
				func() error { return m.actor.DeleteTechnicalUser(ctx, u.ID) })
		}
	}
	return cells
}

// memberCells returns the cells of members and custom roles, which it creates for this caller.
func (m *matrix) memberCells(caller string) (cells []cell) {
	ctx := m.Context()
	permissions := map[string][]string{}
	for _, r := range tokens.BuiltInRoles() {
		permissions[r.Name] = r.Permissions
	}
	for _, role := range rolesByPower {
		member := must(m.CreateMember(ctx, tokens.NewMember{Email: m.next("member") + "@example.com",
			MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}}}))(m.world)
		custom := must(m.CreateRole(ctx,
			tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: m.next("role"), Permissions: permissions[role]}}))(m.world)
		add := func(table, what, power string, action tokens.Action, object, secret string, try func() error) *cell {
			cells = append(cells, cell{what: what + " with the power of role " + role,
				allowed: allows(m.letter(table, caller, 0), power), action: action, object: object, secret: secret, try: try})
			return &cells[len(cells)-1]
		}
		changeMember := func(u tokens.MemberUpdate) func() error {
			return func() error { _, err := m.actor.UpdateMember(ctx, member.ID, u); return err }
		}
		changeRole := func(u tokens.RoleUpdate) func() error {
			return func() error { _, err := m.actor.UpdateRole(ctx, custom.ID, u); return err }
		}
		var createdMember tokens.Member
		add(tableAlterMember, "create a member", role, tokens.ActionMemberCreate, "", "", func() (err error) {
			createdMember, err = m.actor.CreateMember(ctx, tokens.NewMember{Email: m.next("member") + "@example.com",
				MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}}})
			return err
		}).undo = func() { m.succeed(m.DeleteMember(ctx, createdMember.ID)) }
		add(tableListMembers, "show a member", role, tokens.ActionMemberShow, member.ID, member.Email,
			func() error { _, err := m.actor.Member(ctx, member.ID); return err })
		add(tableAlterMember, "edit a member", role, tokens.ActionMemberUpdate, member.ID, member.Email,
			changeMember(tokens.MemberUpdate{Settings: tokens.MemberSettings{Name: "New"}, Fields: tokens.Fields{"name"}}))
		var createdRole tokens.Role
		add(tableAlterMember, "create a custom role", role, tokens.ActionRoleCreate, "", "", func() (err error) {
			createdRole, err = m.actor.CreateRole(ctx,
				tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: m.next("role"), Permissions: permissions[role]}})
			return err
		}).undo = func() { m.succeed(m.DeleteRole(ctx, createdRole.ID)) }
		add(tableOrganization, "show a custom role", role, tokens.ActionRoleShow, custom.ID, custom.Name,
			func() error { _, err := m.actor.Role(ctx, custom.ID); return err })
		add(tableAlterMember, "edit a custom role", role, tokens.ActionRoleUpdate, custom.ID, custom.Name,
			changeRole(tokens.RoleUpdate{Settings: tokens.RoleSettings{Description: "new"},
				Fields: tokens.Fields{"description"}}))
		for _, higher := range rolesByPower[1:] {
			if role == tokens.RoleNone {
				add(tableRaiseMember, "raise a member to "+higher, higher, tokens.ActionMemberUpdate, member.ID, member.Email,
					changeMember(tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: higher}},
						Fields: tokens.Fields{"role"}})).
					undo = func() {
					must(m.UpdateMember(ctx, member.ID,
						tokens.MemberUpdate{Settings: tokens.MemberSettings{Grants: tokens.Grants{Role: role}},
							Fields: tokens.Fields{"role"}}))(m.world)
				}
				add(tableRaiseMember, "raise a custom role to "+higher, higher, tokens.ActionRoleUpdate, custom.ID, custom.Name,
					changeRole(tokens.RoleUpdate{Settings: tokens.RoleSettings{Permissions: permissions[higher]},
						Fields: tokens.Fields{"permissions"}})).
					undo = func() {
					must(m.UpdateRole(ctx, custom.ID, tokens.RoleUpdate{Settings: tokens.RoleSettings{Permissions: nil},
						Fields: tokens.Fields{"permissions"}}))(m.world)
				}
			}
		}
		add(tableAlterMember, "delete a member", role, tokens.ActionMemberDelete, member.ID, member.Email,
			func() error { return m.actor.DeleteMember(ctx, member.ID) })
		add(tableAlterMember, "delete a custom role", role, tokens.ActionRoleDelete, custom.ID, custom.Name,
			func() error { return m.actor.DeleteRole(ctx, custom.ID) })
	}
	return cells
}

// organizationCells returns the cells of things without a role: groups and lists.
func (m *matrix) organizationCells(caller string) []cell {
	ctx := m.Context()
	group := m.world.group(m.next("group"))
	one := func(table, what string, action tokens.Action, object string, try func() error) cell {
		return cell{what: what, allowed: m.letter(table, caller, 0) == '+', action: action, object: object, try: try}
	}
	create := one(tableOrganization, "create a group", tokens.ActionGroupCreate, "", nil)
	var created tokens.Group
	create.try = func() (err error) {
		created, err = m.actor.CreateGroup(ctx, tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: m.next("group")}})
		return err
	}
	create.undo = func() { m.succeed(m.DeleteGroup(ctx, created.ID)) }
	database := must(m.Backend.Database(ctx))(m.world)
	return []cell{
		one(tableOwner, "prune the events", tokens.ActionEventPrune, database.ID,
			func() error { _, err := m.actor.PruneEvents(ctx, m.clock.Now().Add(-farAway/2)); return err }),
		one(tableOwner, "verify the history", tokens.ActionEventVerify, database.ID,
			func() error { _, err := m.actor.VerifyHistory(ctx, tokens.Head{}); return err }),
		create,
		one(tableListMembers, "list the members", tokens.ActionMemberList, "", func() error { _, err := m.actor.Members(ctx); return err }),
		one(tableOrganization, "list the roles", tokens.ActionRoleList, "", func() error { _, err := m.actor.Roles(ctx); return err }),
		one(tableOrganization, "list the groups", tokens.ActionGroupList, "", func() error { _, err := m.actor.Groups(ctx); return err }),
		one(tableOrganization, "show a group", tokens.ActionGroupShow, group.ID, func() error { _, err := m.actor.Group(ctx, group.ID); return err }),
		one(tableOrganization, "edit a group", tokens.ActionGroupUpdate, group.ID, func() error {
			_, err := m.actor.UpdateGroup(ctx, group.ID, tokens.GroupUpdate{Settings: tokens.GroupSettings{Description: "new"},
				Fields: tokens.Fields{"description"}})
			return err
		}),
		one(tableOrganization, "delete a group", tokens.ActionGroupDelete, group.ID,
			func() error { return m.actor.DeleteGroup(ctx, group.ID) }),
	}
}
