//go:build linux

package acceptance

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pipeline is one of the files in examples/pipeline.
type pipeline struct {
	// revision is the variable in which its system says what is deployed.
	revision string
	// sets are the names of the variables that it sets itself.
	sets []string
	// script is what it runs.
	script []string
}

// TestPipelineExample runs what the pipelines of examples/pipeline run, against a server that is also the API which they test.
func TestPipelineExample(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("REQUIRE_GATEWAYS") != "" {
			t.Fatal("there is no curl in the PATH")
		}
		t.Skip("there is no curl in the PATH, by which the example asks")
	}
	const example = "examples/pipeline"
	pipelines := map[string]pipeline{
		"github.yaml":          gitHubPipeline(t, example),
		"gitlab-ci.yaml":       gitLabPipeline(t, example),
		"azure-pipelines.yaml": azurePipeline(t, example),
		"Jenkinsfile":          jenkinsPipeline(t, example),
	}
	files, err := os.ReadDir(filepath.Join(repository, example))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, known := pipelines[file.Name()]; !known && file.Name() != "main.tf" && file.Name() != "README.md" {
			t.Errorf("nothing runs %s", file.Name())
		}
	}
	for name, p := range pipelines {
		t.Run(name, func(t *testing.T) {
			// GitLab's project sets the secret.
			if !slices.Contains(p.sets, "LATCHKEY_ENDPOINT") ||
				!slices.Contains(p.sets, "LATCHKEY_TOKEN") && name != "gitlab-ci.yaml" {
				t.Errorf("it sets %s", p.sets)
			}
			w := newWorkspace(t)
			s := w.throughServer()
			w.useExample(filepath.Join(repository, example))
			run := func(path string) result {
				t.Helper()
				script := strings.NewReplacer("https://api.acme.example/health", s.url+path, "terraform init", ":",
					"terraform ", terraformPath(t)+" ").Replace(strings.Join(p.script, "\n"))
				cmd := w.command("sh", "-euc", script)
				cmd.Env = append(cmd.Env, p.revision+"=4711")
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
			w.terraform("show").exits(0).says("4711")
		})
	}
}

func gitHubPipeline(t *testing.T, example string) pipeline {
	t.Helper()
	var file struct {
		On   any               `yaml:"on"`
		Env  map[string]string `yaml:"env"`
		Jobs map[string]struct {
			RunsOn      string      `yaml:"runs-on"`
			Environment string      `yaml:"environment"`
			Steps       []guideStep `yaml:"steps"`
		} `yaml:"jobs"`
	}
	readStrictly(t, path.Join(example, "github.yaml"), &file)
	p := pipeline{revision: "GITHUB_SHA", sets: slices.Collect(maps.Keys(file.Env))}
	for _, step := range file.Jobs["smoke-test"].Steps {
		p.script = append(p.script, step.Run)
	}
	return p
}

func gitLabPipeline(t *testing.T, example string) pipeline {
	t.Helper()
	var file struct {
		Variables map[string]string `yaml:"variables"`
		Test      gitLabJob         `yaml:"smoke-test"`
	}
	readStrictly(t, path.Join(example, "gitlab-ci.yaml"), &file)
	return pipeline{"CI_COMMIT_SHA", slices.Collect(maps.Keys(file.Variables)), file.Test.Script}
}

func azurePipeline(t *testing.T, example string) pipeline {
	t.Helper()
	var file struct {
		Trigger   map[string]map[string][]string `yaml:"trigger"`
		PR        string                         `yaml:"pr"`
		Variables map[string]string              `yaml:"variables"`
		Pool      string                         `yaml:"pool"`
		Jobs      []struct {
			Deployment  string `yaml:"deployment"`
			Environment string `yaml:"environment"`
			Strategy    struct {
				RunOnce struct {
					Deploy struct {
						Steps []struct {
							Checkout string            `yaml:"checkout"`
							Script   string            `yaml:"script"`
							Env      map[string]string `yaml:"env"`
						} `yaml:"steps"`
					} `yaml:"deploy"`
				} `yaml:"runOnce"`
			} `yaml:"strategy"`
		} `yaml:"jobs"`
	}
	readStrictly(t, path.Join(example, "azure-pipelines.yaml"), &file)
	p := pipeline{revision: "BUILD_SOURCEVERSION", sets: slices.Collect(maps.Keys(file.Variables))}
	for _, job := range file.Jobs {
		for _, step := range job.Strategy.RunOnce.Deploy.Steps {
			p.script = append(p.script, step.Script)
			p.sets = slices.AppendSeq(p.sets, maps.Keys(step.Env))
		}
	}
	return p
}

var (
	// Jenkins interpolates nothing between single quotes.
	jenkinsStep     = regexp.MustCompile(`(?m)^ +sh '([^'\\]*)'$`)
	jenkinsVariable = regexp.MustCompile(`([A-Z_]+) = ['"c]`)
)

func jenkinsPipeline(t *testing.T, example string) pipeline {
	t.Helper()
	file := text(t, path.Join(example, "Jenkinsfile"))
	p := pipeline{revision: "GIT_COMMIT"}
	for _, step := range jenkinsStep.FindAllStringSubmatch(file, -1) {
		p.script = append(p.script, step[1])
	}
	for _, variable := range jenkinsVariable.FindAllStringSubmatch(file, -1) {
		p.sets = append(p.sets, variable[1])
	}
	if strings.Count(file, "{") != strings.Count(file, "}") {
		t.Error("Jenkinsfile: the braces don't match")
	}
	return p
}
