//go:build linux

package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What runs may cost: processor time of Terraform and the provider together, beside as many built-in resources.
const (
	applyLimit  = 2.5
	planLimit   = 4.0
	growthLimit = 1.2
	dueLimit    = 1.3
)

// BenchmarkBesideBuiltIn compares runs over 1,000 access tokens with runs over as many terraform_data.
//
// Terraform writes a local state file anew after each resource, so that the size of the state decides over the cost of an
// apply. To tell that apart from what the provider costs, the apply is also compared with one of terraform_data that hold
// as much state as the tokens.
func BenchmarkBesideBuiltIn(b *testing.B) {
	for b.Loop() {
		least := leastCosts(b, 3, newWorkspace, accessTokens(1000), builtIns(0, 1000), builtIns(stateOfToken, 1000))
		ours, builtIn, large := least[0], least[1], least[2]
		for _, run := range []struct {
			name                 string
			ours, builtIn, large cost
			limit                float64
		}{
			{"apply", ours.apply, builtIn.apply, large.apply, applyLimit},
			{"plan", ours.plan, builtIn.plan, large.plan, planLimit},
		} {
			ratio := run.ours.over(run.builtIn)
			b.ReportMetric(run.ours.total().Seconds(), run.name+"-s")
			b.ReportMetric(ratio, run.name+"-ratio")
			b.ReportMetric(run.ours.over(run.large), run.name+"-ratio-same-state")
			ofTerraform := run.ours.terraform.Seconds() / run.builtIn.total().Seconds()
			b.ReportMetric(ofTerraform, run.name+"-ratio-of-terraform")
			b.Logf("%s: 1,000 access tokens cost %.2f times as much as 1,000 terraform_data (%s), %.2f times as much as 1,000 that hold as much state; "+
				"with a provider that costs nothing it would be %.2f times",
				run.name, ratio, verdict(ratio, run.limit), run.ours.over(run.large), ofTerraform)
		}
		if size := float64(large.stateSize) / float64(ours.stateSize); size < 0.95 || size > 1.05 {
			b.Errorf("the terraform_data that should hold as much state as the tokens hold %.2f times as much: adjust stateOfToken", size)
		}
	}
}

// stateOfToken is how many characters a terraform_data gets, which its state holds twice, to hold as much as a token's.
const stateOfToken = 660

// BenchmarkGrowth compares what one access token among 10,000 costs with what one among 1,000 does, and says how much of
// the growth Terraform itself has.
//
// Some of what Terraform does grows with the square of the resources, whatever the provider. This is kept out: it writes
// a local state file anew after each resource, so the state is elsewhere; and for each instance of a resource it copies
// all of them, so there are 100 tokens to a resource.
func BenchmarkGrowth(b *testing.B) {
	for b.Loop() {
		thousand, tenThousand := slices.Repeat([]int{100}, 10), slices.Repeat([]int{100}, 100)
		few := leastCosts(b, 2, newRemoteWorkspace, accessTokens(thousand...), builtIns(0, thousand...))
		many := leastCosts(b, 1, newRemoteWorkspace, accessTokens(tenThousand...), builtIns(0, tenThousand...))
		for _, run := range []struct {
			name                               string
			few, many, fewBuiltIn, manyBuiltIn cost
		}{
			{"apply", few[0].apply, many[0].apply, few[1].apply, many[1].apply},
			{"plan", few[0].plan, many[0].plan, few[1].plan, many[1].plan},
		} {
			growth := run.many.over(run.few) / 10
			ofProvider := run.many.provider.Seconds() / run.few.provider.Seconds() / 10
			ofBuiltIn := run.manyBuiltIn.over(run.fewBuiltIn) / 10
			b.ReportMetric(growth, run.name+"-growth")
			b.ReportMetric(ofProvider, "provider-"+run.name+"-growth")
			b.ReportMetric(ofBuiltIn, "builtin-"+run.name+"-growth")
			b.Logf("%s: one access token of 10,000 costs %.2f times as much as one of 1,000 (%s); the provider's part %.2f times (%s); a terraform_data %.2f times",
				run.name, growth, verdict(growth, growthLimit), ofProvider, verdict(ofProvider, growthLimit), ofBuiltIn)
		}
	}
}

// BenchmarkDueTokens compares a plan of 1,000 access tokens of which 100 are due by their schedule with one of which none
// is. The settings differ by how long before the end of the secrets the schedule begins. There are 100 tokens to a
// resource, so that what Terraform does for the instances of one hides nothing; see BenchmarkGrowth.
func BenchmarkDueTokens(b *testing.B) {
	const rounds = 5
	for b.Loop() {
		var workspaces []*workspace
		for _, settings := range []string{fresh, dueAfterASecond} {
			w := newWorkspace(b)
			w.configure(accessTokens(slices.Repeat([]int{100}, 9)...).resources + scheduledTokens(100, settings))
			w.terraform("apply").exits(0)
			workspaces = append(workspaces, w)
		}
		workspaces[0].terraform("plan", "-detailed-exitcode").exits(0)
		workspaces[1].terraform("plan", "-detailed-exitcode").exits(2).says("Plan: 0 to add, 100 to change, 0 to destroy.")
		least := make([]cost, len(workspaces))
		for round := range rounds {
			for i, w := range workspaces {
				if plan := measure(b, w.terraformCommand("plan")); round == 0 || plan.total() < least[i].total() {
					least[i] = plan
				}
			}
		}
		none, due := least[0], least[1]
		ratio := due.over(none)
		b.ReportMetric(due.total().Seconds(), "due-plan-s")
		b.ReportMetric(ratio, "due-plan-ratio")
		b.ReportMetric(due.provider.Seconds()/none.provider.Seconds(), "provider-due-plan-ratio")
		b.Logf("a plan of 1,000 access tokens of which 100 are due costs %.2f times as much as one of which none is (%s): %s after %s",
			ratio, verdict(ratio, dueLimit), due, none)
	}
}

