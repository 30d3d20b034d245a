package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// newTestApp returns an app that writes to the buffer, as to a terminal.
func newTestApp(out io.Writer) *app {
	return &app{Env: Env{
		Stdout: out, Stderr: out, StdoutTerminal: true,
		Now:       func() time.Time { return time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC) },
		LookupEnv: func(string) (string, bool) { return "", false },
	}}
}

// printAll lists one object with all that there is to it.
func printAll[O any](a *app, l listing[O], object O) error {
	return printList(a, l, l.fields, listFlags{}, []O{object}, "")
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
	groups := groupNames{evil: evil}
	shown := shownToken{
		listedToken: listedToken{token, groups, tokens.Roles{tokens.RoleMember: {evil}}},
		shares:      []tokens.TokenShare{{MemberID: evil, Role: evil}},
		members:     memberAddresses{evil: evil},
	}
	shown.CreatorID = evil
	for name, show := range map[string]func(*app) error{
		"list":   func(a *app) error { return printAll(a, tokenListing, shown.listedToken) },
		"show":   func(a *app) error { return a.printTable(a.tokenCard(shown)) },
		"report": func(a *app) error { return a.report(evil, token) },
		"note":   func(a *app) error { a.note("%s", evil); return nil },
		"events": func(a *app) error {
			return printAll(a, eventListing,
				tokens.Event{Actor: evil, Action: evil, ObjectID: evil, ObjectName: evil, Detail: evil})
		},
		"technical users": func(a *app) error {
			return printAll(a, technicalUserListing, listedTechnicalUser{token.User, groups})
		},
		"technical user": func(a *app) error {
			return a.printTable(a.technicalUserCard(token.User, []tokens.AccessToken{token}, groups))
		},
		"members": func(a *app) error {
			settings := tokens.MemberSettings{Name: evil, Grants: tokens.Grants{Role: evil}}
			return printAll(a, memberListing,
				listedMember{tokens.Member{ID: evil, Email: evil, MemberSettings: settings}, groups})
		},
		"groups": func(a *app) error {
			settings := tokens.GroupSettings{Name: evil, Description: evil}
			return printAll(a, groupListing, tokens.Group{ID: evil, GroupSettings: settings})
		},
		"roles": func(a *app) error {
			settings := tokens.RoleSettings{Name: evil, Description: evil, Permissions: []string{evil}}
			return printAll(a, roleListing, tokens.Role{ID: evil, RoleSettings: settings})
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

// TestTablesFitTheTerminal lays out a table at several widths. What must stay whole does, even where it does not fit.
func TestTablesFitTheTerminal(t *testing.T) {
	const name = "報告 of the 2nd quarter, e\u0301te\u0301"
	view := tableView{
		columns: []tableColumn{
			{header: "NAME", fit: cutOff, least: 8}, {header: "ID"}, {header: "STATUS", rank: 3},
			{header: "DETAIL", rank: 2, fit: breakLines, least: 9},
		},
		rows: []tableRow{
			{cells: []string{name, "tok_1234567890", "active", "one two three four five"}, style: red},
			{cells: []string{"a", "tok_1", "held", ""}},
		},
	}
	for width, want := range map[int][]string{
		0: {
			"NAME                          ID              STATUS  DETAIL",
			name + "  tok_1234567890  active  one two three four five",
			"a                             tok_1           held",
		},
		60: {
			"NAME               ID              STATUS  DETAIL",
			"報告 of the 2nd…   tok_1234567890  active  one two three",
			"                                           four five",
			"a                  tok_1           held",
		},
		40: {
			"NAME         ID              DETAIL",
			"報告 of th…  tok_1234567890  one two",
			"                             three four",
			"                             five",
			"a            tok_1",
		},
		24: {
			"NAME      ID",
			"報告 of…  tok_1234567890",
			"a         tok_1",
		},
		10: {
			"NAME      ID",
			"報告 of…  tok_1234567890",
			"a         tok_1",
		},
	} {
		var out bytes.Buffer
		terminal := newTestApp(&out)
		terminal.TerminalWidth = width
		terminal.LookupEnv = func(name string) (string, bool) { return "1", name == "NO_COLOR" }
		if err := terminal.printTable(view); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Join(want, "\n")+"\n", out.String()); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", width, diff)
		}
		for line := range strings.Lines(out.String()) {
			if got := widthOf(strings.TrimRight(line, "\n")); width >= 24 && got > width {
				t.Errorf("a line takes %d of %d columns: %s", got, width, line)
			}
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"deploy", 6, "deploy"},
		{"deploy", 5, "depl…"},
		{"報告報告", 8, "報告報告"},
		{"報告報告", 7, "報告報…"},
		{"報告報告", 6, "報告…"},
		{"e\u0301te\u0301s", 4, "e\u0301te\u0301s"},
		{"e\u0301te\u0301s", 3, "e\u0301t…"},
		{"one two", 5, "one…"},
		{"👩‍👩‍👧 home", 5, "👩‍👩‍👧 h…"},
	} {
		if got := cut(test.text, test.width); got != test.want {
			t.Errorf("%q in %d columns is %q, want %q", test.text, test.width, got, test.want)
		}
	}
}
