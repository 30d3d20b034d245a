package cli_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// present is the time at which the command line runs in the tests.
var present = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

// fixture is a database with a token of each status and some accounts, the same in every run of the tests. Each member
// has a personal token, and Ben is an owner.
type fixture struct {
	path string
	// ids and values are the identifiers of objects and the values of tokens by short names; "superseded" is the first
	// value of the token "deploy".
	ids, values map[string]string
}

// newFixture makes the database. Its random numbers are fixed, so that tests can state whole outputs.
func newFixture(t *testing.T) fixture {
	t.Helper()
	return newFixtureAt(t, filepath.Join(t.TempDir(), "latchkey.db"))
}

// newFixtureAt makes the database at a path or an address.
func newFixtureAt(t *testing.T, database string) fixture {
	t.Helper()
	f := fixture{path: database, ids: map[string]string{}, values: map[string]string{}}
	seeder := &seeder{T: t, fixture: f}
	seeder.backend = service.Open(service.Options{
		Database: f.path, Organization: "acme", Now: func() time.Time { return seeder.now },
	}).As(tokens.AsDatabaseOwner("local:terraform@runner"))
	seeder.seed()
	if err := seeder.backend.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

// copyTo copies the database to a directory and returns its path there.
func (f fixture) copyTo(directory string) (string, error) {
	content, err := os.ReadFile(f.path)
	if err != nil {
		return "", err
	}
	path := filepath.Join(directory, "latchkey.db")
	return path, os.WriteFile(path, content, 0o600)
}

// seeder fills the database of a fixture.
type seeder struct {
	*testing.T
	fixture
	backend *service.Backend
	now     time.Time
	// requests counts the requests.
	requests int
}

func (s *seeder) seed() {
	ctx := s.Context()
	s.at(2029, time.December, 1, 9)
	payments := must(s.backend.CreateGroup(ctx, tokens.NewGroup{
		Request:       s.request(),
		GroupSettings: tokens.GroupSettings{Name: "payments", Description: "Cards and invoices"},
	}))
	anna := s.member("anna@example.com", tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleMember}})
	ci := s.technicalUser("", tokens.TechnicalUserSettings{Name: "ci", Grants: tokens.Grants{Role: tokens.RoleManager}})
	reports := s.technicalUser(payments.ID, tokens.TechnicalUserSettings{
		Name: "reports", Grants: tokens.Grants{Role: tokens.RoleViewer},
	})
	s.ids["payments"], s.ids["anna"], s.ids["ci"], s.ids["reports"] = payments.ID, anna.ID, ci.ID, reports.ID

	s.at(2029, time.December, 1, 10)
	s.token("deploy", tokens.NewAccessToken{TechnicalUserID: ci.ID, Settings: tokens.Settings{
		Name: "deploy", Description: "Deploys the shop",
		Own: tokens.Grants{
			Role:       tokens.RoleViewer,
			GroupRoles: []tokens.GroupRole{{GroupID: payments.ID, Role: tokens.RoleMember}},
		},
	}})
	must(s.backend.ShareAccessToken(ctx, tokens.NewTokenShare{
		Request: s.request(), AccessTokenID: s.ids["deploy"], MemberID: anna.ID, Role: tokens.ShareViewer,
	}))
	s.at(2029, time.December, 2, 10)
	s.token("backup", tokens.NewAccessToken{Settings: tokens.Settings{
		Name: "backup", ExpiresAt: time.Date(2030, 1, 15, 0, 0, 0, 0, time.UTC),
	}})
	s.at(2029, time.December, 3, 10)
	s.token("nightly", tokens.NewAccessToken{TechnicalUserID: reports.ID, Settings: tokens.Settings{
		Name: "報告 nightly", Description: "first line\nsecond line", TTL: 90 * 24 * time.Hour,
	}})
	s.at(2029, time.December, 4, 10)
	s.token("leaked", tokens.NewAccessToken{TechnicalUserID: ci.ID, Settings: tokens.Settings{Name: "leaked"}})
	s.at(2029, time.December, 5, 10)
	s.token("laptop", tokens.NewAccessToken{TechnicalUserID: ci.ID, Settings: tokens.Settings{Name: "old laptop"}})
	s.at(2029, time.December, 6, 10)
	s.token("later", tokens.NewAccessToken{GroupID: payments.ID, Settings: tokens.Settings{
		Name: "next summer", ActivatesAt: time.Date(2030, 6, 1, 0, 0, 0, 0, time.UTC),
	}})
	s.at(2029, time.December, 7, 10)
	s.token("revoked", tokens.NewAccessToken{TechnicalUserID: ci.ID, Settings: tokens.Settings{Name: "returned"}})

	s.at(2029, time.December, 8, 10)
	s.token("orphan", tokens.NewAccessToken{GroupID: payments.ID, Settings: tokens.Settings{
		Name: "orphaned", TTL: 90 * 24 * time.Hour,
	}})

	s.at(2029, time.December, 9, 10)
	s.ids["deployer"] = must(s.backend.CreateRole(ctx, tokens.NewRole{
		Request:      s.request(),
		RoleSettings: tokens.RoleSettings{Name: "deployer", Permissions: []string{"deployments:*", "tokens:read"}},
	})).ID
	s.ids["carla"] = s.member("carla@example.com", tokens.MemberSettings{Name: "Carla Ruiz", Grants: tokens.Grants{
		Role:       tokens.RoleNone,
		GroupRoles: []tokens.GroupRole{{GroupID: payments.ID, Role: tokens.RoleAdministrator}},
	}}).ID

	s.at(2029, time.December, 10, 9)
	ben := s.member("ben@example.com", tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleOwner}})
	s.ids["ben"] = ben.ID
	for _, short := range []string{"anna", "ben", "carla"} {
		s.token("personal_"+short, tokens.NewAccessToken{MemberID: s.ids[short], Settings: tokens.Settings{Name: "command line"}})
	}

	s.at(2030, time.January, 10, 8)
	s.values["superseded"] = s.values["deploy"]
	secret := s.secret()
	must(s.backend.UpdateAccessToken(ctx, s.ids["deploy"], tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: secret, Reason: tokens.ReasonTrigger},
	}))
	s.values["deploy"] = secret.Secret.Reveal()

	s.at(2030, time.January, 20, 8)
	must(s.backend.HoldAccessToken(ctx, s.ids["leaked"], "seen in a build log"))
	must(s.backend.UpdateAccessToken(ctx, s.ids["laptop"], tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}}))
	orphan := must(s.backend.AccessToken(ctx, s.ids["orphan"]))
	must(s.backend.UpdateTechnicalUser(ctx, orphan.User.ID, tokens.TechnicalUserUpdate{Fields: tokens.Fields{"enabled"}}))
	must(s.backend.RevokeSecret(ctx, must(tokens.ParseSecret(s.values["revoked"]))))

	s.at(2030, time.January, 30, 8)
	must(s.backend.VerifySecret(ctx, secret.Secret, tokens.VerifyOptions{RecordUse: true}))
}

