//go:build linux

package acceptance

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// otherPipelines are the pipelines in the guides of systems other than GitHub's.
type otherPipelines struct {
	// Variables and Apply are those of GitLab.
	Variables map[string]string `yaml:"variables"`
	Apply     gitLabJob         `yaml:"apply"`
	// Workflows are those of Atlantis.
	Workflows map[string]map[string]struct {
		Steps []any `yaml:"steps"`
	} `yaml:"workflows"`
}

// gitLabJob is a job of a pipeline of GitLab.
type gitLabJob struct {
	Image         string              `yaml:"image"`
	ResourceGroup string              `yaml:"resource_group"`
	Script        []string            `yaml:"script"`
	Rules         []map[string]string `yaml:"rules"`
}

// pipelinesOf returns the pipelines in a guide of systems other than GitHub's.
func pipelinesOf(t *testing.T, guide string) (found otherPipelines) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "docs", "guides", guide+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		if strings.Contains(block[1], "\njobs:\n") {
			continue
		}
		decoder := yaml.NewDecoder(strings.NewReader(block[1]))
		decoder.KnownFields(true)
		if err := decoder.Decode(&found); err != nil {
			t.Fatalf("%s: %v\n%s", guide, err, block[1])
		}
	}
	return found
}

// stepsOfAtlantis returns what Atlantis runs for a stage of a workflow, with its own steps spelled out.
func (p otherPipelines) stepsOfAtlantis(t *testing.T, stage string) (steps []guideStep) {
	t.Helper()
	for _, step := range p.Workflows["latchkey"][stage].Steps {
		switch step := step.(type) {
		case string:
			steps = append(steps, guideStep{Run: map[string]string{
				"init": "terraform init", "plan": "terraform plan -out=$PLANFILE", "apply": "terraform apply $PLANFILE",
			}[step]})
		case map[string]any:
			variable, ok := step["env"].(map[string]any)
			name, _ := variable["name"].(string)
			command, _ := variable["command"].(string)
			if !ok || name == "" || command == "" {
				t.Fatalf("no rule for the step %v", step)
			}
			steps = append(steps, guideStep{Run: `echo "` + name + `=$(` + command + `)" >>"$GITHUB_ENV"`})
		default:
			t.Fatalf("no rule for the step %v", step)
		}
	}
	return steps
}

// environmentOf returns the names of the variables that a workflow of a guide sets for all of its jobs.
func environmentOf(t *testing.T, guide string) (names []string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "docs", "guides", guide+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		var w struct {
			Env map[string]string `yaml:"env"`
		}
		if err := yaml.Unmarshal([]byte(block[1]), &w); err != nil {
			t.Fatal(err)
		}
		names = slices.AppendSeq(names, maps.Keys(w.Env))
	}
	slices.Sort(names)
	return names
}

// TestServerWorkflows runs the pipelines of the guides that manage a server, each job on a machine that has nothing of the
// one before: what they apply is on the server, and drift makes a run fail.
func TestServerWorkflows(t *testing.T) {
	const guide = "tokens-in-pipelines"
	r := newRunner(t)
	s := r.throughServer()
	must := func(want bool, steps []guideStep) {
		t.Helper()
		if succeeded, printed := r.run(steps); succeeded != want {
			t.Fatalf("the job succeeded: %t, want %t\n%s\n%s", succeeded, want, printed, s.log())
		}
	}
	if got := environmentOf(t, guide); !slices.Equal(got, []string{"LATCHKEY_ENDPOINT", "LATCHKEY_TOKEN"}) {
		t.Fatalf("the workflow sets %s", got)
	}
	apply, drift := guideJob(t, guide, "apply"), guideJob(t, guide, "drift")
	r.configure(deployToken(fresh))
	must(true, apply)
	must(true, drift)
	r.latchkey("token", "disable", r.deploy().ID).exits(0)
	must(false, drift)
	must(true, apply)
	must(true, drift)

	other := pipelinesOf(t, guide)
	checkout := guideStep{Uses: "actions/checkout@v4"} // which the other systems do by themselves
	if _, ok := other.Variables["LATCHKEY_ENDPOINT"]; !ok {
		t.Error("the pipeline of GitLab names no server")
	}
	r.configure(deployToken(fresh + `description = "by GitLab"`))
	must(true, []guideStep{checkout, {Run: strings.Join(other.Apply.Script, "\n")}})
	r.latchkey("token", "show", r.deploy().ID).exits(0).says("by GitLab")

	// Atlantis has the token from a file.
	token := strings.TrimPrefix(r.env[slices.IndexFunc(r.env, isToken)], "LATCHKEY_TOKEN=")
	r.script("cat", `case $1 in /run/secrets/latchkey-*) echo "`+token+`" ;; *) exec /bin/cat "$@" ;; esac`)
	r.configure(deployToken(fresh + `description = "by Atlantis"`))
	r.env = slices.DeleteFunc(r.env, isToken)
	must(true, slices.Concat([]guideStep{checkout}, other.stepsOfAtlantis(t, "plan"), other.stepsOfAtlantis(t, "apply")))
	r.env = append(r.env, "LATCHKEY_TOKEN="+token)
	r.latchkey("token", "show", r.deploy().ID).exits(0).says("by Atlantis")
}

func isToken(variable string) bool { return strings.HasPrefix(variable, "LATCHKEY_TOKEN=") }
