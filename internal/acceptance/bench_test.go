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
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// What runs may cost: processor time of Terraform and the provider together, as a multiple of what as many built-in
// resources cost. A benchmark only says so where a number is above its limit: other load on the machine changes it.
const (
	applyLimit  = 2.5
	planLimit   = 4.0
	growthLimit = 1.2
	dueLimit    = 1.3
	// throughLimit is what work through a server may cost on the machine of Terraform, as a multiple of work on a file.
	throughLimit = 1.3
	// postgresLimit is what work on a database in PostgreSQL may cost, as a multiple of work on a file, and farLimit how much
	// longer it may take where each round trip to the database takes farAway.
	postgresLimit = 1.5
	farLimit      = 3.0
	farAway       = 2 * time.Millisecond
)

// BenchmarkBesideBuiltIn compares runs over 1,000 access tokens with runs over as many terraform_data, with the state
// in a local file and on a server.
//
// Terraform writes a local state file anew after each resource, so the size of the state decides what an apply costs.
// Two comparisons tell this apart from the cost of the provider: with terraform_data that hold as much state as the
// tokens, and with a state that is no file. The provider's own processor time is reported beside the whole.
func BenchmarkBesideBuiltIn(b *testing.B) {
	for b.Loop() {
		local := []configuration{accessTokens(1000), builtIns(0, 1000), builtIns(stateOfToken, 1000)}
		remote := make([]configuration, len(local))
		for i, c := range local {
			remote[i] = c.onServer()
		}
		least := leastCosts(b, 3, append(local, remote...)...)
		reportBeside(b, "local", least[0], least[1], least[2])
		reportBeside(b, "remote", least[3], least[4], least[5])
		b.ReportMetric(least[3].apply.over(least[0].apply), "apply-remote-over-local")
		b.ReportMetric(least[3].plan.over(least[0].plan), "plan-remote-over-local")
		if size := float64(least[2].stateSize) / float64(least[0].stateSize); size < 0.95 || size > 1.05 {
			b.Errorf("the terraform_data meant to hold as much state as the tokens hold %.2f times as much: "+
				"adjust stateOfToken", size)
		}
	}
}

// reportBeside reports what access tokens cost with their state in a place, beside terraform_data and terraform_data
// that hold as much state.
func reportBeside(b *testing.B, place string, ours, builtIn, large costs) {
	report := func(name string, ours, builtIn, large cost) (ratio float64) {
		ratio = ours.over(builtIn)
		b.ReportMetric(ours.total().Seconds(), name+"-s")
		b.ReportMetric(ours.provider.Seconds(), name+"-provider-s")
		b.ReportMetric(ratio, name+"-ratio")
		b.ReportMetric(ours.over(large), name+"-ratio-same-state")
		// As it would be with a provider that costs nothing:
		b.ReportMetric(ours.terraform.Seconds()/builtIn.total().Seconds(), name+"-ratio-of-terraform")
		return ratio
	}
	apply := report(place+"-apply", ours.apply, builtIn.apply, large.apply)
	plan := report(place+"-plan", ours.plan, builtIn.plan, large.plan)
	b.Logf("%s state: access tokens cost %.2f times as much as terraform_data to apply (%s), %.2f times to plan (%s)",
		place, apply, verdict(apply, applyLimit), plan, verdict(plan, planLimit))
}

// BenchmarkThroughServer compares runs over 1,000 access tokens that work through a server with runs that work on a file. The
// processor time of the server itself is reported beside: it is spent on another machine.
func BenchmarkThroughServer(b *testing.B) {
	for b.Loop() {
		least := leastCosts(b, 3, accessTokens(1000), accessTokens(1000).throughServer())
		for _, run := range []struct {
			name         string
			file, server cost
		}{
			{"apply", least[0].apply, least[1].apply},
			{"plan", least[0].plan, least[1].plan},
		} {
			ratio := run.server.over(run.file)
			b.ReportMetric(ratio, "through-"+run.name+"-ratio")
			b.ReportMetric(run.server.provider.Seconds()/run.file.provider.Seconds(), "through-"+run.name+"-provider-ratio")
			b.ReportMetric(run.server.server.Seconds(), "server-"+run.name+"-s")
			b.Logf("%s: through a server, 1,000 access tokens cost %.2f times as much as in a file (%s); the server itself %.2f s",
				run.name, ratio, verdict(ratio, throughLimit), run.server.server.Seconds())
		}
	}
}

