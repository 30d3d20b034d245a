package backendtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// RunPermissions runs every cell of the expected matrix: for each caller, each operation on an object of each kind that
// a column names. It spreads the callers over several databases and runs them in parallel. It calls newPlace as Run
// does.
func RunPermissions(t *testing.T, newPlace func(t *testing.T) Place, kinds ...CallerKind) {
	all := strings.Fields(callers)
	expected := map[string]table{}
	for _, text := range []string{
		tableShow, tableEdit, tableCurtail, tableRevive, tableDelete, tableRegenerate, tableRaise, tableManage, tableStop, tableVerify,
		tableCreateToken, tableAlterUser, tableRaiseUser, tableStopUser, tableAlterMember, tableRaiseMember, tableListMembers,
		tableShowPersonal, tableDeletePersonal, tableStopPersonal, tableCreatePersonal, tableOwnPersonal,
		tableOrganization, tableOwner,
	} {
		parsed, err := parseTable(text, all)
		if err != nil {
			t.Fatal(err)
		}
		expected[text] = parsed
	}
	const databases = 4
	var cells, due atomic.Int64
	t.Run("cells", func(t *testing.T) {
		for i := range databases {
			for _, kind := range kinds {
				t.Run(fmt.Sprint(kind.name, " ", i), func(t *testing.T) {
					t.Parallel()
					m := newMatrix(newWorld(t, newPlace), expected, kind)
					for n := i; n < len(all); n += databases {
						due.Add(kind.cellsOfCaller(m.caller.member.ID != ""))
						cells.Add(m.run(all[n]))
					}
				})
			}
		}
	})
	skipped := due.Load() - cells.Load()
	if !t.Failed() && skipped != 0 {
		t.Errorf("ran %d cells of %d", cells.Load(), due.Load())
	}
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.name)
	}
	t.Logf("%d callers, as %s: %d cells, %d skipped", len(all), strings.Join(names, ", "), cells.Load(), skipped)
	t.Attr("cells", fmt.Sprint(cells.Load()))
	t.Attr("cells-skipped", fmt.Sprint(skipped))
}

// table holds the letters of each caller, one per column.
type table map[string]string

// parseTable parses a table. Each of the callers must have one row, and all rows must have the same length.
func parseTable(text string, all []string) (table, error) {
	t := table{}
	var names []string
	for line := range strings.Lines(text) {
		left, letters, ends := strings.Cut(line, "|")
		for _, name := range strings.Fields(left) {
			if name != "elsewhere" {
				names = append(names, name)
				continue
			}
			for _, caller := range all {
				if strings.HasSuffix(caller, ".elsewhere") {
					names = append(names, caller)
				}
			}
		}
		if !ends {
			continue
		}
		row := strings.NewReplacer(" ", "", "|", "", "\n", "").Replace(letters)
		for _, name := range names {
			if _, twice := t[name]; twice || !slices.Contains(all, name) {
				return nil, fmt.Errorf("%q is not a caller, or appears twice:%s", name, text)
			}
			t[name] = row
		}
		names = nil
	}
	for _, name := range all {
		if len(t[name]) == 0 || len(t[name]) != len(t[all[0]]) || strings.Trim(t[name], "-+?nmao") != "" {
			return nil, fmt.Errorf("the row of %s is missing or malformed:%s", name, text)
		}
	}
	return t, nil
}

// rolesByPower lists the roles of objects in the order of their letters.
var rolesByPower = []string{tokens.RoleNone, tokens.RoleMember, tokens.RoleAdministrator, tokens.RoleOwner}

// allows reports whether a letter allows an operation on an object with the role.
func allows(letter byte, role string) bool {
	return letter == '+' || slices.Index(rolesByPower, role) <= strings.IndexByte("nmao", letter)
}

// The axes of the matrix for tokens.
var (
	visibilities = []string{"organization", "restricted", "made"}
	shareRoles   = append([]string{""}, tokens.ShareRoles()...)
)

// subject is a token on which operations are tried.
type subject struct {
	groupID    string
	visibility string
	share      string
	role       string
	status     tokens.Status
	// column is the index of the letters in the tables.
	column int

	id     string
	name   string
	secret tokens.Secret
	// madeAt is when its current secret was created.
	madeAt time.Time
}

func (s *subject) String() string {
	level := "organization"
	if s.groupID != "" {
		level = "group"
	}
	return fmt.Sprintf("a token of level %s, visibility %s, share %q, status %s, role %s", level, s.visibility, s.share,
		s.status, s.role)
}

