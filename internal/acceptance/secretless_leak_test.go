package acceptance

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

// secretless is a token whose secret comes from outside, and one whose secret is made and encrypted.
const secretless = `
	variable "value" {
		type      = string
		ephemeral = true
		sensitive = true
	}
	resource "latchkey_access_token" "brought" {
		name             = "brought"
		token_wo         = var.value
		token_wo_version = VERSION
		grace_period     = "1h"
	}
	resource "latchkey_access_token" "encrypted" {
		name                = "encrypted"
		secret_in_state     = false
		encrypt_to          = ["RECIPIENT"]
		regenerate_triggers = { version = "VERSION" }
	}
	resource "latchkey_member" "anna" { email = "anna@example.com" }
	resource "latchkey_token_share" "anna" {
		access_token_id = latchkey_access_token.brought.id
		member_id       = latchkey_member.anna.id
		role            = "viewer"
	}
`

// TestNoLeakOfSecretless goes through the life of tokens whose secrets no state holds, with all logs on, and searches every
// file for them: states, backups, saved plans with all that is in them, what Terraform says of these, logs, and what a crash
// leaves. It plants one to prove that it would find it.
func TestNoLeakOfSecretless(t *testing.T) {
	w := newWorkspace(t)
	temporary := t.TempDir()
	said := &transcript{search: newLeakSearch(), texts: map[string]string{}}
	env := append(slices.Clone(w.env), "TF_LOG=TRACE", "TF_LOG_PATH="+w.path("trace.log"), "TMPDIR="+temporary)
	bring := func(value string) {
		said.search.add(value)
		w.env = append(slices.Clone(env), "TF_VAR_value="+value)
	}
	run := func(code int, args ...string) {
		t.Helper()
		said.add(w.terraform(args[0], args[1:]...).exits(code))
		addEveryFile(t, said, w.dir, temporary)
	}
	identity, err := age.GenerateX25519Identity()
	w.must(err)
	configure := func(version string) {
		w.configure(strings.NewReplacer("VERSION", version, "RECIPIENT", identity.Recipient().String()).Replace(secretless))
	}

	first, second := "own."+rand.Text()+rand.Text(), "own."+rand.Text()+rand.Text()
	configure("1")
	bring(first)
	run(0, "plan", "-out=create.tfplan")
	run(0, "show", "create.tfplan")
	run(0, "show", "-json", "create.tfplan")
	run(0, "apply", "create.tfplan")
	run(0, "plan", "-detailed-exitcode")
	configure("2")
	bring(second)
	run(2, "plan", "-detailed-exitcode", "-out=change.tfplan")
	run(0, "show", "-json", "change.tfplan")
	run(0, "apply", "change.tfplan")
	run(0, "show")
	run(0, "show", "-json")
	bring("qwertyuiopasdfghjklzxcvbnm123456") // too easy to guess
	configure("3")
	run(1, "plan")
	bring(second)
	w.breakDatabase(func() { run(1, "plan") })
	if got := w.latchkeyReading(second, "token", "verify"); got.code != 0 {
		t.Errorf("the value that was brought last is not good: %d", got.code)
	}
	said.add(w.latchkeyReading(first, "token", "verify").exits(0)) // within its grace
	said.add(w.latchkey("event", "list", "--json").exits(0))
	configure("2")
	run(0, "destroy")

	said.check(t, 3)
	said.provesItself(t, w.path("trace.log"))
	state := w.path("terraform.tfstate.backup")
	for _, planted := range []string{state, "change.tfplan: tfplan"} {
		if text, ok := said.texts[planted]; !ok || !strings.Contains(text, "latchkey_access_token") {
			t.Errorf("%s was not searched", planted)
		}
	}
	said.texts[state] += second
	if _, _, found := said.search.find(said.texts[state]); !found {
		t.Error("a value in a state is not found")
	}
}

// addEveryFile records all files in directories, also those that hold secrets by nature, and what is in saved plans.
func addEveryFile(t *testing.T, s *transcript, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if !strings.Contains(s.texts[path], string(content)) {
				s.texts[path] += string(content)
			}
			if !strings.HasSuffix(path, ".tfplan") {
				return nil
			}
			members, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
			if err != nil {
				return err
			}
			for _, member := range members.File {
				from, err := member.Open()
				if err != nil {
					return err
				}
				text, err := io.ReadAll(from)
				if err != nil {
					return err
				}
				s.texts[entry.Name()+": "+member.Name] = string(text)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
