//go:build unix

package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// Two machines that build the same commit install the same version, so that the lock file of one holds on the other.
// Other sources, or another build of them, get another version.
func TestInstalledVersionFollowsTheCommit(t *testing.T) {
	w := newWorkspace(t)
	w.write("cli.tfrc", "") // without settings, Terraform looks where make install puts the provider
	w.configure(`resource "latchkey_group" "shop" { name = "shop" }`)
	source := newSource(w)
	homes := []string{t.TempDir(), t.TempDir()}
	install := func(home, program string) (version string) {
		t.Helper()
		source.env = append(source.env, "HOME="+home)
		done := finish(t, source.command("sh", "tools/install.sh", program, "0.1.0-dev")).exits(0)
		return regexp.MustCompile(`0\.1\.\d{14}`).FindString(done.stdout)
	}
	initialize := func(home string, args ...string) result {
		t.Helper()
		if err := os.RemoveAll(w.path(".terraform")); err != nil {
			t.Fatal(err)
		}
		w.env = []string{"HOME=" + home, "XDG_DATA_HOME=" + home}
		return w.terraform("init", args...)
	}

	for _, home := range homes {
		if version := install(home, binary(t)); version != "0.1.20260304050607" {
			t.Fatalf("installed version %q, want that of the commit", version)
		}
	}
	initialize(homes[0]).exits(0)
	initialize(homes[1], "-lockfile=readonly").exits(0)
	if again := install(homes[1], binary(t)); again != "0.1.20260304050607" {
		t.Errorf("installed again as %q", again)
	}

	program, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, append(program, 0), 0o700); err != nil {
		t.Fatal(err)
	}
	if version := install(homes[0], other); version <= "0.1.20260304050607" {
		t.Errorf("another build of the commit got version %q", version)
	}
	source.write("main.go", "package main\n\nfunc main() {}\n")
	if version := install(homes[1], other); version <= "0.1.20260304050607" {
		t.Errorf("a build of changed sources got version %q", version)
	}
	if out := finish(t, source.command("git", "status", "--porcelain")).stdout; strings.TrimSpace(out) != "M main.go" {
		t.Errorf("installing changed the sources: %s", out)
	}
}

// A mirror of what was installed for several platforms, named as the guide shows, serves a machine that installed
// nothing, with a lock file that holds for all of these platforms.
func TestMirrorOfSeveralPlatforms(t *testing.T) {
	w := newWorkspace(t)
	w.configure(`resource "latchkey_group" "shop" { name = "shop" }`)
	program, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other") // differs, as a build for another platform does
	if err := os.WriteFile(other, append(program, 0), 0o700); err != nil {
		t.Fatal(err)
	}
	source := newSource(w)
	home := t.TempDir()
	own := runtime.GOOS + "_" + runtime.GOARCH
	platforms := map[string]string{own: binary(t), "windows_arm64": other}
	for platform, built := range platforms {
		system, architecture, _ := strings.Cut(platform, "_")
		install := source.command("sh", "tools/install.sh", built, "0.1.0-dev")
		install.Env = append(install.Env, "HOME="+home, "GOOS="+system, "GOARCH="+architecture)
		finish(t, install).exits(0)
	}

	guide, err := os.ReadFile(filepath.Join(repository, "templates", "guides", "working-as-a-team.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	settings := regexp.MustCompile("(?s)```terraform\n(provider_installation.*?)```").FindSubmatch(guide)
	if settings == nil {
		t.Fatal("the guide shows no provider_installation")
	}
	mirror := filepath.Join(home, ".terraform.d", "plugins")
	w.write("cli.tfrc", strings.ReplaceAll(string(settings[1]), "/srv/terraform-mirror", mirror))
	w.env = []string{"HOME=" + t.TempDir()}
	w.terraform("providers", "lock", "-fs-mirror="+mirror, "-platform="+own, "-platform=windows_arm64").exits(0)
	lock, err := os.ReadFile(w.path(".terraform.lock.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(lock), "h1:"); n != len(platforms) {
		t.Errorf("the lock file has %d checksums, want one for each platform:\n%s", n, lock)
	}
	w.terraform("init", "-lockfile=readonly").exits(0)
}

// newSource returns a clone with the script that installs, in which everything is committed.
func newSource(w *workspace) *workspace {
	t := w.t
	t.Helper()
	script, err := os.ReadFile(filepath.Join(repository, "tools", "install.sh"))
	if err != nil {
		t.Fatal(err)
	}
	source := &workspace{t: t, dir: t.TempDir(), adjust: w.adjust}
	if err := os.Mkdir(source.path("tools"), 0o700); err != nil {
		t.Fatal(err)
	}
	source.write("tools/install.sh", string(script))
	source.write("main.go", "package main\n")
	source.env = []string{"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@acme.example", "GIT_COMMITTER_NAME=a",
		"GIT_COMMITTER_EMAIL=a@acme.example", "GIT_COMMITTER_DATE=2026-03-04T05:06:07Z", "GIT_CONFIG_GLOBAL=" + os.DevNull}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"commit", "--quiet", "--message", "All"}} {
		finish(t, source.command("git", args...)).exits(0)
	}
	return source
}