// at sets the clock of the backend and restarts the random numbers, which so depend on the time alone.
func (s *seeder) at(year int, month time.Month, day, hour int) {
	s.now = time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
	cryptotest.SetGlobalRandom(s.T, uint64(s.now.Unix()))
}

func (s *seeder) member(email string, settings tokens.MemberSettings) tokens.Member {
	s.Helper()
	return must(s.backend.CreateMember(s.Context(), tokens.NewMember{
		Request: s.request(), Email: email, MemberSettings: settings,
	}))
}

func (s *seeder) technicalUser(groupID string, settings tokens.TechnicalUserSettings) tokens.TechnicalUser {
	s.Helper()
	settings.Enabled = true
	return must(s.backend.CreateTechnicalUser(s.Context(), tokens.NewTechnicalUser{
		Request: s.request(), GroupID: groupID, TechnicalUserSettings: settings,
	}))
}

// token makes a token and keeps its identifier and value under the short name.
func (s *seeder) token(short string, token tokens.NewAccessToken) {
	s.Helper()
	token.Enabled = true
	token.NewSecretFor = s.secret()
	s.ids[short] = must(s.backend.CreateAccessToken(s.Context(), token)).ID
	s.values[short] = token.Secret.Reveal()
}

// request returns a request that takes nothing from the random numbers, so that they stay those of the objects.
func (s *seeder) request() tokens.Request {
	s.requests++
	return tokens.Request{RequestID: tokens.DerivedID(tokens.KindRequest, s.now, strconv.Itoa(s.requests))}
}

func (s *seeder) secret() tokens.NewSecretFor {
	return tokens.NewSecretFor{Request: tokens.NewRequest(s.now), Secret: must(tokens.NewSecret("lk"))}
}

// must returns the value of a call that can't fail here.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
