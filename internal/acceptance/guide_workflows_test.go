//go:build linux

package acceptance

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// guideWorkflow is what the guides use of the syntax of GitHub's workflows.
type guideWorkflow struct {
	On          any               `yaml:"on"`
	Concurrency map[string]any    `yaml:"concurrency"`
	Env         map[string]string `yaml:"env"`
	Jobs        map[string]struct {
		If          string      `yaml:"if"`
		RunsOn      string      `yaml:"runs-on"`
		Environment string      `yaml:"environment"`
		Steps       []guideStep `yaml:"steps"`
	} `yaml:"jobs"`
}

type guideStep struct {
	ID   string         `yaml:"id"`
	If   string         `yaml:"if"`
	Uses string         `yaml:"uses"`
	With map[string]any `yaml:"with"`
	Run  string         `yaml:"run"`
}

// guideJob returns the steps of the job with a name in the workflows of a guide.
func guideJob(t *testing.T, guide, name string) []guideStep {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "docs", "guides", guide+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		if !strings.Contains(block[1], "\njobs:\n") {
			continue // another system's
		}
		var w guideWorkflow
		decoder := yaml.NewDecoder(strings.NewReader(block[1]))
		decoder.KnownFields(true)
		if err := decoder.Decode(&w); err != nil {
			t.Fatalf("%s: %v\n%s", guide, err, block[1])
		}
		if job, ok := w.Jobs[name]; ok {
			return job.Steps
		}
	}
	t.Fatalf("no job %s in the workflows of %s", name, guide)
	return nil
}

// runner runs the jobs of the guides, each in a folder of its own as on a new machine, with stand-ins for what they call.
type runner struct {
	*workspace
	// store is the folder that stands in for the object store.
	store string
}

// newRunner returns a runner of the configuration in a workspace whose state is on a server.
func newRunner(t *testing.T) *runner {
	t.Helper()
	r := &runner{newRemoteWorkspace(t), t.TempDir()}
	r.script("aws", `[ "$1 $2" = "s3 cp" ] || exit 64
		from=$3 to=$4
		case $from in s3://*) from="`+r.store+`/${from##*/}" ;; esac
		case $to in s3://*) to="`+r.store+`/${to##*/}" ;; esac
		cp "$from" "$to"`)
	return r
}

// script makes an executable that jobs find.
func (r *runner) script(name, text string) {
	r.t.Helper()
	if err := os.MkdirAll(r.path("bin"), 0o700); err != nil {
		r.t.Fatal(err)
	}
	r.write("bin/"+name, "#!/bin/sh\n"+text+"\n")
	if err := os.Chmod(r.path("bin/"+name), 0o700); err != nil {
		r.t.Fatal(err)
	}
}

// run runs a job and reports whether it succeeded, with what it printed.
func (r *runner) run(steps []guideStep) (succeeded bool, printed string) {
	r.t.Helper()
	folder := r.t.TempDir()
	r.script("terraform", `exec "`+terraformPath(r.t)+`" "$@"`)
	succeeded = true
	outputs := map[string]string{}
	path := r.path("bin") + ":" + os.Getenv("PATH")
	var env []string
	for i, step := range steps {
		if !r.isDue(step.If, succeeded, outputs) {
			continue
		}
		switch action, _, _ := strings.Cut(step.Uses, "@"); action {
		case "":
			file := filepath.Join(folder, fmt.Sprintf(".outputs-%d", i))
			cmd := r.command("bash", "-e", "-c", step.Run)
			cmd.Dir = folder
			cmd.Env = append(cmd.Env, "PATH="+path, "HOME="+folder, "GITHUB_OUTPUT="+file, "GITHUB_PATH="+file+".path",
				"GITHUB_ENV="+file+".env", "GITHUB_RUN_ID=4711", "PLANFILE=latchkey.tfplan")
			cmd.Env = append(cmd.Env, env...)
			out, err := cmd.CombinedOutput()
			printed += string(out)
			if _, isExit := errors.AsType[*exec.ExitError](err); err != nil && !isExit {
				r.t.Fatal(err)
			}
			succeeded = succeeded && err == nil
			content, _ := os.ReadFile(file) // absent where the step has no output
			for _, line := range strings.Fields(string(content)) {
				name, value, _ := strings.Cut(line, "=")
				outputs["steps."+step.ID+".outputs."+name] = value
			}
			added, _ := os.ReadFile(file + ".path") // absent where the step adds no directory
			for _, directory := range strings.Fields(string(added)) {
				path = directory + ":" + path
			}
			set, _ := os.ReadFile(file + ".env") // absent where the step sets no variable
			env = append(env, strings.Fields(string(set))...)
		case "actions/checkout":
			for _, name := range []string{"main.tf", "backend.tf"} {
				content, err := os.ReadFile(r.path(name))
				if err != nil {
					r.t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
					r.t.Fatal(err)
				}
			}
		case "hashicorp/setup-terraform":
			if step.With["terraform_wrapper"] != false { // the wrapper takes exit code 2 for success
				r.script("terraform", `"`+terraformPath(r.t)+`" "$@" || [ $? -eq 2 ]`)
			}
		default:
			r.t.Fatalf("no stand-in for %s", step.Uses)
		}
	}
	return succeeded, printed
}

// isDue evaluates the condition of a step.
func (r *runner) isDue(condition string, succeeded bool, outputs map[string]string) bool {
	r.t.Helper()
	due, always := true, false
	for _, term := range strings.Split(condition, "&&") {
		switch name, value, compares := strings.Cut(strings.TrimSpace(term), " == "); {
		case name == "":
		case name == "always()":
			always = true
		case compares:
			due = due && outputs[name] == strings.Trim(value, "'")
		default:
			r.t.Fatalf("no rule for the condition %q", term)
		}
	}
	return due && (succeeded || always)
}

