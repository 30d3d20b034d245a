package acceptance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// promised is the longest time from a revocation to the last acceptance that a server may take.
const promised = time.Second

// revocation is one way in which a value loses access.
type revocation struct {
	name string
	// prepare makes what has access, and returns its value, the path at which it is accepted until then, and what revokes
	// it. That returns from when on nothing may be accepted; the zero time means from its return.
	prepare func(w *revocations) (path, value string, revoke func() time.Time)
}

// revocations is a server under load, and what revokes values that it accepts.
type revocations struct {
	t testing.TB
	*workspace
	owner  tokens.Backend
	server *server
	count  int
}

// run runs the command line, which must succeed.
func (w *revocations) run(args ...string) func() time.Time {
	return func() (now time.Time) {
		w.latchkey(args...).exits(0)
		return now
	}
}

// name returns a name that nothing has yet.
func (w *revocations) name(kind string) string {
	w.count++
	return fmt.Sprintf("%s-%d", kind, w.count)
}

const authenticate = "/v1/authenticate"

// byCommand returns a revocation by a command about the identifier of a token.
func byCommand(name string, args ...string) revocation {
	return revocation{name, func(w *revocations) (string, string, func() time.Time) {
		token := issue(w.t, w.owner, nil)
		return authenticate, token.value, w.run(append(slices.Clone(args), token.ID)...)
	}}
}

