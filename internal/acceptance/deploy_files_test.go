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
	unit := map[string][]string{}
	for line := range strings.Lines(content) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			unit[key] = append(unit[key], value)
		}
	}
	one := func(key string) string {
		t.Helper()
		if len(unit[key]) != 1 {
			t.Fatalf("%s is %q", key, unit[key])
		}
		return unit[key][0]
	}
	folder, inFolder := strings.CutPrefix(one("Environment"), "LATCHKEY_DATABASE=/var/lib/"+one("StateDirectory")+"/")
	if !inFolder || one("StateDirectoryMode") != "0700" || folder == "" {
		t.Errorf("the database is not in the unit's own folder: %s", one("Environment"))
	}
	if one("User") == "root" || one("NoNewPrivileges") != "true" || one("ProtectSystem") != "strict" {
		t.Error("the unit has more rights than it needs")
	}

	args := strings.Fields(one("ExecStart"))
	i := slices.Index(args, "--drain")
	if args[0] != program || i < 0 {
		t.Fatalf("ExecStart is %q", args)
	}
	drain, err := time.ParseDuration(args[i+1])
	if err != nil {
		t.Fatal(err)
	}
	if stop, err := time.ParseDuration(one("TimeoutStopSec") + "s"); err != nil || stop < drain+20*time.Second {
		t.Errorf("systemd waits %s for a server that drains for %s", stop, drain)
	}
	args[i+1] = "0s"
	server := w.serveAs(binary(t), args[1:], map[string]string{"127.0.0.1:8080": "--listen", "127.0.0.1:9090": "--ops-listen"})
	if one("ExecReload") != "/bin/kill -HUP $MAINPID" {
		t.Errorf("ExecReload is %q", one("ExecReload"))
	}
	if err := server.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	server.awaits("http://"+server.address+"/v1/authenticate", http.StatusUnauthorized)
	server.stop()

	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	w.write("latchkey.service", strings.ReplaceAll(content, program, binary(t)))
	result := finish(t, w.command(analyze, "verify", "--man=no", w.path("latchkey.service"))).exits(0)
	if result.stderr != "" {
		t.Errorf("systemd says: %s", result.stderr)
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
