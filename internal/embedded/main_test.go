package embedded_test

import (
	"os"
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

// roles are what a process of this program can be told to do. It returns the exit code.
var roles = map[string]func() int{"writer": writer, "verifier": verifier}
