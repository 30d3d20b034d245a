package service

import (
	"fmt"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// several lists objects that prevent an operation: the first few, and how many more there are.
func several[T any](all []T, describe func(T) string) string {
	const few = 5
	texts := make([]string, 0, few)
	for _, one := range all[:min(few, len(all))] {
		texts = append(texts, describe(one))
	}
	text := strings.Join(texts, ", ")
	if more := len(all) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// describe names a token in an error. Events repeat errors to people who may not know about the token, so one that is
// concealed or restricted is named only by its identifier.
func describe(t tokens.AccessToken) string {
	if t.Name == "" || t.Visibility == tokens.VisibilityRestricted {
		return t.ID
	}
	return fmt.Sprintf("%q (%s)", t.Name, t.ID)
}

// describeOfRun names the token of a run in an error, with its end.
func describeOfRun(t tokens.AccessToken) string {
	if t.ExpiresAt.IsZero() { // concealed
		return describe(t)
	}
	return describe(t) + ", which ends at " + tokens.FormatTimestamp(t.ExpiresAt)
}

// describeUser names a technical user in an error. The address of one that the system created reveals the name of its
// token.
func describeUser(u tokens.TechnicalUser) string {
	if u.SystemCreated {
		return u.ID
	}
	return fmt.Sprintf("%s (%s)", u.Email, u.ID)
}
