package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// newTestApp returns an app that writes to the buffer, as to a terminal.
func newTestApp(out io.Writer) *app {
	return &app{Env: Env{
		Stdout: out, Stderr: out, StdoutTerminal: true,
		LookupEnv: func(string) (string, bool) { return "", false },
	}}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                   "plain",
		"報告 – \"ü\"":              "報告 – \"ü\"",
		"two\nlines\tand\r\nmore": "two lines and  more",
		"\x1b[2J\x1b]0;title\a":   "�[2J�]0;title�",
		"\u009b31m":               "�31m",
		"\u202etxt.exe":           "�txt.exe",
		"\x00\x7f":                "��",
		"\xff":                    "�",
	} {
		if got := tokens.Cleaned(text); got != want {
			t.Errorf("%q is printed as %q, want %q", text, got, want)
		}
	}
}

// TestControlCharactersStayOffTheTerminal prints from a database that someone else has written to.
func TestControlCharactersStayOffTheTerminal(t *testing.T) {
	const evil = "a\x1b[2Jb\rc\u202ed\u009b31m"
	stop := &tokens.Stop{By: evil, Reason: evil}
	token := tokens.AccessToken{
		ID: evil, Held: stop, Disabled: stop,
		User: tokens.TechnicalUser{
			Email: evil, ID: evil, GroupID: evil, Disabled: stop,
			TechnicalUserSettings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: tokens.RoleMember}},
		},
		Secret: tokens.SecretState{Preview: evil},
		// The card also shows the policies and the previous secret.
		Settings: tokens.Settings{
			Name: evil, Description: evil, Policies: tokens.Policies{OnExpired: evil, OnSecretDrift: evil},
		},
		Previous: &tokens.PreviousSecret{Preview: evil},
	}
	columns, err := selectColumns(columnNames())
	if err != nil {
		t.Fatal(err)
	}
	groups := groupNames{evil: evil}
	shown := shownToken{
		AccessToken: token,
		shares:      []tokens.TokenShare{{MemberID: evil, Role: evil}},
		roles:       tokens.Roles{tokens.RoleMember: {evil}},
		groups:      groups,
		members:     memberAddresses{evil: evil},
	}
	shown.CreatorID = evil
	for name, show := range map[string]func(*app) error{
		"list":   func(a *app) error { return a.printTable(newTokenTable([]tokens.AccessToken{token}, columns, groups)) },
		"show":   func(a *app) error { return a.printTable(newTokenCard(shown)) },
		"report": func(a *app) error { return a.report(evil, token) },
		"note":   func(a *app) error { a.note("%s", evil); return nil },
		"events": func(a *app) error {
			events := []tokens.Event{{Actor: evil, Action: evil, ObjectID: evil, ObjectName: evil, Detail: evil}}
			return a.printTable(newEventTable(events))
		},
		"technical users": func(a *app) error {
			return a.printTable(newTechnicalUserTable([]tokens.TechnicalUser{token.User}, groups))
		},
		"technical user": func(a *app) error {
			return a.printTable(newTechnicalUserCard(token.User, []tokens.AccessToken{token}, groups))
		},
		"members": func(a *app) error {
			settings := tokens.MemberSettings{Name: evil, Grants: tokens.Grants{Role: evil}}
			members := []tokens.Member{{ID: evil, Email: evil, MemberSettings: settings}}
			return a.printTable(newMemberTable(members, groups))
		},
		"groups": func(a *app) error {
			settings := tokens.GroupSettings{Name: evil, Description: evil}
			return a.printTable(newGroupTable([]tokens.Group{{ID: evil, GroupSettings: settings}}))
		},
		"roles": func(a *app) error {
			settings := tokens.RoleSettings{Name: evil, Description: evil, Permissions: []string{evil}}
			return a.printTable(newRoleTable([]tokens.Role{{ID: evil, RoleSettings: settings}}))
		},
		"import blocks": func(a *app) error {
			return a.printAllImports([]manageable{{kind: tokens.KindGroup, id: "grp_1", name: evil, title: evil}}, managedObjects{}, false)
		},
		"import blocks and resources": func(a *app) error {
			group := tokens.Group{ID: evil, GroupSettings: tokens.GroupSettings{Name: evil, Description: evil}}
			return a.printAllImports([]manageable{{kind: tokens.KindGroup, id: "grp_1", name: evil, title: evil, object: group}},
				managedObjects{}, true)
		},
		"planned imports": func(a *app) error {
			return a.printPlannedImports([]plannedImport{
				{address: "latchkey_group.a", id: "grp_1", title: evil},
				{address: evil, reason: evil},
				{address: evil + "[0]", id: "grp_2", title: evil},
				{address: evil + "[1]", id: "grp_3", title: evil},
			})
		},
		"doctor": func(a *app) error {
			return a.printTable(newFindingTable([]finding{{name: evil, value: evil, problem: evil}}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := show(newTestApp(&out)); err != nil {
				t.Fatal(err)
			}
			// The colours of the command line itself begin with an escape too.
			rest := strings.NewReplacer("\x1b[31m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(out.String())
			if !strings.Contains(rest, "a�[2Jb") || strings.ContainsAny(rest, "\x1b\r\u202e\u009b") {
				t.Errorf("printed %q", rest)
			}
		})
	}
}

func TestLongTextsBreakOnATerminalOnly(t *testing.T) {
	view := tableView{
		headers:  []string{"NAME", "STATUS"},
		freeText: []string{"NAME"},
		rows:     []tableRow{{cells: []string{"a token with a name that is longer than a column should get", "active"}}},
	}
	var out bytes.Buffer
	onTerminal := newTestApp(&out)
	if err := onTerminal.printTable(view); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"NAME                                      STATUS",
		"a token with a name that is longer than   active",
		"a column should get",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("on a terminal (-want +got):\n%s", diff)
	}
	out.Reset()
	onTerminal.StdoutTerminal = false
	if err := onTerminal.printTable(view); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 2 {
		t.Errorf("elsewhere the table has %d lines, want 2:\n%s", lines, out.String())
	}
}