// regenerated makes a token and regenerates it with a grace period. It returns the value of before, and the token.
func (w *revocations) regenerated(grace time.Duration) (value string, after tokens.AccessToken) {
	w.t.Helper()
	token := issue(w.t, w.owner, nil)
	after, err := w.owner.UpdateAccessToken(w.t.Context(), token.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: newSecretFor(w.t), Grace: &tokens.Grace{Duration: grace}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return token.value, after
}

// clerk makes a role that allows orders:read, and returns it.
func (w *revocations) clerk() tokens.Role {
	w.t.Helper()
	role, err := w.owner.CreateRole(w.t.Context(), tokens.NewRole{
		Request:      tokens.NewRequest(time.Now()),
		RoleSettings: tokens.RoleSettings{Name: w.name("clerk"), Permissions: []string{"orders:read"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return role
}

// user makes a technical user with grants.
func (w *revocations) user(grants tokens.Grants) tokens.TechnicalUser {
	w.t.Helper()
	user, err := w.owner.CreateTechnicalUser(w.t.Context(), tokens.NewTechnicalUser{
		Request:               tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: w.name("robot"), Grants: grants, Enabled: true},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return user
}

// group makes a group.
func (w *revocations) group() tokens.Group {
	w.t.Helper()
	group, err := w.owner.CreateGroup(w.t.Context(), tokens.NewGroup{
		Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: w.name("stock")},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return group
}

// of makes a token of a technical user.
func (w *revocations) of(user tokens.TechnicalUser) issued {
	w.t.Helper()
	return issue(w.t, w.owner, func(n *tokens.NewAccessToken) { n.TechnicalUserID = user.ID })
}

// done ends the test if a revocation failed.
func (w *revocations) done(_ any, err error) (now time.Time) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return now
}

// kindsOfRevocation are all ways to lose access but a restore and an apply. Those without a command happen in another
// process than the server, too, which is this one.
var kindsOfRevocation = []revocation{
	byCommand("token disable", "token", "disable"),
	byCommand("token hold", "token", "hold", "--reason", "incident"),
	byCommand("token delete", "token", "delete", "--yes"),
	byCommand("token regenerate", "token", "regenerate"),
	{"token edit --role", func(w *revocations) (string, string, func() time.Time) {
		token := w.of(w.user(tokens.Grants{Role: w.clerk().Name}))
		return "/v1/authorize/orders:read", token.value, w.run("token", "edit", token.ID, "--role", "none")
	}},
	{"token retire-previous", func(w *revocations) (string, string, func() time.Time) {
		value, token := w.regenerated(time.Hour)
		return authenticate, value, w.run("token", "retire-previous", token.ID)
	}},
	{"technical-user disable", func(w *revocations) (string, string, func() time.Time) {
		user := w.user(tokens.Grants{Role: tokens.RoleMember})
		return authenticate, w.of(user).value, w.run("technical-user", "disable", user.Email)
	}},
	{"POST /v1/revoke", func(w *revocations) (string, string, func() time.Time) {
		value := issue(w.t, w.owner, nil).value
		return authenticate, value, func() (now time.Time) {
			if got := w.server.post("/v1/revoke", "", "token="+value); got.status != http.StatusOK {
				w.t.Errorf("/v1/revoke: got %d: %s", got.status, got.body)
			}
			return now
		}
	}},
	{"end of the grace period", func(w *revocations) (string, string, func() time.Time) {
		value, token := w.regenerated(time.Second)
		return authenticate, value, func() time.Time {
			time.Sleep(time.Until(token.PreviousSecretExpiresAt()))
			return token.PreviousSecretExpiresAt()
		}
	}},
	{"expiry", func(w *revocations) (string, string, func() time.Time) {
		at := time.Now().Add(time.Second)
		token := issue(w.t, w.owner, func(n *tokens.NewAccessToken) { n.ExpiresAt = at })
		return authenticate, token.value, func() time.Time {
			time.Sleep(time.Until(token.ExpiresAt))
			return token.ExpiresAt
		}
	}},
	{"role edited", func(w *revocations) (string, string, func() time.Time) {
		role := w.clerk()
		return "/v1/authorize/orders:read", w.of(w.user(tokens.Grants{Role: role.Name})).value, func() time.Time {
			return w.done(w.owner.UpdateRole(w.t.Context(), role.ID, tokens.RoleUpdate{
				Settings: tokens.RoleSettings{Permissions: []string{"orders:list"}}, Fields: tokens.Fields{"permissions"},
			}))
		}
	}},
	{"role deleted", func(w *revocations) (string, string, func() time.Time) {
		role := w.clerk()
		return "/v1/authorize/orders:read", w.of(w.user(tokens.Grants{Role: role.Name})).value, func() time.Time {
			return w.done(nil, w.owner.DeleteRole(w.t.Context(), role.ID))
		}
	}},
	{"role of the technical user changed", func(w *revocations) (string, string, func() time.Time) {
		user := w.user(tokens.Grants{Role: tokens.RoleMember})
		return "/v1/authorize/api:write", w.of(user).value, func() time.Time {
			return w.done(w.owner.UpdateTechnicalUser(w.t.Context(), user.ID, tokens.TechnicalUserUpdate{
				Settings: tokens.TechnicalUserSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}},
				Fields:   tokens.Fields{"role"},
			}))
		}
	}},
	{"role in a group removed", func(w *revocations) (string, string, func() time.Time) {
		group, role := w.group(), w.clerk()
		user := w.user(tokens.Grants{
			Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: group.ID, Role: role.Name}},
		})
		return "/v1/authorize/orders:read@" + group.ID, w.of(user).value, func() time.Time {
			return w.done(w.owner.UpdateTechnicalUser(w.t.Context(), user.ID, tokens.TechnicalUserUpdate{
				Fields: tokens.Fields{"group_roles"},
			}))
		}
	}},
	{"group deleted", func(w *revocations) (string, string, func() time.Time) {
		group, role := w.group(), w.clerk()
		user := w.user(tokens.Grants{
			Role: tokens.RoleNone, GroupRoles: []tokens.GroupRole{{GroupID: group.ID, Role: role.Name}},
		})
		return "/v1/authorize/orders:read@" + group.ID, w.of(user).value, func() time.Time {
			return w.done(nil, w.owner.DeleteGroup(w.t.Context(), group.ID))
		}
	}},
}

// TestRevocation revokes values that clients use all the time, in every way, and takes the time from the end of the
// revocation to the answer of the last request that was accepted.
func TestRevocation(t *testing.T) {
	dir := newServedWorkspace(t)
	w := &revocations{t: t, workspace: dir, owner: dir.owner()}
	issue(t, w.owner, nil)
	w.server = dir.serve()
	l := startLoad(t, w.server.url, 4)
	latencies := map[string][]*measured{}
	for range rounds(1, 200) {
		for _, kind := range kindsOfRevocation {
			latencies[kind.name] = append(latencies[kind.name], w.revoke(l, kind))
		}
	}
	time.Sleep(promised) // what is revived later, the clients see until here
	l.stop()
	l.judges(t)
	var all []*measured
	for _, kind := range kindsOfRevocation {
		all = append(all, latencies[kind.name]...)
		t.Log(distribution(kind.name, latencies[kind.name]))
	}
	t.Log(distribution("all", all))
	checkLatencies(t, all)
}

// measured is a value that was revoked.
type measured struct {
	kind string
	*subject
	// end is when the revocation had ended, since the load began.
	end time.Duration
}

// latency returns the time from the revocation to the answer of the last request that was accepted; 0 if that came before.
func (m *measured) latency() time.Duration { return max(0, time.Duration(m.accepted.Load())-m.end) }

// revoke lets clients use a value, revokes it, and waits until it is refused.
func (w *revocations) revoke(l *load, kind revocation) *measured {
	w.t.Helper()
	path, value, revoke := kind.prepare(w)
	m := &measured{kind: kind.name, subject: l.add(path, value)}
	w.server.eventually(kind.name+": the value is accepted", func() bool { return m.accepted.Load() > 0 })
	at := revoke()
	m.end = l.now()
	if !at.IsZero() {
		m.end = at.Sub(l.began)
	}
	refused := m.refused.Load()
	w.server.eventually(kind.name+": the value is refused", func() bool { return m.refused.Load() > refused })
	return m
}

// checkLatencies sees that no acceptance came later than promised.
func checkLatencies(t *testing.T, all []*measured) {
	t.Helper()
	for _, m := range all {
		if m.latency() > promised {
			t.Errorf("%s: accepted %s after the revocation", m.kind, m.latency())
		}
	}
}

// judges fails the test if the server did anything but judge. On a machine that is short of processor time, a look-up may
// take longer than it is given: then the server can't tell.
func (l *load) judges(t testing.TB) {
	t.Helper()
	l.onlyAnswers(t, http.StatusOK, http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable)
	if unable := l.answers[http.StatusServiceUnavailable].Load(); unable > 0 {
		t.Logf("%d answers with status 503", unable)
	}
}

// distribution describes how long values were accepted after their revocation.
func distribution(name string, of []*measured) string {
	var sorted []time.Duration
	for _, m := range of {
		sorted = append(sorted, m.latency())
	}
	slices.Sort(sorted)
	at := func(percent int) string {
		return fmt.Sprintf("%.1f", float64(sorted[(len(sorted)*percent+99)/100-1].Microseconds())/1000)
	}
	return fmt.Sprintf("%-36s %4d revocations, ms to the last acceptance: p50 %s, p90 %s, p99 %s, most %s", name, len(sorted),
		at(50), at(90), at(99), at(100))
}

// TestRevocationByApply is TestRevocation by applies of Terraform.
func TestRevocationByApply(t *testing.T) {
	dir := newWorkspace(t)
	const clerk = `
		resource "latchkey_role" "clerk" {
			name        = "clerk"
			permissions = ["orders:read"]
		}
	`
	const user = `
		resource "latchkey_group" "stock" { name = "stock" }
		resource "latchkey_technical_user" "robot" {
			name        = "robot"
			role        = "none" # one at organization level would count in the group, too
			group_roles = [{ group_id = latchkey_group.stock.id, role = latchkey_role.clerk.name }]
		}
	`
	token := deployToken(`technical_user_id = latchkey_technical_user.robot.id
		regenerate_triggers = { generation = "1" }`)
	all := clerk + user + token
	changed := func(before, after string) string {
		if !strings.Contains(all, before) {
			t.Fatalf("nothing has %q", before)
		}
		return strings.ReplaceAll(all, before, after)
	}
	w := &revocations{t: t, workspace: dir, owner: dir.owner()}
	dir.configure(all)
	dir.terraform("apply").exits(0)
	w.server = dir.serve()
	readOrders := "/v1/authorize/orders:read@" + dir.state().id(t, "latchkey_group.stock")
	steps := []struct{ path, after string }{
		{authenticate, changed("generation = \"1\" }", "generation = \"1\" }\nenabled = false")},
		{authenticate, changed(`generation = "1"`, `generation = "2"`)},
		{readOrders, changed("orders:read", "orders:list")},
		{readOrders, changed("[{ group_id = latchkey_group.stock.id, role = latchkey_role.clerk.name }]", "[]")},
		{authenticate, changed("\"robot\"\n", "\"robot\"\nenabled = false\n")},
		{readOrders, strings.ReplaceAll(strings.TrimPrefix(all, clerk), "latchkey_role.clerk.name", `"none"`)},
		{authenticate, clerk + user},
	}
	if !*full { // to the server, the others are the same as without Terraform
		steps = steps[:1]
	}
	var measurements []*measured
	for range rounds(1, 5) {
		for _, step := range steps {
			dir.configure(all)
			dir.terraform("apply").exits(0)
			l := startLoad(t, w.server.url, 4)
			measurements = append(measurements, w.revoke(l, revocation{"apply", func(*revocations) (string, string, func() time.Time) {
				return step.path, dir.deploy().Token, func() (now time.Time) {
					dir.configure(step.after)
					dir.terraform("apply").exits(0)
					return now
				}
			}}))
			time.Sleep(promised)
			l.stop() // the next apply may give access again
			l.judges(t)
		}
	}
	t.Log(distribution("terraform apply", measurements))
	checkLatencies(t, measurements)
}

// TestRevocationByRestore restores a backup under a running server: what was made since is refused at once, what was made
// before works, and what happens after the restore is seen.
func TestRevocationByRestore(t *testing.T) {
	dir := newServedWorkspace(t)
	w := &revocations{t: t, workspace: dir, owner: dir.owner()}
	before := issue(t, w.owner, nil)
	dir.latchkey("backup", dir.path("backup.db")).exits(0)
	w.server = dir.serve()
	l := startLoad(t, w.server.url, 4)
	var all []*measured
	for range rounds(2, 200) {
		opened := dir.owner() // a service goes on with one file
		since := issue(t, opened, nil)
		m := w.revoke(l, revocation{"restore", func(*revocations) (string, string, func() time.Time) {
			return authenticate, since.value, w.run("restore", "--yes", dir.path("backup.db"))
		}})
		all = append(all, m)
		w.server.eventually("the value from before the backup is accepted", func() bool {
			return w.server.get(authenticate, before.value).status == http.StatusOK
		})
	}
	later := l.add(authenticate, before.value)
	w.server.eventually("the value is accepted", func() bool { return later.accepted.Load() > 0 })
	all = append(all, w.revoke(l, revocation{"token disable after the restores", func(*revocations) (string, string, func() time.Time) {
		return authenticate, before.value, w.run("token", "disable", before.ID)
	}}))
	time.Sleep(promised)
	l.stop()
	t.Log(distribution("restore", all))
	checkLatencies(t, all)
	dir.latchkey("doctor").exits(0)
}
