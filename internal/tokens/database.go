package tokens

import "strings"

const (
	// DefaultDatabase is the path of the database if none is named.
	DefaultDatabase = "latchkey.db"
	// DatabaseVariable is the environment variable that names the database if nothing else does.
	DatabaseVariable = "LATCHKEY_DATABASE"
	// EndpointVariable is the environment variable that names a server, in place of a database, if nothing else does.
	EndpointVariable = "LATCHKEY_ENDPOINT"
	// TokenVariable is the environment variable that holds the access token by which to ask a server.
	TokenVariable = "LATCHKEY_TOKEN" //nolint:gosec // the name of a variable is no credential
	// TrustDirectoryVariable is the environment variable that names the one directory in which a database may lie although
	// everybody may write to it.
	TrustDirectoryVariable = "LATCHKEY_TRUST_DIRECTORY"
	// DefaultOrganization is the name of the organization of a new database if none is named.
	DefaultOrganization = "default"
)

// ValidateDatabasePath checks that a database is named by the path of a file. The error doesn't repeat a URL, which may
// contain a password.
func ValidateDatabasePath(field, path string) error {
	if path == "" {
		return Invalid(field, "the path is empty: name a file, or leave %s out for %s", field, DefaultDatabase)
	}
	if strings.TrimSpace(path) != path {
		return Invalid(field, "the path begins or ends with a blank or a line end, so it names another file: remove that")
	}
	for _, scheme := range []string{"file", "sqlite"} {
		if rest, ok := strings.CutPrefix(strings.ToLower(path), scheme+":"); ok && !strings.HasPrefix(rest, "//") {
			return Invalid(field, "the value begins with %s:, but the database is named by its path alone, as in %q", scheme,
				DefaultDatabase)
		}
	}
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		return Invalid(field, "the value is a URL (%s://…), but the database is a file: write its path, as in %q", scheme,
			DefaultDatabase)
	}
	return nil
}
