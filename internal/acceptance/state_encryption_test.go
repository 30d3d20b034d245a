package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// opentofuPath returns an OpenTofu: the one that the tests run with, or the one that tools/opentofu.sh has built.
func opentofuPath(t *testing.T) string {
	t.Helper()
	version, err := exec.CommandContext(t.Context(), terraformPath(t), "version").Output()
	if err == nil && strings.HasPrefix(string(version), "OpenTofu") {
		return terraformPath(t)
	}
	module, err := os.ReadFile(filepath.Join(repository, "tools", "tofu", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`github\.com/opentofu/opentofu v(\S+)`).FindSubmatch(module)
	if match == nil {
		t.Fatal("tools/tofu/go.mod names no version of OpenTofu")
	}
	path, err := filepath.Abs(filepath.Join(repository, ".bin", "tofu-"+string(match[1])))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("NOT TESTED for want of OpenTofu: tools/opentofu.sh builds it, as .ci/run does")
	}
	return path
}

// Neither the state nor a plan file holds a value where OpenTofu encrypts them as the guide shows.
func TestStateEncryption(t *testing.T) {
	w := newWorkspace(t)
	w.program = opentofuPath(t)
	example := filepath.Join(repository, "examples", "state-encryption")
	w.useExample(example)
	encrypt := func() {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(example, "encryption.tofu"))
		if err != nil {
			t.Fatal(err)
		}
		w.write("encryption.tofu", string(content))
	}
	// holds reports whether one of the files with a value of a token holds it.
	holds := func(value string, files ...string) bool {
		t.Helper()
		for _, file := range files {
			content, err := os.ReadFile(w.path(file))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte(value)) {
				return true
			}
		}
		return false
	}
	w.terraform("apply").exits(0)
	plain := strings.TrimSpace(w.terraform("output", "-raw", "deploy_token").exits(0).stdout)
	if !holds(plain, "terraform.tfstate") {
		t.Fatal("the state holds no value even where nothing encrypts it")
	}
	w.terraform("destroy").exits(0)
	w.remove("terraform.tfstate")
	w.remove("terraform.tfstate.backup")

	encrypt()
	w.env = []string{"TF_VAR_state_passphrase=correct horse battery staple"}
	w.terraform("apply").exits(0)
	value := strings.TrimSpace(w.terraform("output", "-raw", "deploy_token").exits(0).stdout)
	if !strings.HasPrefix(value, "lk_") {
		t.Fatal("no value was issued")
	}
	w.write("change.tf", `resource "latchkey_group" "shop" { name = "shop" }`)
	w.terraform("plan", "-out=tokens.tfplan").exits(0)
	if holds(value, "terraform.tfstate", "tokens.tfplan") || holds("latchkey_access_token", "terraform.tfstate") {
		t.Error("the state or the plan holds the value")
	}
	if holds("PK\x03\x04", "tokens.tfplan") { // a plan file is an archive, whose parts are compressed
		t.Error("the plan is not encrypted")
	}
	w.terraform("apply", "tokens.tfplan").exits(0)
	if holds(value, "terraform.tfstate", "terraform.tfstate.backup") {
		t.Error("the state holds the value")
	}
	w.env = []string{"TF_VAR_state_passphrase=another horse battery staple"}
	w.terraform("plan").exits(1)
}