// BenchmarkOnPostgreSQL compares runs over 1,000 access tokens whose database is in PostgreSQL with runs that work on a file: the
// processor time of Terraform and the provider, and the time that passes where the database is on another machine. The
// processor time of PostgreSQL is reported beside.
func BenchmarkOnPostgreSQL(b *testing.B) {
	for b.Loop() {
		least := leastCosts(b, 3, accessTokens(1000), accessTokens(1000).onPostgreSQL(0), accessTokens(1000).onPostgreSQL(farAway))
		for _, run := range []struct {
			name            string
			file, near, far cost
		}{
			{"apply", least[0].apply, least[1].apply, least[2].apply},
			{"plan", least[0].plan, least[1].plan, least[2].plan},
		} {
			ratio, far := run.near.over(run.file), run.far.took.Seconds()/run.file.took.Seconds()
			b.ReportMetric(ratio, "postgres-"+run.name+"-ratio")
			b.ReportMetric(far, "far-"+run.name+"-wall-ratio")
			b.ReportMetric(run.near.server.Seconds(), "postgres-"+run.name+"-s")
			b.Logf("%s: on PostgreSQL, 1,000 access tokens cost %.2f times as much as in a file (%s), PostgreSQL itself %.2f s; "+
				"with %s more for each round trip they take %.2f times as long (%s): %s and %s", run.name, ratio,
				verdict(ratio, postgresLimit), run.near.server.Seconds(), farAway, far, verdict(far, farLimit), run.far.took,
				run.file.took)
		}
	}
}

// stateOfToken is how many characters a terraform_data gets, which its state holds twice, to hold as much as a token's.
const stateOfToken = 770

// BenchmarkBesideRandom compares the provider's own processor time for 500 access tokens with that of hashicorp/random
// for 500 random_id, which stores nothing. It needs a build of that provider, and RANDOM_PROVIDER set to the
// folder that holds it.
func BenchmarkBesideRandom(b *testing.B) {
	folder := os.Getenv("RANDOM_PROVIDER")
	if folder == "" {
		b.Skip("no folder with a terraform-provider-random in RANDOM_PROVIDER")
	}
	for b.Loop() {
		least := leastCosts(b, 3, accessTokens(500), randomIDs(folder, 500))
		ours, theirs := least[0], least[1]
		for _, run := range []struct {
			name         string
			ours, theirs cost
		}{
			{"apply", ours.apply, theirs.apply},
			{"plan", ours.plan, theirs.plan},
		} {
			b.ReportMetric(run.ours.provider.Seconds(), "provider-"+run.name+"-s")
			b.ReportMetric(run.theirs.provider.Seconds(), "random-"+run.name+"-s")
			b.ReportMetric(run.ours.provider.Seconds()/run.theirs.provider.Seconds(), "provider-"+run.name+"-ratio")
		}
	}
}

// BenchmarkGrowth compares the cost of one access token among 10,000 with the cost of one among 1,000, and says how
// much of the growth is Terraform's own.
//
// Some of Terraform's work grows with the square of the number of resources, whatever the provider. The benchmark keeps
// this out. Terraform writes a local state file anew after each resource, so the state is on a server; and for each
// instance of a resource it copies all of them, so there are 100 tokens to a resource.
func BenchmarkGrowth(b *testing.B) {
	for b.Loop() {
		thousand, tenThousand := slices.Repeat([]int{100}, 10), slices.Repeat([]int{100}, 100)
		few := leastCosts(b, 2, accessTokens(thousand...).onServer(), builtIns(0, thousand...).onServer())
		many := leastCosts(b, 1, accessTokens(tenThousand...).onServer(), builtIns(0, tenThousand...).onServer())
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
			b.Logf("%s: one access token of 10,000 costs %.2f times as much as one of 1,000 (%s); "+
				"the provider's share %.2f times (%s); a terraform_data %.2f times", run.name,
				growth, verdict(growth, growthLimit), ofProvider, verdict(ofProvider, growthLimit), ofBuiltIn)
		}
	}
}