// scheduledTokens returns so many access tokens of the technical user of accessTokens, with these settings.
func scheduledTokens(count int, settings string) string {
	return fmt.Sprintf(`
		resource "latchkey_access_token" "scheduled" {
			count             = %d
			name              = "scheduled-${count.index}"
			technical_user_id = latchkey_technical_user.ci.id
			%s
		}
	`, count, settings)
}

// verdict tells whether a number is within its limit.
func verdict(number, limit float64) string {
	if number > limit {
		return fmt.Sprintf("TOO MUCH: at most %.1f", limit)
	}
	return fmt.Sprintf("at most %.1f", limit)
}

// configuration is what a cost is measured of.
type configuration struct{ name, resources string }

// accessTokens returns a configuration with access tokens of one technical user, so many in each resource.
func accessTokens(counts ...int) configuration {
	var resources strings.Builder
	resources.WriteString("resource \"latchkey_technical_user\" \"ci\" { name = \"ci\" }\n")
	for i, count := range counts {
		fmt.Fprintf(&resources, `
			resource "latchkey_access_token" "many_%[1]d" {
				count             = %[2]d
				name              = "token-%[1]d-${count.index}"
				technical_user_id = latchkey_technical_user.ci.id
			}
		`, i, count)
	}
	return configuration{"access tokens", resources.String()}
}

// builtIns returns a configuration with terraform_data, so many in each resource, of at least as many characters.
func builtIns(characters int, counts ...int) configuration {
	var resources strings.Builder
	for i, count := range counts {
		fmt.Fprintf(&resources, `
			resource "terraform_data" "many_%[1]d" {
				count = %[2]d
				input = "token-%[1]d-${count.index}%[3]s"
			}
		`, i, count, strings.Repeat("x", characters))
	}
	return configuration{"terraform_data", resources.String()}
}

// costs are the costs of an apply that makes everything, and of a plan after it that changes nothing.
type costs struct {
	name        string
	apply, plan cost
	stateSize   int // of the local state file, in bytes
}

func (c costs) String() string {
	return fmt.Sprintf("%s: apply %s, plan %s", c.name, c.apply, c.plan)
}

// leastCosts returns the least of what each configuration costs in some rounds, in which they take turns.
func leastCosts(b *testing.B, rounds int, newWorkspace func(testing.TB) *workspace, configurations ...configuration) []costs {
	least := make([]costs, len(configurations))
	for round := range rounds {
		for i, c := range configurations {
			w := newWorkspace(b)
			w.configure(c.resources)
			apply := measure(b, w.terraformCommand("apply"))
			plan := measure(b, w.terraformCommand("plan", "-detailed-exitcode"))
			if round == 0 || apply.total() < least[i].apply.total() {
				least[i].apply = apply
			}
			if round == 0 || plan.total() < least[i].plan.total() {
				least[i].plan = plan
			}
			least[i].name = c.name
			if state, err := os.Stat(w.path("terraform.tfstate")); err == nil {
				least[i].stateSize = int(state.Size())
			}
		}
	}
	for _, c := range least {
		b.Log(c)
	}
	return least
}

// cost is processor time, in user and system mode.
type cost struct{ terraform, provider time.Duration }

func (c cost) total() time.Duration { return c.terraform + c.provider }

// over returns the ratio of two costs.
func (c cost) over(base cost) float64 { return c.total().Seconds() / base.total().Seconds() }

func (c cost) String() string {
	return fmt.Sprintf("%.2f s (Terraform %.2f, provider %.2f)", c.total().Seconds(), c.terraform.Seconds(), c.provider.Seconds())
}

// measure runs a command of Terraform that must succeed and returns what it cost. The kernel counts the time of the
// provider's processes as that of Terraform's children once Terraform has waited for them; measure fails where it left
// one behind.
func measure(b *testing.B, cmd *exec.Cmd) cost {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	for errors.Is(err, unix.EINTR) {
		err = unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
	if err != nil {
		b.Fatal(err)
	}
	c := costOfEnded(b, cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		b.Fatalf("%s: %s\n%s", cmd, err, out.String())
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); !errors.Is(err, unix.ECHILD) {
		b.Fatalf("Terraform left a process behind, whose time is not counted (%v)", err)
	}
	return c
}

// costOfEnded reads what a process cost that has ended and has not been waited for; see proc_pid_stat(5).
func costOfEnded(b *testing.B, pid int) cost {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, behindName, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(behindName)
	const utime, cutime = 14 - 3, 16 - 3 // the numbers that the manual counts, less those before behindName
	sum := func(first int) (total time.Duration) {
		for _, field := range fields[first : first+2] {
			ticks, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			total += time.Duration(ticks) * time.Second / 100 // a tick is 1/100 s on every Linux that Go runs on
		}
		return total
	}
	return cost{terraform: sum(utime), provider: sum(cutime)}
}
