package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// printLine writes a line to standard output.
func (a *app) printLine(line string) error {
	_, err := fmt.Fprintln(a.Stdout, line)
	return err
}

// note writes a line for people to standard error, beside what a command answers.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintln(a.Stderr, printable(fmt.Sprintf(format, args...)))
}

// printJSON writes a document for programs to standard output. A person may look at it on a terminal, so that whatever is
// not printable is escaped, which only the strings in it can hold.
func (a *app) printJSON(document any) error {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return err
	}
	var escaped strings.Builder
	for _, r := range encoded.String() {
		if unicode.IsPrint(r) || r == '\n' {
			escaped.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	_, err := io.WriteString(a.Stdout, escaped.String())
	return err
}

// minute writes an instant for people, in UTC.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// minuteOr is minute, or the word for there being no instant.
func minuteOr(none string, t time.Time) string {
	if t.IsZero() {
		return none
	}
	return minute(t)
}

// describe names an access token in a sentence. The name is empty for one who may stop the token, but not know of it.
func describe(t tokens.AccessToken) string {
	if t.Name == "" {
		return "access token " + t.ID
	}
	return fmt.Sprintf("access token %q (%s)", t.Name, t.ID)
}
