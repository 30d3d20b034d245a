package service_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// refuseEvents makes the database unable to hold another event: the next number is taken.
func refuseEvents(t *testing.T, database string) {
	t.Helper()
	const columns = `hash, id, at, actor, action, object_id, object_name, outcome, detail`
	execute(t, database, `INSERT INTO events (number, `+columns+`) SELECT max(number) + 1, `+columns+` FROM events`)
}

// queryNumber returns the one number that a query on a database yields.
func queryNumber(t *testing.T, database, query string) (number int) {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&number); err != nil {
		t.Fatal(err)
	}
	return number
}

// A refusal whose event can't be written is a refusal all the same, and says that the log does not tell of it.
func TestRefusalThatCannotBeRecorded(t *testing.T) {
	p := newPopulated(t)
	refuseEvents(t, p.path)
	anna, owner := actAs(t, p.path, p.member.Email, p.now), open(t, p.path, p.now)
	for _, test := range []struct {
		name string
		err  error
		code tokens.Code
	}{
		{"a look", errorOf(anna.TechnicalUser(background, p.user.ID)), tokens.CodeForbidden},
		{"a list", errorOf(anna.Groups(background)), tokens.CodeForbidden},
		{"a change", anna.DeleteAccessToken(background, p.token.ID), tokens.CodeForbidden},
		{"a look by nobody", errorOf(actAs(t, p.path, "eve@example.com", p.now).Roles(background)), tokens.CodeForbidden},
		{"a conflict", errorOf(owner.ReleaseAccessToken(background, p.token.ID)), tokens.CodeConflict},
	} {
		if tokens.ErrorCode(test.err) != test.code {
			t.Errorf("%s: got %v, want the code %s", test.name, test.err, test.code)
			continue
		}
		wantWords(t, test.name, test.err, "audit log does not tell of this refusal", "counts fewer events or changes than there are")
	}
}

// errorOf returns the error of an operation.
func errorOf[T any](_ T, err error) error { return err }

// Where the event of a change can't be written, nothing is done, and the caller hears it.
func TestChangeThatCannotBeRecorded(t *testing.T) {
	p := newPopulated(t)
	now := func() time.Time { return p.now().Add(time.Hour) }
	b := open(t, p.path, now)
	enabled := tokens.Fields{"enabled"}
	free := tokens.NewRequest(time.Now())
	other := newMember(t, b, "ben@example.com", tokens.RoleNone)
	spare, err := b.CreateTechnicalUser(background, tokens.NewTechnicalUser{
		Request: free, TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: "spare", Grants: tokens.Grants{Role: tokens.RoleNone}, Enabled: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	empty, err := b.CreateGroup(background, groupRequest("empty"))
	if err != nil {
		t.Fatal(err)
	}
	refuseEvents(t, p.path)
	changes := map[string]func() error{
		"CreateGroup": func() error { return errorOf(b.CreateGroup(background, groupRequest("new"))) },
		"UpdateGroup": func() error {
			return errorOf(b.UpdateGroup(background, p.group.ID, tokens.GroupUpdate{
				Settings: tokens.GroupSettings{Description: "new"}, Fields: tokens.Fields{"description"},
			}))
		},
		"DeleteGroup": func() error { return b.DeleteGroup(background, empty.ID) },
		"CreateRole": func() error {
			return errorOf(b.CreateRole(background, tokens.NewRole{
				Request: tokens.NewRequest(time.Now()), RoleSettings: tokens.RoleSettings{Name: "new"},
			}))
		},
		"UpdateRole": func() error {
			return errorOf(b.UpdateRole(background, p.role.ID, tokens.RoleUpdate{
				Settings: tokens.RoleSettings{Description: "new"}, Fields: tokens.Fields{"description"},
			}))
		},
		"DeleteRole":   func() error { return b.DeleteRole(background, p.role.ID) },
		"CreateMember": func() error { return errorOf(b.CreateMember(background, memberRequest("new@example.com", "none"))) },
		"UpdateMember": func() error {
			return errorOf(b.UpdateMember(background, p.member.ID, tokens.MemberUpdate{
				Settings: tokens.MemberSettings{Name: "Anna"}, Fields: tokens.Fields{"name"},
			}))
		},
		"DeleteMember": func() error { return b.DeleteMember(background, p.member.ID) },
		"CreateTechnicalUser": func() error {
			return errorOf(b.CreateTechnicalUser(background, tokens.NewTechnicalUser{
				Request: tokens.NewRequest(time.Now()), TechnicalUserSettings: tokens.TechnicalUserSettings{
					Name: "new", Grants: tokens.Grants{Role: tokens.RoleNone},
				},
			}))
		},
		"UpdateTechnicalUser": func() error {
			return errorOf(b.UpdateTechnicalUser(background, p.user.ID, tokens.TechnicalUserUpdate{Fields: enabled}))
		},
		"DeleteTechnicalUser": func() error { return b.DeleteTechnicalUser(background, spare.ID) },
		"CreateAccessToken":   func() error { return errorOf(b.CreateAccessToken(background, newRequest(t, "new", p.user.ID))) },
		"UpdateAccessToken": func() error {
			return errorOf(b.UpdateAccessToken(background, p.token.ID, tokens.AccessTokenUpdate{Fields: enabled}))
		},
		"RetirePreviousSecret": func() error { return errorOf(b.RetirePreviousSecret(background, p.token.ID, 0)) },
		"HoldAccessToken":      func() error { return errorOf(b.HoldAccessToken(background, p.token.ID, "leaked")) },
		"DeleteAccessToken":    func() error { return b.DeleteAccessToken(background, p.token.ID) },
		"RevokeSecret":         func() error { return errorOf(b.RevokeSecret(background, p.current)) },
		"ShareAccessToken": func() error {
			return errorOf(b.ShareAccessToken(background, tokens.NewTokenShare{
				Request: tokens.NewRequest(time.Now()), AccessTokenID: p.token.ID, MemberID: other.ID, Role: tokens.ShareViewer,
			}))
		},
		"UpdateTokenShare": func() error {
			return errorOf(b.UpdateTokenShare(background, p.token.ID, p.member.ID, tokens.ShareManager))
		},
		"UnshareAccessToken": func() error { return b.UnshareAccessToken(background, p.token.ID, p.member.ID) },
		"PruneEvents":        func() error { return errorOf(b.PruneEvents(background, now())) },
	}
	snapshot := func() []any {
		var all []any
		for _, one := range []func() (any, error){
			func() (any, error) { return b.Groups(background) },
			func() (any, error) { return b.Roles(background) },
			func() (any, error) { return b.Members(background) },
			func() (any, error) { return b.TechnicalUsers(background) },
			func() (any, error) { return b.AccessTokens(background, tokens.TokenQuery{}) },
			func() (any, error) { return b.TokenShares(background, tokens.TokenShareQuery{}) },
			func() (any, error) { return b.Events(background, tokens.EventQuery{}) },
		} {
			some, err := one()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, some)
		}
		return all
	}
	before := snapshot()
	reads := []string{
		"Database", "Marks", "Whoami", "Names", "Candidates", "Group", "Groups", "Role", "Roles", "RoleHolders", "Member", "Members",
		"TechnicalUser", "TechnicalUserWithEmail",
		"TechnicalUsers", "AccessToken", "AccessTokens", "VerifySecret", "HasSecret", "TokenShare", "TokenShares", "Events", "VerifyHistory",
		"EventsAfter",
	}
	methods := reflect.TypeFor[tokens.Backend]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		change, ok := changes[name]
		switch {
		case ok:
			if err := change(); tokens.ErrorCode(err) != tokens.CodeUnavailable {
				t.Errorf("%s: got %v, want CodeUnavailable", name, err)
			}
			if !reflect.DeepEqual(snapshot(), before) {
				t.Fatalf("%s changed something", name)
			}
		case name != "ReleaseAccessToken" && !strings.Contains(strings.Join(reads, " ")+" ", name+" "):
			t.Errorf("%s is neither tried here nor a look", name)
		}
	}
}

