package acceptance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// TestRandomOperations has two runs of Terraform and somebody at the command line change one database in PostgreSQL at random,
// at once, each 1,000 times in all rounds. Each of them knows what it did, and at the end the database agrees. Nobody meets an
// error but those that tell of what another one did meanwhile.
func TestRandomOperations(t *testing.T) {
	operations := 40
	if *full {
		operations = 1000
	}
	t.Logf("random choices: -seed %d", *seed)
	address := pgtest.Address(t)
	newPlace := func() *workspace {
		w := newWorkspace(t)
		w.database = address
		return w
	}
	var runs []*randomRun
	for i := range 2 {
		r := &randomRun{workspace: newPlace(), number: i, random: rand.New(rand.NewPCG(*seed, uint64(i))), tokens: map[int]*randomToken{}}
		r.configure(r.resources())
		r.terraform("apply").exits(0)
		runs = append(runs, r)
	}
	person := &randomPerson{workspace: newPlace(), random: rand.New(rand.NewPCG(*seed, 2)), own: map[string]*ownToken{}}

	var wg sync.WaitGroup
	for _, r := range runs {
		wg.Go(func() {
			for r.done < operations {
				r.change()
				if applied := r.terraform("apply"); applied.code != 0 && !applied.tellsOfOthers() {
					t.Errorf("%s ended with exit code %d:\n%s%s", applied.command, applied.code, applied.stdout, applied.stderr)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for person.done < operations && !t.Failed() {
			person.change()
		}
	})
	wg.Wait()
	if t.Failed() {
		return
	}

	want := map[string]string{}
	for _, r := range runs {
		r.terraform("apply").exits(0)
		r.terraform("plan", "-detailed-exitcode").exits(0)
		for address, token := range r.state().tokens(t) {
			if !r.isActive(token.Token) {
				t.Errorf("the value of %s is not active", address)
			}
		}
		for i, token := range r.tokens {
			want[r.nameOf(i)] = token.description
		}
		t.Logf("run %d: %d operations", r.number, r.done)
	}
	for name, token := range person.own {
		want[name] = ""
		for value, isLast := range token.values {
			if active := person.isActive(value); active != (isLast && !token.disabled && !token.held) {
				t.Errorf("a value of %s is active: %t; the last: %t, disabled: %t, held: %t", name, active, isLast, token.disabled, token.held)
			}
		}
	}
	got := map[string]string{}
	for _, token := range person.tokenList() {
		got[token.Name] = token.Description
	}
	if !maps.Equal(got, want) {
		t.Errorf("got the tokens %v, want %v", got, want)
	}
	person.latchkey("event", "verify").exits(0)
	t.Logf("the command line: %d operations, of which %d met what another one had done", person.done, person.missed)
}

// tellsOfOthers reports whether what failed did so because of what somebody else had done meanwhile, and says so.
func (r result) tellsOfOthers() bool {
	return strings.Contains(r.prose(), "in the meantime") || strings.Contains(r.prose(), "since then")
}

// randomRun is a configuration that changes at random.
type randomRun struct {
	*workspace
	number int
	random *rand.Rand
	tokens map[int]*randomToken
	made   int
	done   int
}

// randomToken is a token that a configuration declares.
type randomToken struct {
	description string
	generation  int
}

func (r *randomRun) nameOf(i int) string { return fmt.Sprintf("run-%d-%d", r.number, i) }

// change changes some of the tokens that the configuration declares, each once.
func (r *randomRun) change() {
	const atOnce, most = 20, 30
	before := slices.Sorted(maps.Keys(r.tokens))
	r.random.Shuffle(len(before), func(i, j int) { before[i], before[j] = before[j], before[i] })
	for range atOnce {
		r.done++
		if len(before) == 0 || len(r.tokens) < most && r.random.IntN(3) == 0 {
			r.tokens[r.made] = &randomToken{}
			r.made++
			continue
		}
		i := before[0]
		before = before[1:]
		switch r.random.IntN(3) {
		case 0:
			delete(r.tokens, i)
		case 1:
			r.tokens[i].description = fmt.Sprintf("change %d", r.done)
		case 2:
			r.tokens[i].generation++
		}
	}
	r.configure(r.resources())
}

// resources are those of the configuration.
func (r *randomRun) resources() string {
	var b strings.Builder
	fmt.Fprintf(&b, "resource \"latchkey_technical_user\" \"robot\" { name = \"robot-%d\" }\n", r.number)
	for i, token := range r.tokens {
		fmt.Fprintf(&b, `
			resource "latchkey_access_token" "t%d" {
				name                = %q
				description         = %q
				technical_user_id   = latchkey_technical_user.robot.id
				regenerate_triggers = { generation = "%d" }
			}
		`, i, r.nameOf(i), token.description, token.generation)
	}
	return b.String()
}

// randomPerson works at the command line, with tokens of its own and with those of the runs.
type randomPerson struct {
	*workspace
	random *rand.Rand
	own    map[string]*ownToken
	made   int
	done   int
	// missed is how many operations met something that another one had done meanwhile.
	missed int
}

// ownToken is a token that the person made.
type ownToken struct {
	// values are those that it ever had, the last of which is true.
	values         map[string]bool
	disabled, held bool
}

// change does something at random.
func (p *randomPerson) change() {
	p.done++
	names := slices.Sorted(maps.Keys(p.own))
	if len(names) == 0 || len(names) < 20 && p.random.IntN(4) == 0 {
		name := fmt.Sprintf("by-hand-%d", p.made)
		p.made++
		if made, ok := p.does("token", "create", name, "--technical-user", "robot-0@acme.latchkey.internal"); ok {
			p.own[name] = &ownToken{values: map[string]bool{made: true}}
		}
		return
	}
	if p.random.IntN(4) == 0 {
		p.disturb()
		return
	}
	name := names[p.random.IntN(len(names))]
	token := p.own[name]
	switch p.random.IntN(4) {
	case 0:
		if _, ok := p.does("token", "delete", name, "--yes"); ok {
			delete(p.own, name)
		}
	case 1:
		if value, ok := p.does("token", "regenerate", name, "--grace-period", "0s"); ok {
			for before := range token.values {
				token.values[before] = false
			}
			token.values[value] = true
		}
	case 2:
		command := map[bool][]string{false: {"token", "hold", name, "--reason", "test"}, true: {"token", "release", name}}[token.held]
		if _, ok := p.does(command...); ok {
			token.held = !token.held
		}
	case 3:
		command := map[bool]string{false: "disable", true: "enable"}[token.disabled]
		if _, ok := p.does("token", command, name); ok {
			token.disabled = !token.disabled
		}
	}
}

// does runs a command, and returns what it wrote to standard output.
func (p *randomPerson) does(args ...string) (string, bool) {
	r := p.latchkey(args...)
	if r.code != 0 {
		p.t.Errorf("%s ended with exit code %d: %s", r.command, r.code, r.stderr)
	}
	return strings.TrimSpace(r.stdout), r.code == 0
}

// disturb changes a token of one of the runs, which may be gone by then. The next apply undoes it.
func (p *randomPerson) disturb() {
	listed := p.latchkey("token", "list", "--search", "run-", "--columns", "id")
	ids := strings.Fields(listed.stdout)
	if listed.code != 0 {
		p.t.Errorf("%s ended with exit code %d: %s", listed.command, listed.code, listed.stderr)
	}
	if len(ids) == 0 {
		return
	}
	id := ids[p.random.IntN(len(ids))]
	command := [][]string{{"token", "disable", id}, {"token", "regenerate", id}, {"token", "edit", id, "--description", "disturbed"}}
	r := p.latchkey(command[p.random.IntN(len(command))]...)
	switch {
	case r.code == 0:
	case r.code == 1 && strings.Contains(r.prose(), id):
		p.missed++
	default:
		p.t.Errorf("%s ended with exit code %d: %s", r.command, r.code, r.stderr)
	}
}