// stored returns the content of the object store.
func (r *runner) stored() string {
	r.t.Helper()
	content, err := os.ReadFile(filepath.Join(r.store, "latchkey.db"))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(content)
}

// keep puts the database of the workspace into the store, as the guide says to do with the first one.
func (r *runner) keep() {
	r.t.Helper()
	_ = os.Remove(filepath.Join(r.store, "latchkey.db"))
	r.latchkey("backup", filepath.Join(r.store, "latchkey.db")).exits(0)
}

// TestGuideWorkflows runs the workflows of the guides: what they apply is in the store afterwards, drift makes a run
// fail, and a schedule regenerates.
func TestGuideWorkflows(t *testing.T) {
	r := newRunner(t)
	must := func(want bool, steps []guideStep) {
		t.Helper()
		if succeeded, printed := r.run(steps); succeeded != want {
			t.Fatalf("the job succeeded: %t, want %t\n%s", succeeded, want, printed)
		}
	}
	apply := guideJob(t, "tokens-in-pipelines", "apply-file")
	drift := guideJob(t, "tokens-in-pipelines", "drift-file")
	regenerate := guideJob(t, "regenerating-without-downtime", "regenerate")

	r.configure(deployToken(fresh))
	r.terraform("apply").exits(0)
	r.keep()
	first := r.stored()
	must(true, drift)
	must(true, regenerate)
	if r.stored() != first {
		t.Error("runs that changed nothing wrote to the store")
	}

	// Somebody changes the token, with the database from the store and back.
	r.latchkey("token", "disable", r.deploy().ID).exits(0)
	r.keep()
	must(false, drift)

	r.configure(deployToken(fresh + `description = "Runs the deployments"`))
	before := r.stored()
	must(true, apply)
	if r.stored() == before {
		t.Error("an apply did not put the database into the store")
	}
	must(true, drift)

	// What a failed apply did before it failed is in the store, too.
	r.configure(deployToken(fresh) + `
		resource "latchkey_member" "nobody" {
			email = "nobody@example.com"
			role  = "no-such-role"
		}
	`)
	before = r.stored()
	must(false, apply)
	if r.stored() == before {
		t.Error("a failed apply did not put the database into the store")
	}

	// Somebody else puts a newer file into the store while the job runs. It stays, and the job says so.
	r.configure(deployToken(fresh + `description = "Runs the nightly deployments"`))
	meanwhile := slices.Clone(apply)
	for i, step := range meanwhile {
		if strings.HasPrefix(step.Run, "terraform apply") {
			meanwhile[i].Run += "\nlatchkey --database " + filepath.Join(r.store, "latchkey.db") + " token create theirs"
		}
	}
	succeeded, printed := r.run(meanwhile)
	if succeeded || !strings.Contains(printed, "was not replaced: it goes until 20") {
		t.Errorf("the job succeeded: %t\n%s", succeeded, printed)
	}
	theirs := *r.workspace
	theirs.database = filepath.Join(r.store, "latchkey.db")
	theirs.latchkey("token", "list").exits(0).says("theirs")
	ours := *r.workspace
	ours.database = filepath.Join(r.store, "conflict-4711.db")
	ours.latchkey("token", "show", r.deploy().ID).exits(0).says("Runs the nightly deployments")
	must(false, drift) // the state has seen what the store lacks
	theirs.latchkey("restore", "--accept-current", "--yes").exits(0)

	// Somebody puts back the file from before an apply that only deleted.
	r.configure(deployToken(fresh) + `resource "latchkey_group" "shop" { name = "shop" }`)
	must(true, apply)
	before = r.stored()
	r.configure(deployToken(fresh))
	must(true, apply)
	after := r.stored()
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(r.store, "latchkey.db"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(before)
	must(false, drift)
	put(after)

	r.configure(deployToken(dueAfterASecond))
	must(true, apply)
	waitForJob(t, r, drift)
	version := r.deploy().SecretVersion
	must(true, regenerate)
	if got := r.deploy().SecretVersion; got != version+1 {
		t.Errorf("the secret has version %d after the schedule, want %d", got, version+1)
	}
}

// waitForJob runs a job until it fails.
func waitForJob(t *testing.T, r *runner, steps []guideStep) {
	t.Helper()
	for range 50 {
		if succeeded, _ := r.run(steps); !succeeded {
			return
		}
	}
	t.Fatal("the job goes on succeeding")
}

// TestGuideWorkflowsUnwrapped finds that a wrapper around Terraform, which hides exit code 2, would hide drift.
func TestGuideWorkflowsUnwrapped(t *testing.T) {
	r := newRunner(t)
	r.configure(deployToken(fresh))
	r.terraform("apply").exits(0)
	r.latchkey("token", "disable", r.deploy().ID).exits(0)
	r.keep()
	steps := slices.Clone(guideJob(t, "tokens-in-pipelines", "drift-file"))
	wrapped := 0
	for i, step := range steps {
		if strings.HasPrefix(step.Uses, "hashicorp/setup-terraform@") {
			steps[i].With = maps.Clone(step.With)
			delete(steps[i].With, "terraform_wrapper")
			wrapped++
		}
	}
	if succeeded, printed := r.run(steps); !succeeded || wrapped != 1 {
		t.Errorf("%d steps set Terraform up; with the wrapper the job succeeded: %t\n%s", wrapped, succeeded, printed)
	}
}
