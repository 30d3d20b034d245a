package service_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The texts of randomOrganization: what databases and Go may put into another order or case, and what a pattern may
// take for more than itself.
var oddTexts = []string{"a", "A", "b", "B", "ab", "aB", "Ä", "ä", "ÄB", "ß", "ẞ", "İ", "i", "I", "ı", "K", "k", "Σ",
	"σ", "ς", "_", "%", `\`, "100%", "é", "é", "Z", "[", "報告", "a b", "'"}

func oddText(random *rand.Rand) string {
	return oddTexts[random.Intn(len(oddTexts))] + oddTexts[random.Intn(len(oddTexts))]
}

// randomOrganization returns an organization whose tokens differ in everything that a list looks at, but not all of
// them in each.
func randomOrganization(random *rand.Rand) *organization {
	const someTokens = 70
	o := &organization{}
	pick := func(texts ...string) string { return texts[random.Intn(len(texts))] }
	now := func() time.Time { return listTime.Add(time.Duration(random.Intn(9)-4) * 24 * time.Hour) }
	maybe := func(at time.Time) time.Time {
		if random.Intn(2) == 0 {
			return time.Time{}
		}
		return at
	}
	for _, name := range []string{"reader", "writer"} {
		permissions := []string{"orders:read"}
		if name == "reader" {
			permissions = append(permissions, tokens.PermissionReadTokens)
		}
		o.roles = append(o.roles, tokens.Role{ID: tokens.NewID(tokens.KindRole, listTime),
			RoleSettings: tokens.RoleSettings{Name: name, Permissions: permissions}, CreatedAt: listTime, UpdatedAt: listTime})
	}
	groups := []string{""}
	for _, name := range []string{"audit", "payments", "shop"} {
		g := tokens.Group{ID: tokens.NewID(tokens.KindGroup, listTime), GroupSettings: tokens.GroupSettings{Name: name},
			CreatedAt: listTime, UpdatedAt: listTime}
		o.groups, groups = append(o.groups, g), append(groups, g.ID)
	}
	roles := []string{tokens.RoleNone, tokens.RoleViewer, tokens.RoleManager, tokens.RoleOwner, "reader", "writer"}
	groupRoles := func() (list []tokens.GroupRole) {
		for _, id := range groups[1:] {
			if random.Intn(2) == 0 {
				list = append(list, tokens.GroupRole{GroupID: id, Role: pick(roles...)})
			}
		}
		tokens.SortGroupRoles(list)
		return list
	}
	for i, role := range append(roles, tokens.RoleNone, tokens.RoleNone) {
		o.members = append(o.members, memberOf(fmt.Sprintf("member%d", i),
			tokens.Grants{Role: role, GroupRoles: groupRoles()}))
	}
	for i := range 6 {
		u := newUser(fmt.Sprintf("%s%d", oddText(random), i), groups[random.Intn(len(groups))])
		u.Enabled, u.Role = random.Intn(4) > 0, pick(roles...)
		if u.GroupID == "" {
			u.GroupRoles = groupRoles()
		}
		o.users = append(o.users, u)
	}
	for range someTokens {
		made := now()
		t := tokens.AccessToken{
			ID: tokens.NewID(tokens.KindAccessToken, made), User: o.users[random.Intn(len(o.users))], CreatedAt: made,
			UpdatedAt: now(), LastUsedAt: maybe(now()),
			CreatorID: pick("", o.members[random.Intn(len(o.members))].ID),
			Secret:    tokens.SecretState{Version: int64(1 + random.Intn(3)), CreatedAt: now()},
			Settings: tokens.Settings{
				Name: oddText(random), Description: pick("", oddText(random)), Enabled: random.Intn(4) > 0,
				Visibility:  tokens.Visibility(pick(string(tokens.VisibilityOrganization), string(tokens.VisibilityRestricted))),
				ActivatesAt: maybe(maybe(now())),
			},
		}
		if random.Intn(2) == 0 {
			t.TTL = time.Duration(1+random.Intn(6)) * 24 * time.Hour
		} else {
			t.ExpiresAt = maybe(now())
		}
		personal := random.Intn(3) == 0
		if personal {
			t.User, t.Visibility = o.members[random.Intn(len(o.members))].Account(), tokens.VisibilityOrganization
		}
		if t.User.GroupID == "" {
			t.Own = tokens.Grants{Role: pick("", tokens.RoleViewer, "reader"), GroupRoles: groupRoles()}
		}
		if !personal && random.Intn(5) == 0 {
			t.Ephemeral, t.TTL, t.ExpiresAt = true, 0, made.Add(time.Duration(1+random.Intn(24))*time.Hour)
		}
		if random.Intn(6) == 0 {
			t.Held = &tokens.Stop{By: "local:anna@host", At: listTime}
		}
		if random.Intn(6) == 0 {
			t.Secret.EndedAt = now()
		}
		for _, m := range o.members {
			if !personal && random.Intn(8) == 0 {
				o.shares = append(o.shares, tokens.TokenShare{AccessTokenID: t.ID, MemberID: m.ID, Role: tokens.ShareViewer,
					CreatedAt: made, UpdatedAt: made})
			}
		}
		o.tokens = append(o.tokens, t)
	}
	return o
}

// expected returns the tokens that a query selects for a caller, in its order, by the rules alone.
func (o *organization) expected(query tokens.TokenQuery, caller tokens.Caller) (ids []string) {
	roles, shares := tokens.NewRoles(o.roles), map[string]string{}
	for _, s := range o.shares {
		if s.MemberID == caller.AccountID {
			shares[s.AccessTokenID] = s.Role
		}
	}
	var list []*tokens.AccessToken
	for _, t := range o.tokens {
		t = t.Observed(listTime, roles)
		if query.Selects(&t, listTime) && caller.MayUse(tokens.OperationShow, t, shares[t.ID], roles) == nil {
			list = append(list, &t)
		}
	}
	slices.SortFunc(list, query.Compare)
	for _, t := range list {
		ids = append(ids, t.ID)
	}
	return ids
}

// The database searches, filters, orders and pages as the rules say, for everyone.
func TestListsFollowTheRules(t *testing.T) {
	for seed := range int64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			o := randomOrganization(rand.New(rand.NewSource(seed)))
			listsFollowTheRules(t, o, openOrganization(t, o))
		})
	}
}

func listsFollowTheRules(t *testing.T, o *organization, s *service.Service) {
	t.Helper()
	for i := range o.tokens {
		token, err := s.As(anna).AccessToken(background, o.tokens[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		o.tokens[i].Secret.Preview = token.Secret.Preview // which insertToken made
	}
	rapid.Check(t, func(t *rapid.T) {
		query := drawQuery(t, o)
		by, caller := anna, tokens.DatabaseOwner(anna.Actor())
		if i := rapid.IntRange(-1, len(o.members)-1).Draw(t, "member"); i >= 0 {
			m := o.members[i]
			by, caller = tokens.AsMember(anna.Actor(), m.Email),
				tokens.Caller{AccountID: m.ID, Name: m.Email, Access: m.Access(tokens.NewRoles(o.roles))}
		}
		want := o.expected(query, caller)
		var got []string
		for {
			page, err := s.As(by).AccessTokens(background, query)
			if err != nil {
				t.Fatalf("%+v: %v", query, err)
			}
			for _, token := range page.AccessTokens {
				got = append(got, token.ID)
			}
			if query.CountTotal && page.Total != len(want) {
				t.Fatalf("%+v: the total is %d, want %d", query, page.Total, len(want))
			}
			if query.Cursor = page.NextCursor; query.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("as %s, %+v (-want +got):\n%s", caller.Name, query, diff)
		}
	})
}

// drawQuery draws what a query asks for.
func drawQuery(t *rapid.T, o *organization) tokens.TokenQuery {
	query := tokens.TokenQuery{
		Sort:       rapid.SampledFrom(tokens.TokenColumns()).Draw(t, "sort"),
		Descending: rapid.Bool().Draw(t, "descending"),
		Limit:      rapid.SampledFrom([]int{0, 1, 7, 1000}).Draw(t, "limit"),
		CountTotal: rapid.Bool().Draw(t, "count"),
		Ephemeral:  rapid.Bool().Draw(t, "ephemeral ones, too"),
	}
	isSet := func(filter string) bool { return rapid.IntRange(0, 3).Draw(t, filter) == 0 }
	if isSet("by search") {
		query.Search = rapid.SampledFrom(oddTexts).Draw(t, "search")
	}
	if isSet("by status") {
		query.Status = rapid.SampledFrom(tokens.Statuses()).Draw(t, "status")
	}
	if isSet("by user") {
		query.TechnicalUserID = rapid.SampledFrom(o.users).Draw(t, "user").ID
	}
	if isSet("by group") {
		query.GroupID = rapid.SampledFrom(o.groups).Draw(t, "group").ID
	}
	if isSet("by member") {
		query.MemberID = rapid.SampledFrom(o.members).Draw(t, "member").ID
	}
	if isSet("by creator") {
		query.CreatorID = rapid.SampledFrom(o.members).Draw(t, "creator").ID
	}
	if isSet("by id") && isSet("rarely") {
		query.ID = rapid.SampledFrom(o.tokens).Draw(t, "token").ID
	}
	if isSet("by what it is called") {
		token := rapid.SampledFrom(o.tokens).Draw(t, "token called so")
		query.IDPrefix = token.ID[:rapid.SampledFrom([]int{0, 0, 8, len(token.ID)}).Draw(t, "of its identifier")]
		if isSet("by name") {
			query.Name = token.Name
		}
		query.NamePrefix = rapid.SampledFrom([]string{"", "", "a", "Ä", "ß", "İ", "_"}).Draw(t, "beginning of the name")
		if isSet("by address") {
			query.TechnicalUserEmail = strings.ToUpper(token.User.Email)
		}
	}
	days := rapid.IntRange(1, 5)
	if isSet("by end") {
		query.ExpiresWithin = time.Duration(days.Draw(t, "expires within")) * 24 * time.Hour
	}
	if isSet("by use") {
		query.UnusedFor = time.Duration(days.Draw(t, "unused for")) * 24 * time.Hour
	}
	return query
}
