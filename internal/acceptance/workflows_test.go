package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what this repository uses of the syntax of GitHub's workflows. Any other key is an error, a misspelt one
// above all.
type workflow struct {
	Name        string            `yaml:"name"`
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency struct {
		Group            string `yaml:"group"`
		CancelInProgress any    `yaml:"cancel-in-progress"`
	} `yaml:"concurrency"`
	Jobs map[string]job `yaml:"jobs"`
}

type job struct {
	Name           string            `yaml:"name"`
	Needs          string            `yaml:"needs"`
	Uses           string            `yaml:"uses"`
	RunsOn         string            `yaml:"runs-on"`
	TimeoutMinutes int               `yaml:"timeout-minutes"`
	Environment    string            `yaml:"environment"`
	Permissions    map[string]string `yaml:"permissions"`
	Strategy       struct {
		FailFast bool                `yaml:"fail-fast"`
		Matrix   map[string][]string `yaml:"matrix"`
	} `yaml:"strategy"`
	Env   map[string]string `yaml:"env"`
	Steps []step            `yaml:"steps"`
}

type step struct {
	ID   string            `yaml:"id"`
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	With map[string]any    `yaml:"with"`
	Env  map[string]string `yaml:"env"`
}

var (
	// A tag can be moved to other code, a commit can't. The tag beside it is for people and for Dependabot.
	pinnedAction = regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	usesLine     = regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`)
	makeTarget   = regexp.MustCompile(`\bmake ([\w./-]+)`)
	rule         = regexp.MustCompile(`(?m)^([\w./-]+):`)
)

// readStrictly reads a YAML file of the repository into a value. A key that the value has no field for, one that is
// there twice, and a second document are errors.
func readStrictly(t *testing.T, file string, into any) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Fatalf("%s: something follows the first document: %v", file, err)
	}
	return content
}

// text returns a text file of the repository.
func text(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// workflows returns the workflows of the repository by the names of their files, and the text of each.
func workflows(t *testing.T) (map[string]workflow, map[string]string) {
	t.Helper()
	const folder = ".github/workflows"
	entries, err := os.ReadDir(filepath.Join(repository, folder))
	if err != nil {
		t.Fatal(err)
	}
	parsed, texts := map[string]workflow{}, map[string]string{}
	for _, entry := range entries {
		w := workflow{}
		texts[entry.Name()] = string(readStrictly(t, path.Join(folder, entry.Name()), &w))
		parsed[entry.Name()] = w
	}
	return parsed, texts
}

// A workflow that GitHub would refuse, or that holds more rights than it needs, is found here and not after the merge.
func TestWorkflows(t *testing.T) {
	rules := map[string]bool{}
	for _, match := range rule.FindAllStringSubmatch(text(t, "GNUmakefile"), -1) {
		rules[match[1]] = true
	}
	parsed, texts := workflows(t)
	for file, w := range parsed {
		t.Run(file, func(t *testing.T) {
			if w.Name == "" || len(w.On) == 0 || len(w.Jobs) == 0 || w.Concurrency.Group == "" {
				t.Error("a workflow needs a name, events, jobs and a concurrency group")
			}
			if w.Permissions == nil || len(w.Permissions) != 0 {
				t.Errorf("the workflow has the permissions %v: it should have none, and each job its own", w.Permissions)
			}
			for _, match := range usesLine.FindAllStringSubmatch(texts[file], -1) {
				if !strings.HasPrefix(match[1], "./") && !pinnedAction.MatchString(match[1]) {
					t.Errorf("%q is not pinned to a commit, with its version in a comment", match[1])
				}
			}
			for name, j := range w.Jobs {
				for _, problem := range problemsOf(j, w, rules) {
					t.Errorf("job %s: %s", name, problem)
				}
			}
		})
	}
	// Who may write is a short list.
	for file, w := range parsed {
		for name, j := range w.Jobs {
			if slices.Contains(slices.Collect(maps.Values(j.Permissions)), "write") && file+" "+name != "release.yml release" {
				t.Errorf("%s: job %s may write %v", file, name, j.Permissions)
			}
		}
	}
}

// problemsOf lists what is wrong with a job.
func problemsOf(j job, w workflow, rules map[string]bool) (problems []string) {
	problem := func(format string, arguments ...any) { problems = append(problems, fmt.Sprintf(format, arguments...)) }
	if j.Permissions == nil {
		problem("it states no permissions")
	}
	if _, known := w.Jobs[j.Needs]; j.Needs != "" && !known {
		problem("it needs %s, which is no job", j.Needs)
	}
	if called, ok := strings.CutPrefix(j.Uses, "./"); ok {
		if _, err := os.Stat(filepath.Join(repository, called)); err != nil {
			problem("it uses a workflow that is not there: %v", err)
		}
		return problems
	}
	if j.RunsOn == "" || j.TimeoutMinutes == 0 || len(j.Steps) == 0 {
		problem("it needs runs-on, timeout-minutes and steps")
	}
	for _, s := range j.Steps {
		if (s.Uses == "") == (s.Run == "") {
			problem("a step uses an action or runs a script: %+v", s)
		}
		if strings.Contains(s.Run, "${{") {
			problem("an expression in a script can become a part of it: pass %q through env", s.Run)
		}
		for _, match := range makeTarget.FindAllStringSubmatch(s.Run, -1) {
			if !rules[match[1]] {
				problem("GNUmakefile has no target %s", match[1])
			}
		}
		action, _, _ := strings.Cut(s.Uses, "@")
		for _, setting := range []struct {
			action, name string
			want         any
		}{
			{"actions/checkout", "persist-credentials", false},
			{"actions/setup-go", "go-version-file", "go.mod"},
			// The wrapper keeps exit codes and signals from the tests.
			{"hashicorp/setup-terraform", "terraform_wrapper", false},
			{"opentofu/setup-opentofu", "tofu_wrapper", false},
		} {
			if action == setting.action && s.With[setting.name] != setting.want {
				problem("%s needs %s: %v", action, setting.name, setting.want)
			}
		}
	}
	return problems
}

// The tests run with every release of Terraform and OpenTofu from the oldest that the README names.
func TestTerraformMatrix(t *testing.T) {
	match := regexp.MustCompile(`(?m)^oldest_minor=(\d+)$`).FindStringSubmatch(text(t, "tools/terraform.sh"))
	if match == nil {
		t.Fatal("tools/terraform.sh does not say which release is the oldest")
	}
	oldest := 0
	if _, err := fmt.Sscan(match[1], &oldest); err != nil {
		t.Fatal(err)
	}
	if promise := fmt.Sprintf("1.%d or newer", oldest); !strings.Contains(text(t, "README.md"), promise) {
		t.Errorf("the README does not say %q", promise)
	}
	parsed, _ := workflows(t)
	for _, name := range []string{"terraform", "opentofu"} {
		versions := parsed["ci.yml"].Jobs[name].Strategy.Matrix[name]
		if len(versions) < 2 {
			t.Errorf("%s is tested with %v", name, versions)
		}
		for i, version := range versions {
			if want := fmt.Sprintf("1.%d.*", oldest+i); version != want {
				t.Errorf("%s: version %d of the matrix is %s, want %s: none may be left out", name, i+1, version, want)
			}
		}
	}
}

// What make test-short leaves out runs in make test: nothing else asks for a short run, but for the job on other
// systems.
func TestShortIsForPeople(t *testing.T) {
	short := regexp.MustCompile(`(?m)^.* -short\b.*$`)
	for file, want := range map[string]int{"GNUmakefile": 1, ".ci/run": 0, ".github/workflows/ci.yml": 1} {
		found := short.FindAllString(text(t, file), -1)
		if len(found) != want {
			t.Errorf("%s has %d lines with -short, want %d:\n%s", file, len(found), want, strings.Join(found, "\n"))
		}
	}
}

// Dependabot knows every module of the repository.
func TestDependabot(t *testing.T) {
	var config struct {
		Version int `yaml:"version"`
		Updates []struct {
			Ecosystem   string   `yaml:"package-ecosystem"`
			Directory   string   `yaml:"directory"`
			Directories []string `yaml:"directories"`
			Schedule    struct {
				Interval string `yaml:"interval"`
			} `yaml:"schedule"`
			Groups map[string]struct {
				Patterns []string `yaml:"patterns"`
			} `yaml:"groups"`
		} `yaml:"updates"`
	}
	readStrictly(t, ".github/dependabot.yml", &config)
	var updated, want []string
	for _, update := range config.Updates {
		for _, directory := range append(update.Directories, update.Directory) {
			if directory != "" {
				updated = append(updated, update.Ecosystem+" "+directory)
			}
		}
		if update.Schedule.Interval == "" {
			t.Errorf("%s has no schedule", update.Ecosystem)
		}
	}
	modules, err := fs.Glob(os.DirFS(repository), "tools/*/go.mod")
	if err != nil || len(modules) == 0 {
		t.Fatalf("the modules of the tools: %v, %v", modules, err)
	}
	for _, module := range append(modules, "go.mod") {
		want = append(want, "gomod "+path.Join("/", path.Dir(module)))
	}
	want = append(want, "github-actions /")
	slices.Sort(updated)
	slices.Sort(want)
	if config.Version != 2 || !slices.Equal(updated, want) {
		t.Errorf("version %d of dependabot.yml updates %q, want %q", config.Version, updated, want)
	}
}

// The forms for new issues are of the kind that GitHub shows.
func TestIssueForms(t *testing.T) {
	type form struct {
		Name        string   `yaml:"name"`
		Description string   `yaml:"description"`
		Labels      []string `yaml:"labels"`
		Body        []struct {
			Type       string `yaml:"type"`
			ID         string `yaml:"id"`
			Attributes struct {
				Label       string `yaml:"label"`
				Description string `yaml:"description"`
				Value       string `yaml:"value"`
				Render      string `yaml:"render"`
				Options     []any  `yaml:"options"`
			} `yaml:"attributes"`
			Validations struct {
				Required bool `yaml:"required"`
			} `yaml:"validations"`
		} `yaml:"body"`
	}
	for _, file := range []string{"bug.yml", "feature.yml"} {
		f, ids := form{}, map[string]bool{}
		readStrictly(t, ".github/ISSUE_TEMPLATE/"+file, &f)
		if f.Name == "" || f.Description == "" || len(f.Body) == 0 {
			t.Errorf("%s needs a name, a description and a body", file)
		}
		for i, field := range f.Body {
			switch field.Type {
			case "markdown":
				if field.Attributes.Value == "" {
					t.Errorf("%s: field %d shows nothing", file, i+1)
				}
				continue
			case "textarea", "input":
			case "dropdown", "checkboxes":
				if len(field.Attributes.Options) == 0 {
					t.Errorf("%s: field %s has no options", file, field.ID)
				}
			default:
				t.Errorf("%s: field %d is of the unknown type %q", file, i+1, field.Type)
			}
			if field.ID == "" || ids[field.ID] || field.Attributes.Label == "" {
				t.Errorf("%s: field %d needs a label and an id of its own: %q", file, i+1, field.ID)
			}
			ids[field.ID] = true
		}
	}
	var config struct {
		BlankIssues  *bool `yaml:"blank_issues_enabled"`
		ContactLinks []struct {
			Name  string `yaml:"name"`
			URL   string `yaml:"url"`
			About string `yaml:"about"`
		} `yaml:"contact_links"`
	}
	readStrictly(t, ".github/ISSUE_TEMPLATE/config.yml", &config)
	if config.BlankIssues == nil || *config.BlankIssues || len(config.ContactLinks) == 0 {
		t.Errorf("blank issues should be off, and vulnerabilities go elsewhere: %+v", config)
	}
}

// The registry of Terraform refuses a release whose checksums name a file other than the archives and the manifest, and
// one without a signature. What `goreleaser check` finds, make snapshot tells.
func TestReleaseConfiguration(t *testing.T) {
	type artifacts struct {
		ID        string `yaml:"id"`
		Artifacts string `yaml:"artifacts"`
	}
	var config struct {
		Archives []struct {
			ID string `yaml:"id"`
		} `yaml:"archives"`
		SBOMs    []artifacts `yaml:"sboms"`
		Checksum struct {
			IDs []string `yaml:"ids"`
		} `yaml:"checksum"`
		Signs []artifacts `yaml:"signs"`
	}
	if err := yaml.Unmarshal([]byte(text(t, ".goreleaser.yml")), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Archives) != 1 || !slices.Equal(config.Checksum.IDs, []string{config.Archives[0].ID}) {
		t.Errorf("the checksums are of %q, want those of the archives %+v alone", config.Checksum.IDs, config.Archives)
	}
	if len(config.SBOMs) != 1 || config.SBOMs[0].Artifacts != "archive" || config.SBOMs[0].ID == config.Archives[0].ID {
		t.Errorf("each archive should have an SBOM, under an id of its own: %+v", config.SBOMs)
	}
	var signed []string
	for _, sign := range config.Signs {
		signed = append(signed, sign.Artifacts)
	}
	if !slices.Equal(signed, []string{"checksum", "sbom"}) {
		t.Errorf("%q are signed, want the checksums and the SBOMs", signed)
	}
}
