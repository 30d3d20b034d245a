package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMovingGuide follows the guide "From one machine to many" with a file that Terraform has filled: it runs its commands in
// their order, on a server with nothing on it. No plan shows a change.
func TestMovingGuide(t *testing.T) {
	if _, err := exec.LookPath("psql"); err != nil {
		if os.Getenv("REQUIRE_GATEWAYS") != "" {
			t.Fatal("there is no psql in the PATH")
		}
		t.Skip("there is no psql in the PATH, which the guide uses")
	}
	d := newServer(t, newWorkspace(t))
	d.configure(everyKind)
	d.terraform("apply").exits(0).says("6 added")
	d.setPassword("postgres")
	for name, script := range map[string]string{
		"latchkey":  `exec "` + binary(t) + `" "$@"`,
		"terraform": `exec "` + terraformPath(t) + `" "$@" -detailed-exitcode`, // which says by 2 that there are changes
	} {
		d.write(name, "#!/bin/sh\n"+script+"\n")
		d.must(os.Chmod(d.path(name), 0o700))
	}
	examples, err := filepath.Abs(filepath.Join(repository, "examples", "deploy", "nodes"))
	d.must(err)
	here := strings.NewReplacer("host=db.acme.example", "host=localhost port="+d.server.Port,
		"@db.acme.example/", "@localhost:"+d.server.Port+"/", "/etc/latchkey/database.crt", d.server.Authority,
		"/var/lib/latchkey/", d.dir+"/", "/var/backups/latchkey/", d.dir+"/", "-f ", "-f "+examples+"/",
		"--accept-current", "--accept-current --yes", "restore /var/backups/latchkey/", "restore --yes "+d.dir+"/")

	content, err := os.ReadFile(filepath.Join(repository, "templates", "guides", "from-one-machine-to-many.md.tmpl"))
	d.must(err)
	settings, ran := "PATH=\""+d.dir+":$PATH\"\n", 0
	for _, block := range regexp.MustCompile("(?s)```shell\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		commands := here.Replace(block[1])
		if strings.Contains(commands, "latchkey serve") { // which does not end
			continue
		}
		finish(t, d.command("sh", "-e", "-c", settings+commands)).exits(0)
		ran++
		for line := range strings.Lines(commands) {
			if strings.HasPrefix(line, "export ") || strings.HasPrefix(line, "ADMIN=") {
				settings += line
			}
		}
		switch {
		case strings.Contains(commands, "grants.sql"): // and then people type passwords
			d.setPassword("latchkey")
			d.setPassword("latchkey_verify")
		case strings.Contains(commands, "event verify"): // and then they name the new place
			d.database = d.addressFor("latchkey")
			d.configure(everyKind)
		}
	}
	if ran < 7 {
		t.Errorf("ran only %d blocks: does the pattern still match?", ran)
	}
	d.database = d.addressFor("latchkey_verify")
	for _, token := range d.state().tokens(t) {
		d.latchkeyReading(token.Token, "token", "verify").exits(0)
	}
	d.latchkey("token", "list").exits(3).says("the role may not do this")
}
