//go:build linux

package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
)

// BenchmarkBesideBuiltIn compares runs over 1,000 access tokens with runs over as many terraform_data.
func BenchmarkBesideBuiltIn(b *testing.B) {
	for b.Loop() {
		ours, builtIn := leastCosts(b, 1000, 3)
		b.ReportMetric(ours.apply.total().Seconds(), "apply-s")
		b.ReportMetric(ours.plan.total().Seconds(), "plan-s")
		report(b, "apply-ratio", "apply of 1,000 access tokens / 1,000 terraform_data", ours.apply.total(), builtIn.apply.total(), 1, applyLimit)
		report(b, "plan-ratio", "plan of 1,000 access tokens / 1,000 terraform_data", ours.plan.total(), builtIn.plan.total(), 1, planLimit)
	}
}

// BenchmarkGrowth compares what one access token among 10,000 costs with what one among 1,000 does, and says how much of
// the growth Terraform itself has.
func BenchmarkGrowth(b *testing.B) {
	for b.Loop() {
		few, fewBuiltIn := leastCosts(b, 1000, 2)
		many, manyBuiltIn := leastCosts(b, 10000, 1)
		report(b, "apply-growth", "apply of 10,000 access tokens / 1,000, per token", many.apply.total(), few.apply.total(), 10, growthLimit)
		report(b, "plan-growth", "plan of 10,000 access tokens / 1,000, per token", many.plan.total(), few.plan.total(), 10, growthLimit)
		report(b, "provider-apply-growth", "the provider's part of that apply", many.apply.provider, few.apply.provider, 10, growthLimit)
		report(b, "provider-plan-growth", "the provider's part of that plan", many.plan.provider, few.plan.provider, 10, growthLimit)
		report(b, "builtin-apply-growth", "apply of 10,000 terraform_data / 1,000, per resource", manyBuiltIn.apply.total(), fewBuiltIn.apply.total(), 10, 0)
		report(b, "builtin-plan-growth", "plan of 10,000 terraform_data / 1,000, per resource", manyBuiltIn.plan.total(), fewBuiltIn.plan.total(), 10, 0)
	}
}

// report prints the ratio of two costs, the first for size times as many objects, and whether it is within the limit;
// zero is none.
func report(b *testing.B, unit, what string, cost, base time.Duration, size int, limit float64) {
	ratio := cost.Seconds() / float64(size) / base.Seconds()
	b.ReportMetric(ratio, unit)
	verdict := ""
	if limit != 0 {
		verdict = fmt.Sprintf(" (at most %.1f)", limit)
	}
	if limit != 0 && ratio > limit {
		verdict += ": TOO MUCH"
	}
	b.Logf("%s: %.2f s / %.2f s = %.2f%s", what, cost.Seconds(), base.Seconds(), ratio, verdict)
}

// costs are the costs of an apply that makes everything, and of a plan after it that changes nothing.
type costs struct{ apply, plan cost }

// leastCosts returns the least of what so many access tokens and so many terraform_data cost in some rounds, in which
// both take turns.
func leastCosts(b *testing.B, objects, rounds int) (ours, builtIn costs) {
	for round := range rounds {
		for _, side := range []struct {
			name      string
			least     *costs
			resources string
		}{
			{"access tokens", &ours, fmt.Sprintf(`
				resource "latchkey_technical_user" "ci" { name = "ci" }
				resource "latchkey_access_token" "many" {
					count             = %d
					name              = "token-${count.index}"
					technical_user_id = latchkey_technical_user.ci.id
				}
			`, objects)},
			{"terraform_data", &builtIn, fmt.Sprintf(`
				resource "terraform_data" "many" {
					count = %d
					input = "token-${count.index}"
				}
			`, objects)},
		} {
			w := newWorkspace(b)
			w.configure(side.resources)
			apply := measure(b, w.terraformCommand("apply"))
			plan := measure(b, w.terraformCommand("plan", "-detailed-exitcode"))
			b.Logf("%d %s: apply %s, plan %s", objects, side.name, apply, plan)
			if round == 0 || apply.total() < side.least.apply.total() {
				side.least.apply = apply
			}
			if round == 0 || plan.total() < side.least.plan.total() {
				side.least.plan = plan
			}
		}
	}
	return ours, builtIn
}

// cost is processor time, in user and system mode.
type cost struct{ terraform, provider time.Duration }

func (c cost) total() time.Duration { return c.terraform + c.provider }

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
