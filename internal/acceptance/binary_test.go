package acceptance

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// repository is the root of the source, relative to the directory in which the tests of this package run.
const repository = "../.."

// buildDir holds the binary under test. Other users can read it, because one test runs as another user.
var buildDir string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	var err error
	if buildDir, err = os.MkdirTemp("", "latchkey-acceptance-"); err == nil {
		err = os.Chmod(buildDir, 0o755)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "no folder for the binary: %s\n", err)
		return 1
	}
	defer os.RemoveAll(buildDir)
	return m.Run()
}

// binary returns the path of the binary, which is built once for all tests, as GNUmakefile does it.
func binary(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var build = sync.OnceValues(func() (string, error) {
	if err := noticeSources(); err != nil {
		return "", err
	}
	path := filepath.Join(buildDir, "terraform-provider-latchkey")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-X main.version="+version, "-o", path,
		".")
	cmd.Dir = repository
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the binary does not build: %w\n%s", err, out)
	}
	return path, nil
})

// version is the version that the binary under test reports.
const version = "0.0.0-acceptance"

// noticeSources reads the directories of the source. The go command takes a test's result from its cache unless
// something that the test read has changed. What a compiler started by the test has read doesn't count.
func noticeSources() error {
	if _, err := os.ReadDir(repository); err != nil {
		return err
	}
	for _, folder := range []string{"internal", "examples"} {
		err := filepath.WalkDir(filepath.Join(repository, folder),
			func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			return err
		}
	}
	return nil
}
