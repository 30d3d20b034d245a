package acceptance

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// workspace is a folder with a Terraform configuration that uses the binary under test, without a registry and without
// `terraform init`.
type workspace struct {
	t   testing.TB
	dir string
	// database is the path of the database, relative to the folder.
	database string
	// remote means that Terraform and the command line work through a server; see throughServer.
	remote bool
	// program is the Terraform to run; empty for terraformPath.
	program string
	// env is added to the environment of every process.
	env []string
	// adjust changes a process before it starts.
	adjust func(*exec.Cmd)
}

// newWorkspace returns an empty workspace. It skips the test unless a run under a real Terraform is asked for.
func newWorkspace(t testing.TB) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	w := &workspace{t: t, dir: t.TempDir(), database: "latchkey.db", adjust: func(*exec.Cmd) {}}
	w.useProvider("latchkey-dev/latchkey", filepath.Dir(binary(t)))
	return w
}

// inEachPlace runs a test in a workspace whose database is a file, and in one whose database is in PostgreSQL.
func inEachPlace(t *testing.T, newWorkspace func(testing.TB) *workspace, test func(*testing.T, *workspace)) {
	t.Helper()
	t.Run("file", func(t *testing.T) { test(t, newWorkspace(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		w := newWorkspace(t)
		w.database = pgtest.Address(t)
		test(t, w)
	})
}

// useProvider has Terraform take a provider from a folder.
func (w *workspace) useProvider(address, folder string) {
	w.t.Helper()
	w.write("cli.tfrc", `
		provider_installation {
			dev_overrides {
				# Terraform and OpenTofu look in their own registry for an address without a host.
				"registry.terraform.io/`+address+`" = "`+filepath.ToSlash(folder)+`"
				"registry.opentofu.org/`+address+`" = "`+filepath.ToSlash(folder)+`"
			}
			direct {}
		}
	`)
}

// copied returns another workspace with the same files, and with a copy of the database where that is one of them.
func (w *workspace) copied(t testing.TB) *workspace {
	t.Helper()
	other := *w
	other.t, other.dir = t, t.TempDir()
	if err := os.CopyFS(other.dir, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	return &other
}

// path returns the path of a file in the workspace.
func (w *workspace) path(name string) string { return filepath.Join(w.dir, name) }

// databasePath returns the path of the database, or its address on a server.
func (w *workspace) databasePath() string {
	if filepath.IsAbs(w.database) || strings.Contains(w.database, "://") {
		return w.database
	}
	return w.path(w.database)
}

// write makes or replaces a file in the workspace.
func (w *workspace) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// remove removes a file of the workspace.
func (w *workspace) remove(name string) {
	w.t.Helper()
	if err := os.Remove(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// configure makes these resources the configuration.
func (w *workspace) configure(resources string) {
	w.t.Helper()
	w.write("main.tf", `
		terraform {
			required_providers {
				latchkey = { source = "registry.terraform.io/latchkey-dev/latchkey" }
			}
		}
		provider "latchkey" {`+w.place()+`}
	`+resources)
}

// place returns the attributes of a provider that works where the workspace does. The command line gets there by the
// flags of latchkeyReading.
func (w *workspace) place() string {
	if w.remote {
		return `organization = "acme"`
	}
	return `
		database     = "` + filepath.ToSlash(w.database) + `"
		organization = "acme"
	`
}

// terraform runs a command of Terraform to its end, whatever its exit code.
func (w *workspace) terraform(command string, args ...string) result {
	w.t.Helper()
	return finish(w.t, w.terraformCommand(command, args...))
}

// terraformCommand prepares a command of Terraform.
func (w *workspace) terraformCommand(command string, args ...string) *exec.Cmd {
	w.t.Helper()
	program := w.program
	if program == "" {
		program = terraformPath(w.t)
	}
	args = slices.Insert(args, 0, command)
	if slices.Contains([]string{"plan", "apply", "destroy", "show"}, command) {
		args = slices.Insert(args, 1, "-no-color")
	}
	if slices.Contains([]string{"apply", "destroy"}, command) && !strings.HasSuffix(args[len(args)-1], ".tfplan") {
		args = slices.Insert(args, 1, "-auto-approve")
	}
	return w.command(program, args...)
}

// terraformPath returns the Terraform to test with.
func terraformPath(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	path, err := exec.LookPath("terraform")
	if err != nil {
		t.Fatal("no terraform in the PATH: set TF_ACC_TERRAFORM_PATH to the path of a terraform or tofu")
	}
	return path
}

// latchkey runs the command line of the binary under test on the database of the workspace, with nothing on its
// standard input.
func (w *workspace) latchkey(args ...string) result {
	w.t.Helper()
	return w.latchkeyReading("", args...)
}

// latchkeyReading is latchkey with this text on standard input.
func (w *workspace) latchkeyReading(input string, args ...string) result {
	w.t.Helper()
	if !w.remote {
		args = append([]string{"--database", w.databasePath()}, args...)
	}
	cmd := w.command(binary(w.t), args...)
	cmd.Stdin = strings.NewReader(input)
	return finish(w.t, cmd)
}

// command prepares a process in the workspace, with nothing of the user's own settings.
func (w *workspace) command(program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), program, args...)
	cmd.Dir = w.dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "LATCHKEY_")
	}), "TF_CLI_CONFIG_FILE="+w.path("cli.tfrc"), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	cmd.Env = append(cmd.Env, w.env...)
	w.adjust(cmd)
	return cmd
}

// result is how a process ended.
type result struct {
	t              testing.TB
	command        string
	code           int
	stdout, stderr string
}

// finish runs a process to its end.
func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %s", cmd, err)
	}
	return newResult(t, cmd, stdout.String(), stderr.String())
}

// newResult returns how a process ended that has been waited for.
func newResult(t testing.TB, cmd *exec.Cmd, stdout, stderr string) result {
	return result{t, filepath.Base(cmd.Path) + " " + strings.Join(cmd.Args[1:], " "), cmd.ProcessState.ExitCode(), stdout,
		stderr}
}

// exits ends the test unless the process ended with the exit code.
func (r result) exits(code int) result {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("%s ended with exit code %d, not %d:\n%s%s", r.command, r.code, code, r.stdout, r.stderr)
	}
	return r
}

// says fails the test unless each of the texts is in what the process wrote.
func (r result) says(texts ...string) result {
	r.t.Helper()
	prose := r.prose()
	for _, text := range texts {
		if !strings.Contains(prose, text) {
			r.t.Errorf("%s did not say %q:\n%s%s", r.command, text, r.stdout, r.stderr)
		}
	}
	return r
}

// saysNot fails the test if one of the texts is in what the process wrote.
func (r result) saysNot(texts ...string) result {
	r.t.Helper()
	prose := r.prose()
	for _, text := range texts {
		if strings.Contains(prose, text) {
			r.t.Errorf("%s said %q:\n%s%s", r.command, text, r.stdout, r.stderr)
		}
	}
	return r
}

// frame draws the box in which Terraform puts a diagnostic.
var frame = strings.NewReplacer("╷", " ", "│", " ", "╵", " ")

// prose is all that the process wrote, without the boxes and line breaks that Terraform puts into it.
func (r result) prose() string {
	return strings.Join(strings.Fields(frame.Replace(r.stdout+"\n"+r.stderr)), " ")
}

// must ends the test on an error.
func (w *workspace) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
