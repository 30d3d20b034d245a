package tokens

import "strings"

const (
	// DefaultDatabase is the path of the database if none is named.
	DefaultDatabase = "latchkey.db"
	// DatabaseVariable is the environment variable that names the database if nothing else does.
	DatabaseVariable = "LATCHKEY_DATABASE"
	// DefaultOrganization is the name of the organization of a new database if none is named.
	DefaultOrganization = "default"
)

// ValidateDatabasePath checks that a database is named by the path of a file. The error doesn't repeat a URL, which may
// contain a password.
func ValidateDatabasePath(field, path string) error {
	if path == "" {
		return Invalid(field, "the path is empty: name a file, or leave %s out for %s", field, DefaultDatabase)
	}
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		return Invalid(field, "the value is a URL (%s://…), but the database is a file: write its path, as in %q", scheme,
			DefaultDatabase)
	}
	return nil
}
