package tokens

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLabel       = 128
	maxDescription = 1024
	maxEmail       = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
	maxNameLength  = 63
)

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

// ValidateLabel checks the name of an access token or of a member: free text for people.
func ValidateLabel(field, s string) error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return Invalid(field, "the name is empty: use 1 to %d printable characters", maxLabel)
	case n > maxLabel:
		return Invalid(field, "the name has %d characters: use at most %d", n, maxLabel)
	case !isPrintable(s):
		return Invalid(field, "%q holds a character that can't be printed: use letters, digits, punctuation and spaces", s)
	case strings.TrimSpace(s) != s:
		return Invalid(field, "%q starts or ends with a space: remove it", s)
	}
	return nil
}

// ValidateDescription checks a description, which may be empty.
func ValidateDescription(field, s string) error {
	if n := utf8.RuneCountInString(s); n > maxDescription {
		return Invalid(field, "the description has %d characters: use at most %d", n, maxDescription)
	}
	if !isPrintable(strings.ReplaceAll(s, "\n", "")) {
		return Invalid(field,
			"the description holds a character that can't be printed: use printable characters and line feeds")
	}
	return nil
}

// ValidateEmail checks the form of an e-mail address: a bare address, as in anna@example.com.
func ValidateEmail(field, s string) error {
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || len(s) > maxEmail {
		return Invalid(field, "%q is not an e-mail address: write the bare address, as in \"anna@example.com\"", s)
	}
	return nil
}

// reservedDomain is where technical users have their addresses. An event tells a member from a token by it.
const reservedDomain = "latchkey.internal"

// ValidateMemberEmail checks the address of a new member, which must not look like that of a technical user.
func ValidateMemberEmail(field, s string) error {
	if err := ValidateEmail(field, s); err != nil {
		return err
	}
	if _, domain, _ := strings.Cut(s, "@"); strings.Contains(strings.ToLower(domain), reservedDomain) {
		return Invalid(field, "%q looks like the address of a technical user: addresses in %s are reserved for them", s,
			reservedDomain)
	}
	return nil
}

func isPrintable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
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

// ValidateReason checks the reason that a person gives for an action: text for other people.
func ValidateReason(field, s string) error {
	if strings.TrimSpace(s) == "" {
		return Invalid(field, "the reason is empty: say why, for the people who will read it")
	}
	if utf8.RuneCountInString(s) > maxDescription || !isPrintable(s) {
		return Invalid(field, "the reason must be one line of at most %d printable characters", maxDescription)
	}
	return nil
}
