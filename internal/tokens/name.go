package tokens

import (
	"regexp"
	"strings"
)

const maxNameLength = 63

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidateName checks the name of a technical user, a group, a role or the organization: it is part of e-mail
// addresses.
func ValidateName(field, s string) error {
	if namePattern.MatchString(s) {
		return nil
	}
	return Invalid(field,
		"%q is not a valid name: use 1 to %d lower-case letters, digits and hyphens, and start with a letter or a digit",
		s, maxNameLength)
}

// systemUserName names the technical user that the system creates for an access token: as much of the token's name as
// is valid in a name, and the end of the token's identifier, which makes it unique.
func systemUserName(tokenName, tokenID string) string {
	const suffix = 10
	words := strings.FieldsFunc(strings.ToLower(tokenName),
		func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	slug := strings.Join(words, "-")
	slug = strings.TrimRight(slug[:min(len(slug), maxNameLength-suffix-1)], "-")
	if slug == "" {
		slug = "token"
	}
	return slug + "-" + tokenID[len(tokenID)-suffix:]
}
