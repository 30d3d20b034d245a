package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// printLine writes a line to standard output.
func (a *app) printLine(line string) error {
	_, err := fmt.Fprintln(a.Stdout, line)
	return err
}

// note writes a line for people to standard error, beside the answer of a command.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintln(a.Stderr, tokens.Cleaned(fmt.Sprintf(format, args...)))
}

// instant writes an instant for people: as everywhere, and on a terminal also how far away it is.
func (a *app) instant(t time.Time) string {
	if a.StdoutTerminal {
		return distant(t, a.Now())
	}
	return tokens.FormatTimestamp(t)
}

// instantOr writes an instant as instant does, or returns the word for none.
func (a *app) instantOr(none string, t time.Time) string {
	if t.IsZero() {
		return none
	}
	return a.instant(t)
}

// distant writes an instant with how far it is from now.
func distant(t, now time.Time) string {
	return fmt.Sprintf("%s (%s)", tokens.FormatTimestamp(t), relative(t, now))
}

// confirm asks the person at the terminal a question. Unless the answer is yes, it returns an error that begins with
// what was left undone.
func (a *app) confirm(question, undone string) error {
	_, _ = fmt.Fprint(a.Stderr, tokens.Cleaned(question)+" [y/N] ")
	answer, err := bufio.NewReader(a.Stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("unable to read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New(undone + ": the answer was not yes")
}

// stopped says who stopped something, when and why.
func (a *app) stopped(stop *tokens.Stop) string { return stopped(stop, a.instant(stop.At)) }

// stopped says who stopped something, when and why. The time is given as a text.
func stopped(stop *tokens.Stop, at string) string {
	text := fmt.Sprintf("by %s at %s", stop.By, at)
	if stop.Reason != "" {
		text += ": " + stop.Reason
	}
	return text
}

// newCard returns a table for the properties of one object, a row for each.
func newCard() tableView {
	return tableView{headless: true, columns: []tableColumn{{}, {fit: breakLines, least: 24}}}
}
