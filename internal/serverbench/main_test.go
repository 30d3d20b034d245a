//go:build linux

package serverbench

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// roleVariable is the environment variable that makes the test binary something else than the tests.
const roleVariable = "LATCHKEY_SERVERBENCH_ROLE"

// roles are what the test binary can be. Each reads its task from standard input as JSON, and writes what came of it to
// standard output.
var roles = map[string]func(task *json.Decoder, result *json.Encoder) error{
	"bare":    serveBare,
	"load":    applyLoad,
	"changes": makeChanges,
	"calls":   timeCalls,
}

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv(roleVariable)]; ok {
		if err := role(json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	defer removeDirectories()
	code := m.Run()
	if postgres != nil {
		postgres.Stop(unix.SIGQUIT)
	}
	printFigures(os.Stdout)
	return code
}

// directories are what the benchmarks share: databases, and the binary.
var directories []string

// newDirectory makes a directory that stays until all benchmarks have ended.
func newDirectory() (string, error) {
	dir, err := os.MkdirTemp("", "latchkey-serverbench-")
	if err == nil {
		directories = append(directories, dir)
	}
	return dir, err
}

func removeDirectories() {
	for _, dir := range directories {
		_ = os.RemoveAll(dir) // the system cleans its temporary files, too
	}
}
