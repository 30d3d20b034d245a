package tokens_test

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestValidateDatabasePath(t *testing.T) {
	for path, want := range map[string]string{
		"latchkey.db":                          "",
		"/var/lib/latchkey/my tokens.db":       "",
		"file":                                 "",
		"C:\\latchkey.db":                      "",
		"":                                     "is empty",
		" latchkey.db":                         "a blank or a line end",
		"latchkey.db\n":                        "a blank or a line end",
		"latchkey.db\t":                        "a blank or a line end",
		"file:latchkey.db":                     "begins with file:",
		"FILE:latchkey.db?mode=ro":             "begins with file:",
		"sqlite:latchkey.db":                   "begins with sqlite:",
		"sqlite:///latchkey.db":                "is a URL (sqlite://…)",
		"postgres://anna:hunter2@db/latchkey":  "is a URL (postgres://…)",
		" postgres://anna:hunter2@db/latchkey": "a blank or a line end",
	} {
		err := tokens.ValidateDatabasePath("database", path)
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
}
