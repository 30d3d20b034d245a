package acceptance

import (
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSystemdUnit runs what examples/deploy/latchkey.service runs, and has systemd read it where there is one.
func TestSystemdUnit(t *testing.T) {
	w := newWorkspace(t)
	const program = "/usr/local/bin/latchkey"
	content := w.deployFile("latchkey.service")
	unit := readUnit(content)
	one := func(key string) string {
		t.Helper()
		return unit.one(t, key)
	}
	folder, inFolder := strings.CutPrefix(one("Environment"), "LATCHKEY_DATABASE=/var/lib/"+one("StateDirectory")+"/")
	if !inFolder || one("StateDirectoryMode") != "0700" || folder == "" {
		t.Errorf("the database is not in the unit's own folder: %s", one("Environment"))
	}
	if one("User") == "root" || one("NoNewPrivileges") != "true" || one("ProtectSystem") != "strict" {
		t.Error("the unit has more rights than it needs")
	}

	args := strings.Fields(one("ExecStart"))
	if args[0] != program {
		t.Fatalf("ExecStart is %q", args)
	}
	unit.waitsForDrain(t, args)
	args[slices.Index(args, "--drain")+1] = "0s"
	server := w.serveAs(binary(t), args[1:], map[string]string{"127.0.0.1:8080": "--listen", "127.0.0.1:9090": "--ops-listen"})
	if one("ExecReload") != "/bin/kill -HUP $MAINPID" {
		t.Errorf("ExecReload is %q", one("ExecReload"))
	}
	if err := server.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	server.awaits("http://"+server.address+"/v1/authenticate", http.StatusUnauthorized)
	server.stop()

	w.readBySystemd(nil)
}

// readBySystemd has systemd read the unit with drop-ins by their names, where there is a systemd.
func (w *workspace) readBySystemd(dropIns map[string]string) {
	w.t.Helper()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	folder := filepath.Join(w.t.TempDir(), "units")
	if err := os.MkdirAll(filepath.Join(folder, "latchkey.service.d"), 0o700); err != nil {
		w.t.Fatal(err)
	}
	files := map[string]string{"latchkey.service": w.deployFile("latchkey.service")}
	for name, content := range dropIns {
		files[filepath.Join("latchkey.service.d", name)] = content
	}
	for name, content := range files {
		content = strings.ReplaceAll(content, "/usr/local/bin/latchkey", binary(w.t))
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	result := finish(w.t, w.command(analyze, "verify", "--man=no", filepath.Join(folder, "latchkey.service"))).exits(0)
	if result.stderr != "" {
		w.t.Errorf("systemd says: %s", result.stderr)
	}
}

// systemdUnit holds the values of the settings of a unit.
type systemdUnit map[string][]string

// readUnit reads a unit and the drop-ins that follow it: an empty value undoes those before it.
func readUnit(content string) systemdUnit {
	unit := systemdUnit{}
	for line := range strings.Lines(content) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case !ok || strings.HasPrefix(key, "#"):
		case value == "":
			delete(unit, key)
		default:
			unit[key] = append(unit[key], value)
		}
	}
	return unit
}

// one returns the only value of a setting.
func (u systemdUnit) one(t testing.TB, key string) string {
	t.Helper()
	if len(u[key]) != 1 {
		t.Fatalf("%s is %q", key, u[key])
	}
	return u[key][0]
}

// waitsForDrain fails the test unless systemd waits for a server that ends with these arguments.
func (u systemdUnit) waitsForDrain(t testing.TB, args []string) {
	t.Helper()
	i := slices.Index(args, "--drain")
	if i < 0 {
		t.Fatalf("ExecStart is %q", args)
	}
	drain, err := time.ParseDuration(args[i+1])
	if err != nil {
		t.Fatal(err)
	}
	if stop, err := time.ParseDuration(u.one(t, "TimeoutStopSec") + "s"); err != nil || stop < drain+20*time.Second {
		t.Errorf("systemd waits %s for a server that drains for %s", stop, drain)
	}
}

// TestDockerfile builds and runs what examples/deploy/Dockerfile builds and runs, without a container.
func TestDockerfile(t *testing.T) {
	w := newWorkspace(t)
	var build string
	final := map[string]string{} // the instructions of the last stage
	content := strings.ReplaceAll(w.deployFile("Dockerfile"), "\\\n", "")
	for line := range strings.Lines(content) {
		instruction, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "", "#":
		case "FROM":
			clear(final)
			final[instruction] = argument
		case "RUN":
			if strings.Contains(argument, "go build") {
				build = argument
			}
		case "ARG", "COPY", "WORKDIR", "USER", "VOLUME", "ENV", "EXPOSE", "ENTRYPOINT", "CMD":
			final[instruction] = argument
		default:
			t.Errorf("unknown instruction %q", instruction)
		}
	}
	user, _, _ := strings.Cut(final["USER"], ":")
	if final["FROM"] != "scratch" || user == "" || user == "0" || user == "root" {
		t.Errorf("the image is made from %s, and runs as %q", final["FROM"], user)
	}
	_, database, _ := strings.Cut(final["ENV"], "LATCHKEY_DATABASE=")
	folder := "--chown=" + final["USER"] + " --chmod=700 /folder " + path.Dir(database)
	if path.Dir(database) != final["VOLUME"] || !strings.HasSuffix(final["COPY"], folder) {
		t.Errorf("the database is %s, the volume %s, and its folder is made by %q", database, final["VOLUME"], final["COPY"])
	}

	program := filepath.Join(w.dir, "latchkey")
	cmd := w.command("sh", "-c", strings.ReplaceAll(build, "/latchkey", program))
	cmd.Dir = repository
	cmd.Env = append(cmd.Env, "VERSION=1.2.3")
	finish(t, cmd).exits(0)
	finish(t, w.command(program, "version")).exits(0).says("1.2.3")
	var entry, args []string
	decode(t, final["ENTRYPOINT"], &entry)
	decode(t, final["CMD"], &args)
	if !slices.Equal(entry, []string{"/latchkey"}) {
		t.Errorf("the image runs %q", entry)
	}
	if final["EXPOSE"] != "8080 9090" {
		t.Errorf("the image exposes %q", final["EXPOSE"])
	}
	server := w.serveAs(program, args, map[string]string{":8080": "--listen", ":9090": "--ops-listen"})
	server.awaits("http://"+server.address+"/v1/authenticate", http.StatusUnauthorized)
	server.stop()
}

// deployFile returns a file of examples/deploy.
func (w *workspace) deployFile(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "examples", "deploy", name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

// serveAs starts a server with arguments from a file, in which each of these addresses follows a flag. The server
// listens at free addresses of this machine instead.
func (w *workspace) serveAs(program string, args []string, addresses map[string]string) *background {
	w.t.Helper()
	listen := ""
	for address, flag := range addresses {
		i := slices.Index(args, flag)
		if i < 0 || args[i+1] != address {
			w.t.Fatalf("%s is not %s in %q", flag, address, args)
		}
		args[i+1] = freeAddress(w.t)
		if flag == "--listen" {
			listen = args[i+1]
		}
	}
	w.latchkey("bootstrap", "--output", w.path("owner.token")).exits(0)
	cmd := w.command(program, args...)
	cmd.Env = append(cmd.Env, "LATCHKEY_DATABASE="+w.databasePath())
	return startBackground(w.t, cmd, listen)
}