// BenchmarkDueTokens compares a plan of 1,000 access tokens, 100 of them due by their schedule, with a plan in which
// none is due. The settings differ in how long before the end of the secrets the schedule begins. There are 100 tokens
// to a resource so that Terraform's work for the instances of one hides nothing; see BenchmarkGrowth.
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
		workspaces[1].terraform("plan", "-detailed-exitcode").exits(2).
			says("Plan: 0 to add, 100 to change, 0 to destroy.")
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
		b.Logf("a plan of 1,000 access tokens, 100 of them due, costs %.2f times as much as one with none due (%s): "+
			"%s after %s", ratio, verdict(ratio, dueLimit), due, none)
	}
}

// scheduledTokens returns access tokens with these settings, of the technical user in accessTokens.
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

// verdict says whether a number is within its limit.
func verdict(number, limit float64) string {
	if number > limit {
		return fmt.Sprintf("TOO MUCH: at most %.1f", limit)
	}
	return fmt.Sprintf("at most %.1f", limit)
}

// configuration is what a run is measured with.
type configuration struct {
	name, resources string
	// remote keeps the state on a server in place of a local file.
	remote bool
	// through has the provider work through a server.
	through bool
	// postgres has the database in PostgreSQL, and delay is how much longer each round trip to it takes.
	postgres bool
	delay    time.Duration
	// other is the folder of a provider that runs in place of the one under test.
	other string
}

// onServer returns the configuration with its state on a server.
func (c configuration) onServer() configuration {
	c.name += ", state on a server"
	c.remote = true
	return c
}

// throughServer returns the configuration with a provider that works through a server.
func (c configuration) throughServer() configuration {
	c.name += ", through a server"
	c.through = true
	return c
}

// onPostgreSQL returns the configuration with its database in PostgreSQL, to which each round trip takes longer by a delay.
func (c configuration) onPostgreSQL(delay time.Duration) configuration {
	c.name += ", on PostgreSQL"
	if delay > 0 {
		c.name += fmt.Sprintf(" %s away", delay)
	}
	c.postgres, c.delay = true, delay
	return c
}

// beside is a server whose processor time is measured beside that of a run.
type beside struct {
	spent func() time.Duration
	stop  func()
}

// besidePostgreSQL is a server of PostgreSQL.
func besidePostgreSQL(b *testing.B, s *pgtest.Server) *beside {
	return &beside{
		spent: func() time.Duration { return costOf(b, s.PID()).total() + childrenOf(b, s.PID()) },
		stop:  func() { s.Stop(syscall.SIGINT) },
	}
}

// workspace returns a new workspace with the configuration, and the server with which it works; nil for none.
func (c configuration) workspace(b *testing.B) (*workspace, *beside) {
	switch {
	case c.postgres:
		s := pgtest.New(b)
		proxy := pgtest.NewProxy(b, s)
		proxy.Delay(c.delay)
		w := newWorkspace(b)
		if w.database = s.Address("latchkey"); c.delay > 0 {
			w.database = proxy.Address("latchkey")
		}
		w.configure(c.resources)
		return w, besidePostgreSQL(b, s)
	case c.through:
		w := newWorkspace(b)
		s := w.throughServer()
		w.configure(c.resources)
		return w, &beside{func() time.Duration { return costOf(b, s.cmd.Process.Pid).terraform }, s.stop}
	case c.other != "":
		w := newWorkspace(b)
		w.useProvider("hashicorp/random", c.other)
		w.write("main.tf", c.resources)
		return w, nil
	case c.remote:
		w := newRemoteWorkspace(b)
		w.configure(c.resources)
		return w, nil
	default:
		w := newWorkspace(b)
		w.configure(c.resources)
		return w, nil
	}
}

// accessTokens returns a configuration with access tokens of one technical user. It has a resource for each count.
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
	return configuration{name: "access tokens", resources: resources.String()}
}

// builtIns returns a configuration with terraform_data of at least so many characters. It has a resource for each
// count.
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
	return configuration{
		name:      fmt.Sprintf("terraform_data with %d characters", characters),
		resources: resources.String(),
	}
}

