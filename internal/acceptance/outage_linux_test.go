package acceptance

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// outages are ways in which a database can't be read. Each one begins, and returns what ends it.
var outages = map[string]func(w *workspace) (end func()){
	"locked by another process": func(w *workspace) func() { return w.lockWholly() },
	"moved away": func(w *workspace) func() {
		w.moveDatabase("", ".away")
		return func() { w.moveDatabase(".away", "") }
	},
	"a directory in its place": func(w *workspace) func() {
		w.moveDatabase("", ".away")
		w.must(os.Mkdir(w.databasePath(), 0o700))
		return func() {
			w.must(os.Remove(w.databasePath()))
			w.moveDatabase(".away", "")
		}
	},
	"another file in its place": func(w *workspace) func() {
		w.moveDatabase("", ".away")
		w.must(os.WriteFile(w.databasePath(), []byte(strings.Repeat("not a database ", 5000)), 0o600))
		return func() { w.moveDatabase(".away", "") }
	},
	"an empty file in its place": func(w *workspace) func() {
		w.moveDatabase("", ".away")
		w.must(os.WriteFile(w.databasePath(), nil, 0o600))
		return func() { w.moveDatabase(".away", "") }
	},
	"cut off": func(w *workspace) func() {
		content := w.databaseContent()
		w.must(os.Truncate(w.databasePath(), 100))
		return func() { w.overwrite(content) }
	},
	"overwritten": func(w *workspace) func() {
		content := w.databaseContent()
		w.overwrite([]byte(strings.Repeat("not a database!!", len(content)/16)))
		return func() { w.overwrite(content) }
	},
}

// databaseContent returns what the file of the database holds.
func (w *workspace) databaseContent() []byte {
	w.t.Helper()
	content, err := os.ReadFile(w.databasePath())
	w.must(err)
	return content
}

// overwrite writes over the file of the database, which stays the same file.
func (w *workspace) overwrite(content []byte) {
	w.t.Helper()
	file, err := os.OpenFile(w.databasePath(), os.O_WRONLY, 0)
	w.must(err)
	_, err = file.Write(content)
	w.must(errors.Join(err, file.Close()))
}

// moveDatabase moves the files of the database; the one by which it is found first on the way out, and last on the way back,
// or a server would open it without the others.
func (w *workspace) moveDatabase(from, to string) {
	w.t.Helper()
	suffixes := []string{"", "-wal", "-shm"}
	if to == "" {
		slices.Reverse(suffixes)
	}
	for _, suffix := range suffixes {
		err := os.Rename(w.databasePath()+from+suffix, w.databasePath()+to+suffix)
		if err != nil && (suffix == "" || !errors.Is(err, os.ErrNotExist)) {
			w.t.Fatal(err)
		}
	}
}

// lockWholly takes all of SQLite's locks on a database in WAL mode, as a process does that closes or recovers it. Nobody
// else can begin to read then. See "WAL-mode File Format" in SQLite's documentation, section 2.3.
func (w *workspace) lockWholly() (release func()) {
	w.t.Helper()
	file, err := os.OpenFile(w.databasePath()+"-shm", os.O_RDWR, 0)
	w.must(err)
	const firstLock, locks = 120, 8
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: unix.SEEK_SET, Start: firstLock, Len: locks}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock)
		if err == nil {
			return func() { w.must(file.Close()) }
		}
		if time.Now().After(end) {
			w.t.Fatal(err)
		}
	}
}

// TestOutageIsNoRefusal takes the database from a running server. Once what it knows is older than --max-staleness, it
// can't tell of any value whether it is good, and says so. With the database back, it tells again.
func TestOutageIsNoRefusal(t *testing.T) {
	for name, begin := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkOutage(t, newServedWorkspace(t), begin)
		})
	}
}

// checkOutage takes the database of a workspace from a running server, and gives it back.
func checkOutage(t *testing.T, w *workspace, begin func(*workspace) (end func())) {
	t.Helper()
	opened := w.owner()
	good, cold, dead := issue(t, opened, nil), issue(t, opened, nil), issue(t, opened, nil)
	client := issue(t, opened, func(n *tokens.NewAccessToken) { n.Own.Role = tokens.RoleAdministrator })
	disable(t, opened, dead.ID)
	unknown := unknownValue(t)
	w.must(opened.Close()) // or its locks would end with those of the test
	s := w.serve("--max-staleness", "1s")
	questions := []question{
		{good.value, client.value, true}, {dead.value, client.value, false}, {unknown, client.value, false},
	}
	for _, q := range questions {
		q.check(s, false)
	}

	end := begin(w)
	s.eventually("the server can't tell", func() bool {
		told := false
		for _, q := range questions {
			told = q.check(s, true) || told
		}
		return !told
	})
	for _, value := range []string{good.value, cold.value, dead.value, unknown, unknownValue(t)} {
		for _, path := range []string{authenticate, "/v1/authorize/api:read", "/v1/authorize/orders:read"} {
			s.unavailable(s.get(path, value), path)
		}
		s.unavailable(s.post("/v1/introspect", client.value, "token="+value), "/v1/introspect")
		s.unavailable(s.post("/v1/introspect", value, "token="+good.value), "/v1/introspect")
		s.unavailable(s.post("/v1/revoke", "", "token="+value), "/v1/revoke")
	}
	s.unavailable(s.get("/readyz", ""), "/readyz")
	if got := s.get("/healthz", ""); got.status != http.StatusOK {
		t.Errorf("/healthz: got %d", got.status)
	}

	end()
	s.eventually("the server may be asked again", func() bool {
		for _, q := range questions {
			q.check(s, true)
		}
		return s.get("/readyz", "").status == http.StatusOK
	})
	for _, q := range questions {
		q.check(s, false)
	}
	w.latchkey("token", "disable", good.ID).exits(0)
	s.eventually("the value is refused", func() bool { return s.get(authenticate, good.value).status == http.StatusUnauthorized })
}

// question is a value, a client that may introspect it, and whether it is good.
type question struct {
	value, client string
	good          bool
}

// check sees that the server says of the value what is true, or nothing where it may be unable to tell. It reports
// whether the server told anything.
func (q question) check(s *server, mayBeUnable bool) (told bool) {
	s.t.Helper()
	refused := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}
	answers := map[string]reply{}
	s.eventually("the server can tell", func() bool {
		answers["authenticate"] = s.get(authenticate, q.value)
		answers["introspect"] = s.post("/v1/introspect", q.client, "token="+q.value)
		return mayBeUnable || answers["authenticate"].status != http.StatusServiceUnavailable &&
			answers["introspect"].status != http.StatusServiceUnavailable
	})
	for what, got := range answers {
		right := got.status == refused[q.good]
		if what == "introspect" {
			right = got.status == http.StatusOK && strings.HasPrefix(got.body, fmt.Sprintf(`{"active":%t`, q.good))
		}
		if got.status != http.StatusServiceUnavailable {
			told = true
		}
		if !right && (!mayBeUnable || got.status != http.StatusServiceUnavailable) {
			s.t.Errorf("%s, of a value for which good is %t: got %d %s", what, q.good, got.status, got.body)
		}
	}
	return told
}

// unavailable sees that the server says that it can't tell.
func (s *server) unavailable(got reply, path string) {
	s.t.Helper()
	if got.status != http.StatusServiceUnavailable {
		s.t.Errorf("%s: got %d %s, not 503", path, got.status, got.body)
	}
}