// matrix is a database with an object for each column.
type matrix struct {
	*world
	expected map[string]table
	// oneStatus means that operations are tried on tokens in one status alone.
	oneStatus bool
	// caller is the principal that tries the operations; actor works as that principal.
	caller matrixCaller
	actor  *world
	// group is the group of the objects, and elsewhere is another group.
	group, elsewhere tokens.Group
	subjects         []*subject
	// guest is a member with whom every subject is shared, and stranger is a member with whom none is.
	guest, stranger tokens.Member
	// owners are technical users with all permissions at the level in the key; the tokens are created under them.
	owners map[string]tokens.TechnicalUser
	// number makes names and values unique.
	number int
}

const farAway = 100 * 365 * day

// CallerKind is a way to ask: how the caller is made, and the roles of the shares with which it is tried.
type CallerKind struct {
	name   string
	make   func(*matrix) (matrixCaller, *world)
	shares []string
	// oneStatus means that it is tried on tokens in one status alone.
	oneStatus bool
}

// The ways to ask. PersonalTokenHolders are members who have shares, too.
var (
	Members              = CallerKind{name: "members", make: (*matrix).memberCaller, shares: shareRoles}
	TokenHolders         = CallerKind{name: "token holders", make: (*matrix).tokenHolder, shares: []string{""}}
	PersonalTokenHolders = CallerKind{name: "personal token holders", make: (*matrix).personalTokenHolder, shares: shareRoles}
)

// WithoutShares returns the way to ask, tried with no shares.
func (k CallerKind) WithoutShares() CallerKind {
	k.shares = []string{""}
	return k
}

// InOneStatus returns the way to ask, tried on tokens in the one status that each operation is for: active ones, mostly. So
// every letter of the tables is tried on objects of each role, once.
func (k CallerKind) InOneStatus() CallerKind {
	k.oneStatus = true
	return k
}

// matrixCaller is a principal that the matrix gives roles: a member, who may show a value of a personal token, or a
// technical user who shows a value of its token.
type matrixCaller struct {
	// actor is what events call it.
	actor tokens.Actor
	// member is the member that it is, with whom tokens can be shared; zero for a technical user.
	member tokens.Member
	// tokenID is the token that it holds; empty for who asks by none.
	tokenID string
	// give gives it roles.
	give func(g tokens.Grants)
}

// memberCaller returns a member as the caller.
func (m *matrix) memberCaller() (matrixCaller, *world) {
	member := m.member("caller@example.com")
	give := func(g tokens.Grants) {
		must(m.UpdateMember(m.Context(), member.ID, tokens.MemberUpdate{
			Settings: tokens.MemberSettings{Grants: g}, Fields: tokens.Fields{"role", "group_roles"},
		}))(m.world)
	}
	return matrixCaller{actor: tokens.Actor(member.Email), member: member, give: give}, m.acting(member.Email)
}

// tokenHolder returns a technical user who shows a value of its token as the caller.
func (m *matrix) tokenHolder() (matrixCaller, *world) {
	user := m.user("caller", "")
	request := m.request("caller", user.ID)
	token := m.create(request)
	give := func(g tokens.Grants) {
		must(m.UpdateTechnicalUser(m.Context(), user.ID, tokens.TechnicalUserUpdate{
			Settings: tokens.TechnicalUserSettings{Grants: g}, Fields: tokens.Fields{"role", "group_roles"},
		}))(m.world)
	}
	caller := matrixCaller{actor: tokens.Actor(token.QualifiedID()), tokenID: token.ID, give: give}
	return caller, m.holding(request.Secret)
}

// personalTokenHolder returns a member who shows a value of a personal token as the caller.
func (m *matrix) personalTokenHolder() (matrixCaller, *world) {
	caller, _ := m.memberCaller()
	request := m.personal("caller", caller.member.ID)
	token := m.create(request)
	caller.actor, caller.tokenID = tokens.Actor(token.QualifiedID()), token.ID
	return caller, m.holding(request.Secret)
}

