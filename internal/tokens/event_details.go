package tokens

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// EventDetails are the facts of an event, each of them empty where it does not apply. None holds a secret.
type EventDetails struct {
	// Changes are the settings that were changed, in the order of the type's fields; those of a share too.
	Changes []Change `json:"changes,omitempty"`
	// Reason is why somebody holds a token or regenerates its secret, or what else it was that led to the event.
	Reason string `json:"reason,omitempty"`
	// Code and Field are those of the error by which it was refused.
	Code  Code   `json:"code,omitempty"`
	Field string `json:"field,omitempty"`
	// Permissions are what the caller lacked.
	Permissions []string `json:"permissions,omitempty"`
	// SecretVersion is the version of the secret that a regeneration made, of the previous one that ended, or of one that
	// was presented and refused.
	SecretVersion int64 `json:"secret_version,omitempty"`
	// PreviousSecretExpiresAt is until when a regeneration leaves the previous secret valid; zero if it ended at once.
	PreviousSecretExpiresAt time.Time `json:"previous_secret_expires_at,omitzero"`
	// LastUsedAt is when the secret that a regeneration replaced, or that ended, was last used; zero for never.
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	// EventsDeleted is how many events were deleted, those before EventsDeletedBefore.
	EventsDeleted       int64     `json:"events_deleted,omitempty"`
	EventsDeletedBefore time.Time `json:"events_deleted_before,omitzero"`
	// Checkpoint is the head of the history at the last of them.
	Checkpoint string `json:"checkpoint,omitempty"`
}

// Change is a setting with its values before and after. They are empty where there was, or is, none, and both are where
// they are left out: descriptions, long values, and what may be a secret.
type Change struct {
	Setting string `json:"setting"`
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
}

// IsZero reports whether there are none.
func (d EventDetails) IsZero() bool { return reflect.ValueOf(d).IsZero() }

// The most that the details of an event hold.
const (
	mostChanges     = 32
	mostPermissions = 64
)

// Validate checks the bounds within which all details lie. CodeInvalid.
func (d EventDetails) Validate() error {
	switch {
	case len(d.Changes) > mostChanges:
		return Invalid("changes", "there are %d, and no object has as many settings", len(d.Changes))
	case len(d.Permissions) > mostPermissions:
		return Invalid("permissions", "there are %d, and nobody lacks more than %d", len(d.Permissions), mostPermissions)
	case d.SecretVersion < 0, d.EventsDeleted < 0:
		return Invalid("", "a number counts from 0")
	case utf8.RuneCountInString(d.Reason) > maxDescription:
		return Invalid("reason", "it is longer than any reason")
	}
	if _, err := ParseHead("checkpoint", d.Checkpoint); err != nil {
		return err
	}
	for _, c := range d.Changes {
		if c.Setting == "" || utf8.RuneCountInString(c.From) > longestChange || utf8.RuneCountInString(c.To) > longestChange {
			return Invalid("changes", "a change has no setting, or a value that is longer than any")
		}
	}
	return nil
}

// longestChange is the length of the longest value in a change, in characters.
const longestChange = 256

// Changes returns the differences between two values of settings that have some names.
func Changes[S any](before, after S, fields Fields) (changes []Change) {
	from, to := reflect.ValueOf(&before).Elem(), reflect.ValueOf(&after).Elem()
	for _, s := range settingsOf(from.Type()) {
		if !fields.Has(s.name) {
			continue
		}
		c := Change{s.name, settingText(from.FieldByIndex(s.index)), settingText(to.FieldByIndex(s.index))}
		if s.name == "description" || !isHarmless(c.From) || !isHarmless(c.To) {
			c.From, c.To = "", ""
		}
		changes = append(changes, c)
	}
	return changes
}

// isHarmless reports whether a value may be repeated in an event: it is short, prints as it is, and nothing in it looks
// like a secret. A name from before there were rules for names may be anything.
func isHarmless(value string) bool {
	return utf8.RuneCountInString(value) <= longestChange && redact(value) == value && len(SecretWords(value)) == 0
}

// settingText returns the value of a setting as people write it; empty for one that is not set.
func settingText(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Time:
		if value.IsZero() {
			return ""
		}
		return FormatTimestamp(value)
	case time.Duration:
		if value == 0 {
			return ""
		}
		return FormatDuration(value)
	case Grace:
		return value.String()
	case []GroupRole:
		if value == nil {
			return ""
		}
		texts := make([]string, len(value))
		for i, r := range sortedGroupRoles(value) {
			texts[i] = r.Role + " in " + r.GroupID
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case []string:
		return strings.Join(value, " ")
	}
	return fmt.Sprint(v.Interface())
}

// RefusalDetails are the details of an event of a refusal.
func RefusalDetails(because error) EventDetails {
	e, ok := errors.AsType[*Error](because)
	if !ok {
		return EventDetails{Code: ErrorCode(because)}
	}
	return EventDetails{Code: e.Code, Field: e.Field, Permissions: e.Lacking[:min(len(e.Lacking), mostPermissions)]}
}
