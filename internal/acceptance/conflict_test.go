package acceptance

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// The objects of a state get in each other's way while Terraform works on several of them at once. With enough
// operations at a time one apply does it all. With one or two it may take several, each of which gets further; none
// advises to import what the state has already, and each thing that was refused leaves one event.
func TestConflictsWithinOneApply(t *testing.T) {
	for _, test := range []struct {
		name string
		// before and after are the configurations between which a run has to get.
		before, after string
		// runs is how many runs it takes at most where few operations go on at a time.
		runs int
		// creates says that what is in the way is another object's that is made: with one operation at a time, the run
		// can't know yet that the state has what is in the way, so it names the import besides.
		creates bool
	}{
		{
			name: "a name that another one had",
			before: user("ci", "ci") + user("new", "ci-new") +
				tokenOf("ci", "latchkey_technical_user.ci.id") + tokenOf("new", "latchkey_technical_user.new.id"),
			after: user("new", "ci") + tokenOf("new", "latchkey_technical_user.new.id"),
			runs:  2,
		},
		{name: "one taken out of a counted list", before: counted("a", "b", "c", "d"), after: counted("a", "c", "d"), runs: 3},
		{name: "another key for the same name", before: keyed("old"), after: keyed("new"), runs: 2,
			creates: true},
		{
			name: "a name that passes on to a new one",
			before: `
				resource "latchkey_role" "a" {
					name        = "deployer"
					permissions = ["orders:read"]
				}`,
			after: `
				resource "latchkey_role" "a" {
					name        = "former"
					permissions = ["orders:read"]
				}
				resource "latchkey_role" "b" {
					name        = "deployer"
					permissions = ["orders:write"]
				}`,
			runs: 2, creates: true,
		},
	} {
		for _, parallelism := range []int{10, 2, 1} {
			t.Run(fmt.Sprintf("%s/%d at a time", test.name, parallelism), func(t *testing.T) {
				w := newWorkspace(t)
				w.configure(test.before)
				w.terraform("apply").exits(0)
				w.configure(test.after)
				runs := test.runs
				if parallelism == 10 {
					runs = 1
				}
				w.repeats("apply", parallelism, runs, test.creates && parallelism == 1)
				w.terraform("plan", "-detailed-exitcode").exits(0)
			})
		}
	}
}

// A destroy of objects that belong to each other by identifiers that are written out, so that Terraform knows of no
// order, takes one run with enough operations at a time.
func TestDestroyOfObjectsThatAreJoinedByLiterals(t *testing.T) {
	for _, parallelism := range []int{10, 2, 1} {
		t.Run(strconv.Itoa(parallelism)+" at a time", func(t *testing.T) {
			w := newWorkspace(t)
			group := "resource \"latchkey_group\" \"shop\" {\n  name = \"shop\"\n}\n"
			w.configure(group)
			w.terraform("apply").exits(0)
			within := func(label, groupID string) string {
				return fmt.Sprintf("resource \"latchkey_technical_user\" %q {\n  name = %[1]q\n  group_id = %[2]q\n}\n", label, groupID)
			}
			joined := group + within("till", w.id("latchkey_group.shop")) + within("safe", w.id("latchkey_group.shop"))
			w.configure(joined)
			w.terraform("apply").exits(0)
			w.configure(joined + tokenOf("till", strconv.Quote(w.id("latchkey_technical_user.till"))))
			w.terraform("apply").exits(0)
			runs := 3
			if parallelism == 10 {
				runs = 1
			}
			w.repeats("destroy", parallelism, runs, false)
		})
	}
}

// A swap of names needs a third name. Both objects say so, however many operations go on at a time, and advise nothing
// that would not help.
func TestSwapOfNames(t *testing.T) {
	for _, parallelism := range []int{10, 2, 1} {
		t.Run(strconv.Itoa(parallelism)+" at a time", func(t *testing.T) {
			w := newWorkspace(t)
			w.configure(user("a", "blue") + user("b", "green"))
			w.terraform("apply").exits(0)
			w.configure(user("a", "green") + user("b", "blue"))
			w.terraform("apply", "-parallelism="+strconv.Itoa(parallelism)).exits(1).
				says("exchange their names", w.id("latchkey_technical_user.a"), w.id("latchkey_technical_user.b"), "third name").
				saysNot("import {")
			w.refusals(2)

			w.configure(user("a", "violet") + user("b", "blue"))
			w.repeats("apply", parallelism, 2, false)
			w.configure(user("a", "green") + user("b", "blue"))
			w.terraform("apply").exits(0)
		})
	}
}

// Two objects of one name are a mistake in the configuration, which no import mends.
func TestNameGivenTwice(t *testing.T) {
	w := newWorkspace(t)
	w.configure(user("a", "ci") + user("b", "ci"))
	w.terraform("apply").exits(1).says("Unable to create technical user", "belongs to the same state", "choose another one").
		saysNot("import {")
	w.refusals(1)
}

// user is a technical user.
func user(label, name string) string {
	return fmt.Sprintf("resource \"latchkey_technical_user\" %q {\n  name = %q\n}\n", label, name)
}

// tokenOf is an access token of a technical user.
func tokenOf(label, userID string) string {
	return fmt.Sprintf("resource \"latchkey_access_token\" %q {\n  name = %[1]q\n  technical_user_id = %[2]s\n}\n", label, userID)
}

// counted are groups by their place in a list.
func counted(names ...string) string {
	return fmt.Sprintf(`
		locals {
			names = [%s]
		}
		resource "latchkey_group" "all" {
			count = length(local.names)
			name  = local.names[count.index]
		}`, `"`+strings.Join(names, `", "`)+`"`)
}

// keyed is one group and one technical user in it, under a key that is not their name.
func keyed(key string) string {
	return fmt.Sprintf(`
		resource "latchkey_group" "all" {
			for_each = toset([%q])
			name     = "shop"
		}
		resource "latchkey_technical_user" "all" {
			for_each = latchkey_group.all
			name     = "till"
			group_id = each.value.id
		}`, key)
}

// repeats runs a command until it ends well, and fails the test if that takes more than so many runs.
func (w *workspace) repeats(command string, parallelism, runs int, mayAdviseImport bool) {
	w.t.Helper()
	failed := w.countRefusals()
	for run := 1; ; run++ {
		r := w.terraform(command, "-parallelism="+strconv.Itoa(parallelism))
		if r.code == 0 {
			break
		}
		if run == runs {
			r.exits(0)
		}
		r.says("apply again")
		if !mayAdviseImport {
			r.saysNot("import {")
		}
		failed += strings.Count(r.prose(), "Error: ")
	}
	w.refusals(failed)
}

// refusals fails the test unless there are so many events of refusals.
func (w *workspace) refusals(want int) {
	w.t.Helper()
	if got := w.countRefusals(); got != want {
		w.t.Errorf("%d refusals left %d events", want, got)
	}
}

// countRefusals returns how many events of refusals there are.
func (w *workspace) countRefusals() int {
	w.t.Helper()
	return strings.Count(w.latchkey("event", "list", "--json").exits(0).stdout, `"refused"`)
}

// id returns the identifier of a resource in the state.
func (w *workspace) id(address string) string {
	w.t.Helper()
	var attributes struct {
		ID string `json:"id"`
	}
	decode(w.t, string(w.state()[address]), &attributes)
	return attributes.ID
}