// newMatrix returns a matrix whose caller is of a kind, with tokens that are shared with it by each of the roles of that
// kind, of which the empty one is none.
func newMatrix(w *world, expected map[string]table, kind CallerKind) *matrix {
	ctx := w.Context()
	m := &matrix{world: w, expected: expected, oneStatus: kind.oneStatus, group: w.group("payments"), elsewhere: w.group("audit"),
		owners: map[string]tokens.TechnicalUser{}}
	for name, permission := range map[string]string{
		"reader": tokens.PermissionReadTokens, "writer": tokens.PermissionWriteTokens,
		"stopper": tokens.PermissionManageTokens,
		"keeper":  tokens.PermissionManageAccounts, "clerk": "orders:read",
	} {
		must(w.CreateRole(ctx,
			tokens.NewRole{RoleSettings: tokens.RoleSettings{Name: name, Permissions: []string{permission}}}))(w)
	}
	m.guest, m.stranger = w.member("guest@example.com"), w.member("stranger@example.com")
	m.caller, m.actor = kind.make(m)
	m.holds(tokens.Grants{Role: tokens.RoleOwner})
	for _, groupID := range m.levels() {
		m.owners[groupID] = must(w.CreateTechnicalUser(ctx,
			tokens.NewTechnicalUser{GroupID: groupID, TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "owner",
				Grants: tokens.Grants{Role: tokens.RoleOwner}, Enabled: true}}))(w)
	}
	for level, groupID := range m.levels() {
		for v, visibility := range visibilities {
			for s, share := range kind.shares {
				column := (level*len(visibilities)+v)*len(shareRoles) + s
				for _, role := range rolesByPower {
					statuses := tokens.Statuses()
					if role != tokens.RoleNone {
						statuses = []tokens.Status{tokens.StatusActive, tokens.StatusDisabled, tokens.StatusHeld, tokens.StatusExpired}
					}
					for _, status := range statuses {
						m.subjects = append(m.subjects, &subject{groupID: groupID, visibility: visibility, share: share, role: role,
							status: status, column: column})
					}
				}
			}
		}
	}
	for _, s := range m.subjects {
		m.make(s)
	}
	m.expire()
	return m
}

// levels are the levels of objects: the organization's, then the group's.
func (m *matrix) levels() []string { return []string{"", m.group.ID} }

// holds gives the caller roles.
func (m *matrix) holds(g tokens.Grants) { m.caller.give(g) }

// untouched returns all that is there, apart from the uses of the token by which the caller asks.
func (m *matrix) untouched() content {
	c := m.content()
	for i := range c.AccessTokens {
		if t := &c.AccessTokens[i]; t.ID == m.caller.tokenID {
			t.LastUsedAt, t.Secret.LastUsedAt, t.UseCount = time.Time{}, time.Time{}, 0
		}
	}
	return c
}

// expire lets everything with a ttl of an hour expire.
func (m *matrix) expire() { m.clock.Advance(2 * time.Hour) }

// next returns a name that was not used before.
func (m *matrix) next(prefix string) string {
	m.number++
	return fmt.Sprintf("%s-%d", prefix, m.number)
}

// make creates the token of a subject. The caller, who must be an owner, creates those that count as made by it.
func (m *matrix) make(s *subject) {
	request := m.request(m.next("subject"), "")
	request.GroupID, request.Own.Role, request.Visibility = s.groupID, s.role, tokens.VisibilityRestricted
	request.Enabled = s.status != tokens.StatusDisabled
	maker := m.world
	switch s.visibility {
	case "organization":
		request.Visibility = tokens.VisibilityOrganization
	case "made":
		maker = m.actor
	}
	if s.status == tokens.StatusPending {
		request.ActivatesAt = m.clock.Instant().Add(farAway)
	}
	if s.status == tokens.StatusExpired {
		request.TTL = time.Hour
	}
	s.name, s.secret, s.madeAt = request.Name, request.Secret, m.clock.Instant()
	s.id = maker.create(request).ID
	if s.status == tokens.StatusHeld {
		m.hold(s)
	}
	if s.status == tokens.StatusRevoked {
		m.revoke(s)
	}
	m.share(s, m.guest, tokens.ShareViewer)
	if s.share != "" {
		m.share(s, m.caller.member, s.share)
	}
}

func (m *matrix) share(s *subject, with tokens.Member, role string) {
	must(m.ShareAccessToken(m.Context(), tokens.NewTokenShare{AccessTokenID: s.id, MemberID: with.ID,
		Role: role}))(m.world)
}

func (m *matrix) hold(s *subject) { must(m.HoldAccessToken(m.Context(), s.id, "leaked"))(m.world) }

func (m *matrix) revoke(s *subject) { must(m.RevokeSecret(m.Context(), s.secret))(m.world) }

