package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// person is somebody who manages tokens from a machine of their own: with a state of their own, a technical user's token
// for Terraform, and a personal token for the command line.
type person struct {
	name string
	// The workspace is where their Terraform runs, and desk is where they type commands.
	*workspace
	desk *workspace
}

// newPeople returns people who work through a server. An administrator of it makes their credentials.
func newPeople(t *testing.T, administrator *workspace, s *server, names ...string) (people []*person) {
	t.Helper()
	var resources strings.Builder
	for _, name := range names {
		fmt.Fprintf(&resources, `
			resource "latchkey_member" %[1]q {
				email = "%[1]s@example.com"
				role  = "administrator"
			}
			resource "latchkey_technical_user" %[1]q {
				name = "%[1]s-pipeline"
				role = "administrator"
			}
			resource "latchkey_access_token" %[1]q {
				name              = "%[1]s-pipeline"
				technical_user_id = latchkey_technical_user.%[1]s.id
			}
		`, name)
	}
	administrator.configure(resources.String())
	administrator.terraform("apply").exits(0)
	for _, name := range names {
		at := func(token string) *workspace {
			w := newWorkspace(t)
			w.remote = true
			w.env = []string{"LATCHKEY_ENDPOINT=" + s.url, "LATCHKEY_TOKEN=" + token}
			return w
		}
		personal := administrator.latchkey("member", "token", "create", name+"@example.com", "--name", "laptop").exits(0)
		p := &person{name, at(administrator.state().tokens(t)[tokenPrefix+name].Token), at(strings.TrimSpace(personal.stdout))}
		people = append(people, p)
	}
	return people
}

// declare makes the configuration of somebody: a technical user with tokens, of which settings change the first.
func (p *person) declare(settings string) {
	p.t.Helper()
	p.configure(fmt.Sprintf(`
		resource "latchkey_technical_user" "robot" { name = "%[1]s-robot" }
		resource "latchkey_access_token" "deploy" {
			name              = "%[1]s-deploy"
			technical_user_id = latchkey_technical_user.robot.id
			%[2]s
		}
		resource "latchkey_access_token" "more" {
			count             = 5
			name              = "%[1]s-${count.index}"
			technical_user_id = latchkey_technical_user.robot.id
		}
	`, p.name, settings))
}

// TestTwoPeople has two people work for a week with one server, each on a machine of their own. Nobody takes turns, nobody
// has a copy that gets old, and each is in the events under their own name.
func TestTwoPeople(t *testing.T) {
	administrator := newWorkspace(t)
	s := administrator.throughServer()
	both := newPeople(t, administrator, s, "anna", "ben")
	anna, ben := both[0], both[1]
	// atOnce runs the same command of Terraform for both at once.
	atOnce := func(code int, command string, args ...string) {
		t.Helper()
		var ends []func() result
		for _, p := range both {
			ends = append(ends, start(t, p.terraformCommand(command, args...)))
		}
		for _, end := range ends {
			end().exits(code)
		}
	}

	// Monday: both make their tokens, at the same time.
	for _, p := range both {
		p.declare(`regenerate_triggers = { week = "0" }`)
	}
	atOnce(0, "apply")
	atOnce(0, "plan", "-detailed-exitcode")
	for _, p := range both {
		if list := p.desk.tokenList(); list[anna.deploy().ID].Name != "anna-deploy" || list[ben.deploy().ID].Name != "ben-deploy" {
			t.Errorf("%s doesn't see the tokens of both: %v", p.name, list)
		}
		if !p.desk.isActive(anna.deploy().Token) || !p.desk.isActive(ben.deploy().Token) {
			t.Errorf("%s doesn't see both work", p.name)
		}
	}

	// Tuesday: each edits the other's token by hand, and each plan sees it at once.
	anna.desk.latchkey("token", "edit", ben.deploy().ID, "--description", "by anna").exits(0)
	ben.desk.latchkey("token", "edit", anna.deploy().ID, "--description", "by ben").exits(0)
	anna.terraform("plan", "-detailed-exitcode").exits(2).says(`"by ben"`)
	ben.terraform("plan", "-detailed-exitcode").exits(2).says(`"by anna"`)
	atOnce(0, "apply")
	for _, p := range both {
		p.desk.latchkey("token", "show", anna.deploy().ID).exits(0).saysNot("by ben")
		p.desk.latchkey("token", "show", ben.deploy().ID).exits(0).saysNot("by anna")
	}

	// Wednesday: each holds the other's token. Both see both holds, with who and why, and no apply lifts one.
	anna.desk.latchkey("token", "hold", ben.deploy().ID, "--reason", "anna found it in a log").exits(0)
	ben.desk.latchkey("token", "hold", anna.deploy().ID, "--reason", "ben found it in a log").exits(0)
	anna.terraform("plan", "-detailed-exitcode").exits(0).says("is held by ben@example.com", "ben found it in a log")
	ben.terraform("plan", "-detailed-exitcode").exits(0).says("is held by anna@example.com", "anna found it in a log")
	atOnce(0, "apply")
	for _, p := range both {
		p.desk.latchkey("token", "list", "--status", "held").exits(0).says("anna-deploy", "ben-deploy")
		if p.desk.isActive(anna.deploy().Token) || p.desk.isActive(ben.deploy().Token) {
			t.Errorf("%s sees a token that is held work", p.name)
		}
	}
	anna.desk.latchkey("token", "release", ben.deploy().ID).exits(0)
	ben.desk.latchkey("token", "release", anna.deploy().ID).exits(0)
	for _, p := range both {
		p.terraform("plan", "-detailed-exitcode").exits(0).saysNot("is held")
	}

	// Thursday: both regenerate, at the same time. Each sees the other's new value and not the old one.
	before := []string{anna.deploy().Token, ben.deploy().Token}
	for _, p := range both {
		p.declare(`regenerate_triggers = { week = "1" }`)
	}
	atOnce(0, "apply")
	for i, p := range both {
		other := both[1-i]
		if other.desk.isActive(before[i]) || !other.desk.isActive(p.deploy().Token) {
			t.Errorf("%s sees another value of %s work", other.name, p.name)
		}
	}

	// Friday: everything is under the name of who did it.
	var events []struct {
		Actor, Action, Outcome string
		ObjectID               string `json:"object_id"`
	}
	decode(t, administrator.latchkey("event", "list", "--json").exits(0).stdout, &events)
	actors := func(of, action string) (names []string) {
		for _, e := range events {
			if e.ObjectID == of && e.Action == "access_token."+action && e.Outcome == "done" {
				name, _, _ := strings.Cut(e.Actor, "_tok_")
				names = append(names, name)
			}
		}
		return names
	}
	for i, p := range both {
		other := both[1-i]
		pipeline, desk := p.name+"-pipeline@acme.latchkey.internal", other.name+"@example.com"
		for action, want := range map[string][]string{
			"create": {pipeline}, "update": {desk, pipeline}, "hold": {desk}, "release": {desk}, "regenerate": {pipeline},
		} {
			if got := actors(p.deploy().ID, action); !slices.Equal(got, want) {
				t.Errorf("%s of %s's token was done by %s, want %s", action, p.name, got, want)
			}
		}
	}
	for _, e := range events {
		if e.Outcome != "done" {
			t.Errorf("%s was refused to %s", e.Action, e.Actor)
		}
	}
	atOnce(0, "destroy")
	administrator.onTheMachine().latchkey("doctor").exits(0)
}