// The refusal of a look, or of a change, in a database with an older schema is recorded, and leaves that schema as it is.
func TestRefusalLeavesTheSchemaAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	writeOldDatabase(t, path)
	eve := actAs(t, path, "eve@example.com", backendtest.NewClock().Now)
	for range 2 { // looks are folded there, too
		if _, err := eve.AccessTokens(background, tokens.TokenQuery{}); tokens.ErrorCode(err) != tokens.CodeForbidden {
			t.Errorf("the look: got %v, want CodeForbidden", err)
		}
	}
	if _, err := eve.CreateGroup(background, groupRequest("new")); tokens.ErrorCode(err) != tokens.CodeForbidden {
		t.Errorf("the change: got %v, want CodeForbidden", err)
	}
	if version := queryNumber(t, path, `PRAGMA user_version`); version != 1 {
		t.Errorf("the schema has version %d now", version)
	}
	if events := queryNumber(t, path, `SELECT count(*) FROM events WHERE outcome = 'refused'`); events != 2 {
		t.Errorf("%d refusals were recorded, want one of the looks and one of the change", events)
	}
}

// A look that is refused makes no database, and says that there is none.
func TestRefusedLookMakesNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.db")
	_, err := actAs(t, path, "eve@example.com", time.Now).Groups(background)
	if tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
		t.Errorf("got %v, want that there is no database", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("there is a database now")
	}
}

// Whoever no longer waits for the answer was refused all the same.
func TestRefusalIsRecordedWithoutItsCaller(t *testing.T) {
	p := newPopulated(t)
	ctx, cancel := context.WithCancel(background)
	now := func() time.Time { cancel(); return p.now() } // the first thing that happens after the refusal
	b := service.Open(service.Options{Database: p.path, Now: now}).As(annaAs(p.member.Email))
	defer b.Close()
	if _, err := b.Groups(ctx); tokens.ErrorCode(err) != tokens.CodeForbidden ||
		strings.Contains(err.Error(), "does not tell") {
		t.Errorf("got %v, want CodeForbidden, and nothing about the log", err)
	}
	if n := queryNumber(t, p.path, `SELECT count(*) FROM events WHERE action = 'group.list'`); n != 1 {
		t.Errorf("%d refusals were recorded", n)
	}
}
