package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The columns stay where they are while they are wide enough. Once one has to go, a header says what is left.
func TestGrowingList(t *testing.T) {
	var out bytes.Buffer
	a := &app{Env: Env{
		Stdout: &out, StdoutTerminal: true, TerminalWidth: 100,
		LookupEnv: func(string) (string, bool) { return "", false },
	}}
	list := newGrowingList(a, eventListing, nil, listFlags{})
	event := tokens.Event{
		At: time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC), Actor: "ann", Action: tokens.ActionRoleCreate,
		ObjectID: "rol_1", ObjectName: "ops", Outcome: tokens.OutcomeDone,
	}
	longer := event
	longer.Action, longer.Detail = tokens.ActionAccessTokenRegenerate, "<version 2>"
	for _, events := range [][]tokens.Event{{event}, {}, {event}, {longer}, {event}} {
		if err := list.add(events); err != nil {
			t.Fatal(err)
		}
	}
	want := `TIME                  ACTOR  CLAIMED RUN  ACTION       OBJECT  NAME  OUTCOME  DETAIL
2030-01-31T12:00:00Z  ann    -            role.create  rol_1   ops   done     -
2030-01-31T12:00:00Z  ann    -            role.create  rol_1   ops   done     -
TIME                  ACTOR  CLAIMED RUN  ACTION                   NAME  OUTCOME  DETAIL
2030-01-31T12:00:00Z  ann    -            access_token.regenerate  ops   done     <version 2>
2030-01-31T12:00:00Z  ann    -            role.create              ops   done     -
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	out.Reset()
	columns, err := eventListing.selected([]string{"at", "detail"})
	if err != nil {
		t.Fatal(err)
	}
	documents := newGrowingList(a, eventListing, columns, listFlags{JSON: true})
	if err := documents.add([]tokens.Event{event, longer}); err != nil {
		t.Fatal(err)
	}
	want = `{"at":"2030-01-31T12:00:00Z","detail":null}
{"at":"2030-01-31T12:00:00Z","detail":"<version 2>"}
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