// cellsOfCaller returns the number of cells for each caller. There are 6 columns of tokens for each role of a share,
// with all statuses (or one) of tokens that hold nothing and one status for each of 3 more powerful roles. Raising the role is
// tried three times on those that hold nothing, narrowing it once on the others. To revive, to end soon and to begin
// later are tried in one status. New tokens are open, restricted, or with an own secret. An ephemeral token of each
// role is made, and one of somebody else is deleted. The rest are the cells of other objects. There are 11 of the personal
// tokens of each of four other members, and of the caller's own, if it is a member.
func (k CallerKind) cellsOfCaller(isMember bool) int64 {
	members, shares, statuses := 4, len(k.shares), 6
	if isMember {
		members++
	}
	if k.oneStatus {
		statuses = 1
	}
	return int64(6*shares*((statuses+3)*21+statuses*3+3+3*4) + 2*3*4*2 + 2*4*2 + (1 + 2*(4*6+3)) + (4*8 + 2*3) + 9 + 11*members)
}

// cell is one operation that a caller tries.
type cell struct {
	what    string
	allowed bool
	// code is the expected code if the operation is allowed.
	code tokens.Code
	try  func() error
	// action and object are in the event of a refusal. There is none if the action is empty: a list is only shorter then.
	action tokens.Action
	object string
	// undo restores the earlier state.
	undo func()
	// secret is what a refusal must not reveal: the name of the object.
	secret string
}

// run tries all cells of a caller: first the forbidden ones, which change nothing, then the others.
func (m *matrix) run(caller string) int64 {
	role, place, _ := strings.Cut(caller, ".")
	grants := tokens.Grants{Role: role}
	switch place {
	case "group":
		grants = tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: m.group.ID, Role: role}}}
	case "elsewhere":
		grants = tokens.Grants{Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: m.elsewhere.ID, Role: role}}}
	}
	m.holds(grants)
	// Only so many events are searched for one that tells of an earlier look: those who look the same way come together.
	all := slices.Concat(m.personalTokenCells(caller), m.tokenCells(caller), m.creationCells(caller), m.ephemeralCells(caller),
		m.technicalUserCells(caller), m.memberCells(caller), m.organizationCells(caller))
	before, latest := m.untouched(), m.latestEvents(1)

	var forbidden []cell // that leave an event; one tells of all refusals to look in the same way, within a minute
	told := map[tokens.Action]bool{}
	for _, c := range all {
		if c.allowed {
			continue
		}
		err := c.try()
		if tokens.ErrorCode(err) != tokens.CodeForbidden {
			m.Fatalf("%s: %s: got %v, want CodeForbidden", caller, c.what, err)
		}
		if c.secret != "" && strings.Contains(err.Error(), c.secret) {
			m.Errorf("%s: %s: the refusal reveals the name: %v", caller, c.what, err)
		}
		if c.action != "" && !told[c.action] {
			forbidden = append(forbidden, c)
			told[c.action] = c.action.Reads()
		}
	}
	if after := m.untouched(); !reflect.DeepEqual(before, after) {
		m.equal("what is there after all that "+caller+" was refused", after, before)
	}
	events := m.latestEvents(len(forbidden) + 1)
	if events[0].ID != latest[0].ID {
		m.Fatalf("%s: %d refusals did not leave one event each", caller, len(forbidden))
	}
	for i, c := range forbidden {
		e := events[i+1]
		if e.Actor != m.caller.actor || e.Action != c.action || e.ObjectID != c.object || e.Outcome != tokens.OutcomeRefused {
			m.Fatalf("%s: %s: the event of the refusal is %+v, want %s of %q", caller, c.what, e, c.action, c.object)
		}
	}

	for _, c := range all {
		if !c.allowed {
			continue
		}
		if err := c.try(); tokens.ErrorCode(err) != c.code {
			m.Fatalf("%s: %s: got %v, want it allowed with code %q", caller, c.what, err, c.code)
		}
		if c.undo != nil {
			c.undo()
		}
	}
	m.bringBack()
	return int64(len(all))
}

// latestEvents returns the latest events, oldest first.
func (m *matrix) latestEvents(n int) []tokens.Event {
	return must(m.Events(m.Context(), tokens.EventQuery{Limit: n}))(m.world)
}

// bringBack creates deleted tokens again, and lets revived ones expire again.
func (m *matrix) bringBack() {
	m.expire()
	m.holds(tokens.Grants{Role: tokens.RoleOwner})
	for _, s := range m.subjects {
		if s.id == "" {
			m.make(s)
		}
	}
	m.expire()
}
