//go:build linux

package acceptance

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestManagementGuide runs the commands of the guide to the HTTP API against a server, in their order.
func TestManagementGuide(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		if os.Getenv("REQUIRE_GATEWAYS") != "" {
			t.Fatal("there is no curl in the PATH")
		}
		t.Skip("there is no curl in the PATH, by which the guide asks")
	}
	content, err := os.ReadFile(filepath.Join(repository, "templates", "guides", "managing-over-http.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	w := newServedWorkspace(t)
	w.throughServer()
	id, commands := "", 0
	for _, block := range regexp.MustCompile("(?s)```shell\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		i := strings.Index(block[1], "curl ")
		if i < 0 {
			continue
		}
		cmd := w.command("sh", "-c", strings.ReplaceAll(placeholder.ReplaceAllLiteralString(block[1][i:], id), "curl ", curl+" "))
		said := finish(t, cmd).exits(0)
		var answer struct {
			ID   string `json:"id"`
			Code string `json:"code"`
		}
		decode(t, said.stdout, &answer)
		if answer.Code != "" {
			t.Errorf("%s answers %s", block[1][i:], answer.Code)
		}
		if !json.Valid([]byte(said.stdout)) {
			t.Errorf("%s answers with no JSON", block[1][i:])
		}
		if answer.ID != "" {
			id = answer.ID
		}
		commands++
	}
	if commands < 5 {
		t.Errorf("found only %d commands: does the pattern still match?", commands)
	}
	w.latchkey("token", "show", id).exits(0).says("Deploys the shop")
}
