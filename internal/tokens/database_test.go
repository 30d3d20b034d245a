package tokens_test

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestValidateDatabase(t *testing.T) {
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
		"hunter2 ://db":                        "is a URL, but",
		"mysql://anna:hunter2@db/latchkey":     "is a URL (mysql://…)",
		"jdbc:postgresql://db/latchkey":        "is a URL (jdbc:postgresql://…)",
		"POSTGRES://anna:hunter2@db/latchkey":  "named by an address, and this is none",
		"postgres:anna:hunter2@db/latchkey":    "named by an address, and this is none",
		"postgres//anna:hunter2@db/latchkey":   "named by an address, and this is none",
		"anna:hunter2@db:5432/latchkey":        "named by an address, and this is none",
		"anna@db.example.com:5432":             "named by an address, and this is none",
		"anna@db/latchkey.db":                  "",
		"host=db user=anna password=hunter2":   "named by an address, and this is none",
		"password = hunter2 host=db":           "named by an address, and this is none",
		" postgres://anna:hunter2@db/latchkey": "a blank or a line end",

		"postgres://anna:hunter2@db/latchkey":                           "",
		"postgresql://anna:hunter2@db:5433/latchkey?sslmode=require":    "",
		"postgres://one:5432,two:5433/x?target_session_attrs=primary":   "",
		"postgres://[::1]/latchkey":                                     "",
		"postgres:///latchkey?host=/var/run/postgresql":                 "",
		"postgres://anna@%2Fvar%2Frun%2Fpostgresql/latchkey":            "",
		"postgres://anna:hunter2%40%2F%3F%23@db/latchkey?schema=orders": "",
		"postgres://anna:7/hunter2@db/latchkey":                         "an @, /, ? or # stands where none belongs",
		"postgres://anna:7?hunter2@db/latchkey":                         "an @, /, ? or # stands where none belongs",
		"postgres://anna:7#hunter2@db/latchkey":                         "an @, /, ? or # stands where none belongs",
		"postgres://anna:x@hunter2@db/latchkey":                         "an @, /, ? or # stands where none belongs",
		"postgres://anna@db/latchkey#hunter2":                           "an @, /, ? or # stands where none belongs",
		"postgres://anna:hunter2%@db/latchkey":                          "two hexadecimal digits",
	} {
		err := tokens.ValidateDatabase("database", path)
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
}

func TestHoldsPassword(t *testing.T) {
	for address, want := range map[string]bool{
		"postgres://db/latchkey":                              false,
		"postgres://anna@db/latchkey?sslmode=require":         false,
		"postgres://anna:@db:5432/latchkey":                   false,
		"postgres://one:5432,two:5433/latchkey":               false,
		"postgres:///latchkey?host=/run/a:b@c":                false,
		"postgres://anna:hunter2@db/latchkey":                 true,
		"postgres://anna:hunter2@one:5432,two:5433/latchkey":  true,
		"postgres://anna:hunter2@%2Frun%2Fpostgresql/x":       true,
		"postgresql://db/latchkey?password=hunter2":           true,
		"postgres://db/latchkey?sslkey=key&sslpassword=hunte": true,
	} {
		if got := tokens.HoldsPassword(address); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}
