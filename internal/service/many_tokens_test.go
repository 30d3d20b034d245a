package service_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// listTime is when the lists of organizations are read.
var listTime = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)

// organization is what the tests of long lists are about, written to the database without the rules and events of a
// service.
type organization struct {
	roles   []tokens.Role
	groups  []tokens.Group
	members []tokens.Member
	users   []tokens.TechnicalUser
	tokens  []tokens.AccessToken
	shares  []tokens.TokenShare
}

// write makes the database of the organization and returns its path.
func (o *organization) write(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "latchkey.db")
	engine, err := sqlite.New(path)
	if err != nil {
		t.Fatal(err)
	}
	o.writeTo(t, engine)
	return path
}

// writeTo writes the organization to a new database of an engine.
func (o *organization) writeTo(t testing.TB, engine store.Engine) {
	t.Helper()
	s := store.New(engine, func() time.Time { return listTime })
	found := func(ctx context.Context, tx store.Tx) error {
		return tx.InsertDatabase(ctx, tokens.NewID(tokens.KindDatabase, listTime), "default", listTime)
	}
	if err := s.WriteOrMake(background, found, func(tx store.Tx) error { return o.insert(background, tx) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func (o *organization) insert(ctx context.Context, tx store.Tx) error {
	if err := insertEach(ctx, o.roles, tx.InsertRole); err != nil {
		return err
	}
	if err := insertEach(ctx, o.groups, tx.InsertGroup); err != nil {
		return err
	}
	if err := insertEach(ctx, o.members, tx.InsertMember); err != nil {
		return err
	}
	if err := insertEach(ctx, o.users, tx.InsertTechnicalUser); err != nil {
		return err
	}
	if err := insertEach(ctx, o.tokens, func(ctx context.Context,
		t tokens.AccessToken) error {
		return insertToken(ctx, tx, t)
	}); err != nil {
		return err
	}
	return insertEach(ctx, o.shares, tx.InsertTokenShare)
}

func insertEach[T any](ctx context.Context, all []T, insert func(context.Context, T) error) error {
	for _, one := range all {
		if err := insert(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// insertToken writes a token with all that a test sets on it.
func insertToken(ctx context.Context, tx store.Tx, t tokens.AccessToken) error {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		return err
	}
	t.Secret.Preview = secret.Preview()
	if err := tx.InsertAccessToken(ctx, t); err != nil {
		return err
	}
	if err := tx.InsertSecret(ctx, t.ID, secret.Hash(), t.Secret); err != nil {
		return err
	}
	if t.Held != nil {
		if err := tx.UpdateAccessToken(ctx, t, t); err != nil {
			return err
		}
	}
	if !t.Secret.EndedAt.IsZero() {
		if err := tx.EndSecrets(ctx, t.ID, t.Secret.Version+1, t.Secret.EndedAt); err != nil {
			return err
		}
	}
	if !t.LastUsedAt.IsZero() {
		return tx.RecordUses(ctx, []store.SecretUse{{TokenID: t.ID, Version: t.Secret.Version, Count: 1, Last: t.LastUsedAt}})
	}
	return nil
}

// newUser returns an enabled technical user at the level of a group, or (empty) of the organization.
func newUser(name, groupID string) tokens.TechnicalUser {
	return tokens.TechnicalUser{
		ID: tokens.NewID(tokens.KindTechnicalUser, listTime), GroupID: groupID,
		Email: fmt.Sprintf("%s@%s.latchkey.internal", name, groupID),
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: name, Grants: tokens.Grants{Role: tokens.RoleMember},
			Enabled: true},
		CreatedAt: listTime, UpdatedAt: listTime,
	}
}

// memberOf returns a member with grants.
func memberOf(name string, grants tokens.Grants) tokens.Member {
	return tokens.Member{ID: tokens.NewID(tokens.KindMember, listTime), Email: name + "@example.com",
		MemberSettings: tokens.MemberSettings{Grants: grants}, CreatedAt: listTime, UpdatedAt: listTime}
}

// halfSeen returns an organization with a number of tokens, of which each member sees half for a reason of its own. The
// tokens that one sees are the later half, in every order.
func halfSeen(number int) *organization {
	random := rand.New(rand.NewSource(1))
	o := &organization{groups: []tokens.Group{
		{ID: tokens.NewID(tokens.KindGroup, listTime), GroupSettings: tokens.GroupSettings{Name: "first"},
			CreatedAt: listTime, UpdatedAt: listTime},
		{ID: tokens.NewID(tokens.KindGroup, listTime), GroupSettings: tokens.GroupSettings{Name: "second"},
			CreatedAt: listTime, UpdatedAt: listTime},
	}}
	first, second := o.groups[0].ID, o.groups[1].ID
	o.users = []tokens.TechnicalUser{newUser("first", first), newUser("second", second)}
	group := memberOf("by-group", tokens.Grants{Role: tokens.RoleNone,
		GroupRoles: []tokens.GroupRole{{GroupID: second, Role: tokens.RoleViewer}}})
	everywhere := memberOf("by-visibility", tokens.Grants{Role: tokens.RoleViewer})
	shares := memberOf("by-shares", tokens.Grants{Role: tokens.RoleNone})
	o.members = []tokens.Member{group, everywhere, shares}
	day := 24 * time.Hour
	for i := range number {
		made := listTime.Add(-time.Duration(number-i) * time.Second)
		t := tokens.AccessToken{
			ID: tokens.NewID(tokens.KindAccessToken, made), User: o.users[2*i/number],
			Secret: tokens.SecretState{Version: 1, CreatedAt: made}, CreatedAt: made, UpdatedAt: made,
			Settings: tokens.Settings{Name: fmt.Sprintf("token %06d", i), Enabled: true,
				Visibility: tokens.VisibilityOrganization},
		}
		if 2*i < number {
			t.Visibility = tokens.VisibilityRestricted
		}
		if i%3 > 0 {
			t.ExpiresAt, t.LastUsedAt = made.Add(365*day), made.Add(time.Duration(random.Intn(100))*time.Millisecond)
		}
		o.tokens = append(o.tokens, t)
		if i%2 == 0 {
			o.shares = append(o.shares, tokens.TokenShare{AccessTokenID: t.ID, MemberID: shares.ID, Role: tokens.ShareViewer,
				CreatedAt: made, UpdatedAt: made})
		}
	}
	return o
}

// openOrganization returns the service of an organization.
func openOrganization(t testing.TB, o *organization) *service.Service {
	t.Helper()
	return openWith(t, service.Options{Database: o.write(t), Now: func() time.Time { return listTime }})
}

// BenchmarkFirstPage reads the first page of 1,000 and of 100,000 tokens in turn, as an owner and as members who see
// half of them, and reports how many times as long the second takes.
func BenchmarkFirstPage(b *testing.B) {
	few, many := openOrganization(b, halfSeen(1_000)), openOrganization(b, halfSeen(100_000))
	for _, member := range []string{"", "by-group", "by-visibility", "by-shares"} {
		by := anna
		if member != "" {
			by = tokens.AsMember(anna.Actor(), member+"@example.com")
		}
		for _, column := range []tokens.TokenColumn{tokens.ColumnCreatedAt, tokens.ColumnName, tokens.ColumnExpiresAt,
			tokens.ColumnLastUsedAt} {
			for _, descending := range []bool{false, true} {
				query := tokens.TokenQuery{Sort: column, Descending: descending, Limit: 50}
				b.Run(fmt.Sprintf("%s/%s/descending=%t", cmp.Or(member, "owner"), column, descending), func(b *testing.B) {
					var times [2]time.Duration
					for b.Loop() {
						for i, s := range []*service.Service{few, many} {
							begin := time.Now()
							page, err := s.As(by).AccessTokens(background, query)
							if err != nil || len(page.AccessTokens) != query.Limit || page.NextCursor == "" {
								b.Fatal(len(page.AccessTokens), err)
							}
							times[i] += time.Since(begin)
						}
					}
					b.ReportMetric(float64(times[0].Microseconds())/float64(b.N), "µs/of-1000")
					b.ReportMetric(float64(times[1].Microseconds())/float64(b.N), "µs/of-100000")
					b.ReportMetric(float64(times[1])/float64(times[0]), "ratio")
				})
			}
		}
	}
}