// randomIDs returns a configuration with random_id, of the provider in the folder.
func randomIDs(folder string, count int) configuration {
	return configuration{
		name:  "random_id",
		other: folder,
		resources: fmt.Sprintf(`
			resource "random_id" "many" {
				count       = %d
				byte_length = 8
			}
		`, count),
	}
}

// costs are the costs of an apply that creates everything, and of a plan after it that changes nothing.
type costs struct {
	name        string
	apply, plan cost
	stateSize   int // of the local state file, in bytes
}

func (c costs) String() string {
	return fmt.Sprintf("%s: apply %s, plan %s", c.name, c.apply, c.plan)
}

// leastCosts runs the configurations in turn, for some rounds, and returns the least that each one cost.
func leastCosts(b *testing.B, rounds int, configurations ...configuration) []costs {
	least := make([]costs, len(configurations))
	for round := range rounds {
		for i, c := range configurations {
			w, s := c.workspace(b)
			apply := measureBeside(b, s, w.terraformCommand("apply"))
			plan := measureBeside(b, s, w.terraformCommand("plan", "-detailed-exitcode"))
			if s != nil {
				s.stop()
			}
			if round == 0 {
				least[i].apply, least[i].plan = apply, plan
			}
			least[i].apply, least[i].plan = least[i].apply.orLess(apply), least[i].plan.orLess(plan)
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
type cost struct {
	terraform, provider time.Duration
	// server is that of a server through which the provider works. It counts on another machine.
	server time.Duration
	// took is the time that passed.
	took time.Duration
}

// orLess returns the lesser of two costs, and the lesser of the times that they took.
func (c cost) orLess(other cost) cost {
	took := min(c.took, other.took)
	if other.total() < c.total() {
		c = other
	}
	c.took = took
	return c
}

func (c cost) total() time.Duration { return c.terraform + c.provider }

// over returns the ratio of two costs.
func (c cost) over(base cost) float64 { return c.total().Seconds() / base.total().Seconds() }

func (c cost) String() string {
	return fmt.Sprintf("%.2f s (Terraform %.2f, provider %.2f)",
		c.total().Seconds(), c.terraform.Seconds(), c.provider.Seconds())
}

// measure runs a command of Terraform that must succeed, and returns its cost. Once Terraform has waited for the
// provider's processes, the kernel counts their time as that of Terraform's children. measure fails if Terraform left
// one of them behind.
func measure(b *testing.B, cmd *exec.Cmd) cost { return measureBeside(b, nil, cmd) }

// measureBeside is measure beside a server, which may be none.
func measureBeside(b *testing.B, s *beside, cmd *exec.Cmd) cost {
	var before time.Duration
	if s != nil {
		before = s.spent()
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
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
	c := costOf(b, cmd.Process.Pid)
	c.took = time.Since(begin)
	if s != nil {
		c.server = s.spent() - before
	}
	if err := cmd.Wait(); err != nil {
		b.Fatalf("%s: %s\n%s", cmd, err, out.String())
	}
	// A server is a process that this one waits for, too.
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid != 0 && err == nil || s == nil && !errors.Is(err, unix.ECHILD) {
		b.Fatalf("Terraform left a process behind, whose time is not counted (%v)", err)
	}
	return c
}

// childrenOf returns what the children of a process that run have cost.
func childrenOf(b *testing.B, parent int) (total time.Duration) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		b.Fatal(err)
	}
	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		fields, err := statusOf(pid)
		if err == nil && fields[4-3] == strconv.Itoa(parent) { // else it has ended
			total += costIn(b, fields).total()
		}
	}
	return total
}

// statusOf returns the fields of proc_pid_stat(5) behind the name of the process, the first of which has the number 3 there.
func statusOf(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	_, behindName, _ := strings.Cut(string(text), ") ")
	return strings.Fields(behindName), nil
}

// costOf reads the cost of a process, and of its children that it has waited for, in the place of Terraform and of the
// provider. The process may have ended, but nobody has waited for it yet; see proc_pid_stat(5).
func costOf(b *testing.B, pid int) cost {
	fields, err := statusOf(pid)
	if err != nil {
		b.Fatal(err)
	}
	return costIn(b, fields)
}

// costIn reads the cost in what statusOf returns.
func costIn(b *testing.B, fields []string) cost {
	const utime, cutime = 14 - 3, 16 - 3
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
