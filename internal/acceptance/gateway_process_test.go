package acceptance

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gateway is an example of examples/gateways.
type gateway struct {
	// folder is the example, below examples/gateways.
	folder string
	// changes are pairs of a text in its files and what stands there instead.
	changes []string
}

// start starts the gateway, which asks a server about the requests to an API, and skips the test where the machine
// doesn't have it.
func (g gateway) start(t testing.TB, server, api string) *background {
	t.Helper()
	program, err := exec.LookPath(g.folder)
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/" + g.folder) // which is not in everyone's PATH
	}
	if err != nil && os.Getenv("REQUIRE_GATEWAYS") == "" {
		t.Skipf("NOT TESTED for want of %s: apt-get install nginx-light caddy", g.folder)
	}
	if err != nil {
		t.Fatalf("no %s in the PATH, and REQUIRE_GATEWAYS asks for it", g.folder)
	}
	address := freeAddress(t)
	changes := slices.Concat(g.changes, []string{"127.0.0.1:8080", server, "127.0.0.1:9000", api})
	switch g.folder {
	case "nginx":
		return startNginx(t, program, address, changes)
	case "caddy":
		return startCaddy(t, program, address, changes)
	}
	t.Fatalf("no gateway %s", g.folder)
	return nil
}

// startNginx starts nginx with the example, so that all its files are in a folder of the test.
func startNginx(t testing.TB, program, address string, changes []string) *background {
	t.Helper()
	dir := t.TempDir()
	own := "http {\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		own += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	changes = append(changes, "listen 127.0.0.1:8081;", "listen "+address+";", "http {\n", own,
		"/var/log/nginx/access.log", filepath.Join(dir, "access.log"))
	copyExample(t, dir, "nginx", changes)
	global := "daemon off; pid " + filepath.Join(dir, "pid") + ";"
	if os.Getuid() == 0 {
		global += " user root;" // the folders of the test belong to root
	}
	cmd := exec.CommandContext(t.Context(), program, "-e", filepath.Join(dir, "error.log"), "-g", global,
		"-c", filepath.Join(dir, "nginx.conf"))
	cmd.Dir = dir
	return startBackground(t, cmd, address)
}

// startCaddy starts Caddy with the example, so that all its files are in a folder of the test.
func startCaddy(t testing.TB, program, address string, changes []string) *background {
	t.Helper()
	dir := t.TempDir()
	_, port, _ := strings.Cut(address, ":")
	changes = append(changes, "http://:8081 {", "http://:"+port+" {\n log\n")
	copyExample(t, dir, "caddy", changes)
	cmd := exec.CommandContext(t.Context(), program, "run", "--adapter", "caddyfile", "--config",
		filepath.Join(dir, "Caddyfile"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	return startBackground(t, cmd, address)
}

// copyExample copies the files of an example into a folder, with these texts replaced. Each of them must be there.
func copyExample(t testing.TB, dir, folder string, changes []string) {
	t.Helper()
	missing := map[string]bool{}
	for i := 0; i < len(changes); i += 2 {
		missing[changes[i]] = true
	}
	replacer := strings.NewReplacer(changes...)
	examples := os.DirFS(filepath.Join(repository, "examples", "gateways", folder))
	err := fs.WalkDir(examples, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(examples, name)
		if err != nil {
			return err
		}
		for i := 0; i < len(changes); i += 2 {
			if strings.Contains(string(content), changes[i]) {
				delete(missing, changes[i])
			}
		}
		return os.WriteFile(filepath.Join(dir, name), []byte(replacer.Replace(string(content))), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	for text := range missing {
		t.Errorf("no file of the %s example has %q", folder, text)
	}
}
