package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// printJSON writes a document for programs to standard output.
func (a *app) printJSON(document any) error {
	text, err := textOfDocument(document, "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.Stdout, text)
	return err
}

// textOfDocument returns a document in JSON, on one line if there is no indentation. Since a person may look at it on a
// terminal, it escapes whatever is not printable; only strings can hold that.
func textOfDocument(document any, indentation string) (string, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indentation)
	if err := encoder.Encode(document); err != nil {
		return "", err
	}
	var escaped strings.Builder
	for _, r := range encoded.String() {
		if tokens.IsVisible(r) || r == '\n' {
			escaped.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	return escaped.String(), nil
}

// document is an object in --json output: its fields in their order. What is not set is null.
type document []documentField

type documentField struct {
	name string
	data any
}

// documentOf returns these fields of an object.
func documentOf[O any](fields []field[O], object O) document {
	d := make(document, len(fields))
	for i, f := range fields {
		d[i] = documentField{f.name, f.value(object).data}
	}
	return d
}

// MarshalJSON writes the fields in their order. No document is null.
func (d document) MarshalJSON() ([]byte, error) {
	if d == nil {
		return []byte("null"), nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	out.WriteByte('{')
	for i, f := range d {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:", f.name)
		if err := encoder.Encode(f.data); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// stopDocument says who stopped something, when and why, in --json output.
type stopDocument struct {
	By     string  `json:"by"`
	At     *string `json:"at"`
	Reason *string `json:"reason"`
}

// stopValue says who stopped something, when and why.
func stopValue(stop *tokens.Stop) value {
	if stop == nil {
		return textValue("")
	}
	return value{data: newStopDocument(stop), text: stopped(stop, tokens.FormatTimestamp(stop.At))}
}

func newStopDocument(stop *tokens.Stop) *stopDocument {
	if stop == nil {
		return nil
	}
	return &stopDocument{By: string(stop.By), At: instantOrNull(stop.At), Reason: textOrNull(stop.Reason)}
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func instantOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(tokens.FormatTimestamp(t))
}

// documentsOf converts each object to its document. The list is never nil, so that no objects are an empty list in
// JSON.
func documentsOf[O, D any](objects []O, document func(O) D) []D {
	documents := make([]D, len(objects))
	for i, object := range objects {
		documents[i] = document(object)
	}
	return documents
}

// groupRoleDocument is a role in one group in --json output.
type groupRoleDocument struct {
	GroupID string `json:"group_id"`
	Role    string `json:"role"`
}

func newGroupRoleDocument(r tokens.GroupRole) groupRoleDocument {
	return groupRoleDocument{GroupID: r.GroupID, Role: r.Role}
}

// listOf returns a list that is never nil, so that no permissions are an empty list in JSON.
func listOf(permissions []string) []string { return append([]string{}, permissions...) }
