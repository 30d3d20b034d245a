//go:build linux

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestPipelineExample runs what the pipelines of examples/pipeline run, against a server that is also the API which they test.
func TestPipelineExample(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("REQUIRE_GATEWAYS") != "" {
			t.Fatal("there is no curl in the PATH")
		}
		t.Skip("there is no curl in the PATH, by which the example asks")
	}
	example := filepath.Join(repository, "examples", "pipeline")
	for name, script := range pipelineScripts(t, example) {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			s := w.throughServer()
			w.useExample(example)
			run := func(path string) result {
				t.Helper()
				script := strings.NewReplacer("https://api.acme.example/health", s.url+path, "terraform init", ":",
					"terraform ", terraformPath(t)+" ").Replace(script)
				cmd := w.command("sh", "-ec", script)
				cmd.Env = append(cmd.Env, "GITHUB_SHA=4711", "CI_COMMIT_SHA=4711")
				return finish(t, cmd)
			}
			run("/v1/authorize/api:write").exits(1) // a viewer's token
			left := w.ephemerals()
			if len(left) != 1 {
				t.Errorf("%d tokens are left of a run that failed: Terraform closes none of those", len(left))
			}
			run(authenticate).exits(0)
			for _, id := range w.ephemerals() {
				if len(left) == 0 || id != left[0] {
					t.Errorf("token %s is left of a run that passed", id)
				}
			}
		})
	}
}

// pipelineScripts returns what the pipelines of an example run, by their files.
func pipelineScripts(t *testing.T, example string) map[string]string {
	t.Helper()
	var github struct {
		On   any               `yaml:"on"`
		Env  map[string]string `yaml:"env"`
		Jobs map[string]struct {
			RunsOn      string      `yaml:"runs-on"`
			Environment string      `yaml:"environment"`
			Steps       []guideStep `yaml:"steps"`
		} `yaml:"jobs"`
	}
	var gitlab struct {
		Variables map[string]string `yaml:"variables"`
		Test      struct {
			Image         string              `yaml:"image"`
			ResourceGroup string              `yaml:"resource_group"`
			Script        []string            `yaml:"script"`
			Rules         []map[string]string `yaml:"rules"`
		} `yaml:"smoke-test"`
	}
	for name, into := range map[string]any{"github.yaml": &github, "gitlab-ci.yaml": &gitlab} {
		file, err := os.Open(filepath.Join(example, name))
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(file)
		decoder.KnownFields(true)
		if err := decoder.Decode(into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var steps []string
	for _, step := range github.Jobs["smoke-test"].Steps {
		if step.Run != "" {
			steps = append(steps, step.Run)
		}
	}
	return map[string]string{"GitHub": strings.Join(steps, "\n"), "GitLab": strings.Join(gitlab.Test.Script, "\n")}
}
