package tokens

import (
	"net/url"
	"regexp"
	"strings"
)

const (
	// DefaultDatabase is the path of the database if none is named.
	DefaultDatabase = "latchkey.db"
	// DatabaseVariable is the environment variable that names the database, by a path or an address, if nothing else does.
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

// IsDatabaseAddress reports whether a database is named by the address of a PostgreSQL server, and not by the path of a file.
func IsDatabaseAddress(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// MayHoldPassword reports whether a name of a database, a good one or not, may contain a password. Terraform prints the line
// of the configuration that a diagnostic is about, and the values in it.
func MayHoldPassword(name string) bool {
	return strings.ContainsAny(name, "@=") || strings.Contains(name, "://")
}

// HoldsPassword reports whether the address of a PostgreSQL server contains a password, be it of a role or of a key.
func HoldsPassword(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	rest, parameters, _ := strings.Cut(rest, "?")
	authority, _, _ := strings.Cut(rest, "/")
	user, _, hasUser := strings.Cut(authority, "@")
	_, password, _ := strings.Cut(user, ":")
	query, _ := url.ParseQuery(parameters) // what can't be read of it is refused elsewhere
	return hasUser && password != "" || query.Get("password") != "" || query.Get("sslpassword") != ""
}

// connectionString matches what names a PostgreSQL server in keywords and values, such as "host=db dbname=latchkey".
var connectionString = regexp.MustCompile(`^(host|hostaddr|port|dbname|user|password|service|sslmode)\s*=`)

// bareAddress matches an address that lacks its scheme, or a part of that: such as postgres//db/latchkey, and anna@db:5432/latchkey.
var bareAddress = regexp.MustCompile(`^(postgres(ql)?//|[^/@]+@[^/@]+:[0-9]+(/|\?|$))`)

// schemeOfURL matches the scheme of a URL, which may consist of two, as in jdbc:postgresql.
var schemeOfURL = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.:-]*)://`)

// addressForm says how the address of a PostgreSQL server is written.
const addressForm = `"postgres://latchkey@db.example.com/latchkey?sslmode=verify-full"`

// ValidateDatabase checks that a database is named by the path of a file or has the form of an address of a PostgreSQL server.
// The error repeats nothing of an address, which may contain a password.
func ValidateDatabase(field, name string) error {
	if name == "" {
		return Invalid(field, "the path is empty: name a file, or leave %s out for %s", field, DefaultDatabase)
	}
	if strings.TrimSpace(name) != name {
		return Invalid(field, "the path begins or ends with a blank or a line end, so it names another file: remove that")
	}
	if IsDatabaseAddress(name) {
		return validateDatabaseAddress(field, name)
	}
	lower := strings.ToLower(name)
	for _, scheme := range []string{"file", "sqlite"} {
		if rest, ok := strings.CutPrefix(lower, scheme+":"); ok && !strings.HasPrefix(rest, "//") {
			return Invalid(field, "the value begins with %s:, but the database is named by its path alone, as in %q", scheme,
				DefaultDatabase)
		}
	}
	if strings.HasPrefix(lower, "postgres:") || strings.HasPrefix(lower, "postgresql:") || bareAddress.MatchString(lower) ||
		connectionString.MatchString(lower) {
		return Invalid(field, "a PostgreSQL server is named by an address, and this is none: write it like %s", addressForm)
	}
	if scheme := schemeOfURL.FindStringSubmatch(name); scheme != nil {
		return Invalid(field, "the value is a URL (%s://…), but the database is a file or a PostgreSQL server: write a path, as in "+
			"%q, or an address like %s", scheme[1], DefaultDatabase, addressForm)
	}
	if strings.Contains(name, "://") {
		return Invalid(field, "the value is a URL, but the database is a file or a PostgreSQL server: write a path, as in %q, or an "+
			"address like %s", DefaultDatabase, addressForm)
	}
	return nil
}

// validateDatabaseAddress refuses an address in which a part of a password might be taken for something else, and then be
// shown: one that holds a /, ?, # or @ as it is.
func validateDatabaseAddress(field, address string) error {
	_, rest, _ := strings.Cut(address, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	if strings.Count(authority, "@") > 1 || strings.Contains(rest[len(authority):], "@") || strings.Contains(rest, "#") {
		return Invalid(field, "in its address, an @, /, ? or # stands where none belongs: write those of a user name or password as "+
			"%%40, %%2F, %%3F and %%23, or put the password into PGPASSWORD or a password file")
	}
	user, host, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		user, host = "", authority
	}
	for _, part := range []string{user, host} {
		if _, err := url.PathUnescape(part); err != nil {
			return Invalid(field, "in its address, a %% isn't followed by two hexadecimal digits: write that of a password as %%25")
		}
	}
	return nil
}
