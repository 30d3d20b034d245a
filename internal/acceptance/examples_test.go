package acceptance

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	goversion "github.com/hashicorp/go-version"
)

// importFile is the name of the file that shows an example's import block.
const importFile = "import-by-string-id.tf"

// TestExamples applies every example, plans it again, tries its import block, and destroys it. Examples of data sources
// read what the quickstart has created.
func TestExamples(t *testing.T) {
	root := filepath.Join(repository, "examples")
	var examples []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.Name() == "modules" { // the example around them uses them
			return filepath.SkipDir
		}
		if files, _ := filepath.Glob(filepath.Join(path, "*.tf")); len(files) > 0 {
			examples = append(examples, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(examples) < 18 {
		t.Errorf("only %d examples: %s", len(examples), examples)
	}
	for _, example := range examples {
		name, err := filepath.Rel(root, example)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			if strings.HasPrefix(name, "actions") {
				w.needsTerraform("1.14.0")
			}
			w.env = append(w.env, "TF_VAR_invoices_token="+rand.Text()+rand.Text()) // which a user brings
			looks := strings.HasPrefix(name, "data-sources")
			if looks {
				w.populate(filepath.Join(root, "quickstart"))
			}
			w.useExample(example)
			made := w.terraform("plan", "-detailed-exitcode")
			if _, err := os.Stat(w.databasePath()); err == nil && !looks {
				t.Error("a plan created a database")
			}
			w.terraform("apply").exits(0).saysNot("Warning: Check block assertion")
			w.terraform("plan", "-detailed-exitcode").exits(0)
			resources := w.state().addresses()
			if (len(resources) > 0) != (made.code == 2) && !looks { // what looks may have outputs alone
				t.Errorf("a plan with exit code %d, but the apply created %d resources", made.code, len(resources))
			}
			if content, err := os.ReadFile(filepath.Join(example, importFile)); err == nil {
				w.tryImport(string(content))
			}
			w.terraform("destroy").exits(0)
			if rest := w.state().addresses(); len(rest) > 0 {
				t.Errorf("still in the state: %s", rest)
			}
		})
	}
}

// populate creates the objects of an example and forgets its state, as if another configuration managed them.
func (w *workspace) populate(example string) {
	w.t.Helper()
	w.useExample(example)
	w.terraform("apply").exits(0)
	files, err := filepath.Glob(w.path("*.tf"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, file := range append(files, w.path("terraform.tfstate")) {
		w.remove(filepath.Base(file))
	}
}

// useExample copies an example. It adds the provider's settings, which have an example of their own, if they are
// missing, as in the examples of resources and data sources.
func (w *workspace) useExample(example string) {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(example, "*.tf"))
	if err != nil {
		w.t.Fatal(err)
	}
	all := ""
	for _, file := range files {
		if filepath.Base(file) == importFile {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		w.write(filepath.Base(file), string(content))
		all += string(content)
	}
	if modules := filepath.Join(example, "modules"); isDirectory(modules) {
		if err := os.CopyFS(w.path("modules"), os.DirFS(modules)); err != nil {
			w.t.Fatal(err)
		}
		w.terraform("get").exits(0)
	}
	if !strings.Contains(all, "required_providers") {
		settings, err := os.ReadFile(filepath.Join(repository, "examples", "provider", "provider.tf"))
		if err != nil {
			w.t.Fatal(err)
		}
		w.write("provider.tf", string(settings))
	}
}

// needsTerraform skips the test where the Terraform at hand is older than a version.
func (w *workspace) needsTerraform(oldest string) {
	w.t.Helper()
	var about struct {
		Version string `json:"terraform_version"`
	}
	decode(w.t, w.terraform("version", "-json").exits(0).stdout, &about)
	if goversion.Must(goversion.NewVersion(about.Version)).Core().LessThan(goversion.Must(goversion.NewVersion(oldest))) {
		w.t.Skipf("needs Terraform %s, and this is %s", oldest, about.Version)
	}
}

func isDirectory(path string) bool {
	about, err := os.Stat(path)
	return err == nil && about.IsDir()
}

var (
	importBlock = regexp.MustCompile(`to\s*=\s*(\S+)\s*id\s*=\s*"([^"]+)"`)
	// identifier is a made-up identifier in an example.
	identifier = regexp.MustCompile(`_[0-9a-z]{26}`)
)

// tryImport removes the resource that an example imports from the state, and imports it.
func (w *workspace) tryImport(block string) {
	w.t.Helper()
	parts := importBlock.FindStringSubmatch(block)
	if parts == nil {
		w.t.Fatalf("%s has no import block", importFile)
	}
	to, id := parts[1], parts[2]
	var known struct {
		ID string `json:"id"`
	}
	decode(w.t, string(w.state()[to]), &known)
	if identifier.MatchString(id) {
		block = strings.Replace(block, id, known.ID, 1)
	}
	w.terraform("state", "rm", to).exits(0)
	w.write(importFile, block)
	w.terraform("plan").exits(0).says("Plan: 1 to import, 0 to add,", "0 to destroy.")
	w.terraform("apply").exits(0)
	decode(w.t, string(w.state()[to]), &known)
	if !strings.Contains(block, known.ID) && identifier.MatchString(id) {
		w.t.Errorf("%s was imported instead", known.ID)
	}
	w.terraform("plan", "-detailed-exitcode").exits(0)
}
