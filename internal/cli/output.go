package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

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

// printJSON writes a document for programs to standard output.
func (a *app) printJSON(document any) error {
	return writeJSON(a.Stdout, document)
}

func writeJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// minute writes an instant for people, in UTC; or the word for there being none.
func minute(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

// describe names an access token in a sentence.
func describe(t tokens.AccessToken) string {
	return fmt.Sprintf("access token %q (%s)", t.Name, t.ID)
}
