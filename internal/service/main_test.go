package service_test

import (
	"os"
	"os/exec"
	"testing"
)

// roleVariable makes this program do something else than run tests: what stands in for another process of a test.
const roleVariable = "LATCHKEY_TEST_ROLE"

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv(roleVariable)]; ok {
		os.Exit(role())
	}
	os.Exit(m.Run())
}

// inRole prepares a process of this program that does what the role says.
func inRole(t *testing.T, role string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

// roles are what a process of this program can be told to do. It returns the exit code.
var roles = map[string]func() int{"writer": writer, "verifier": verifier, "changer": changer}
