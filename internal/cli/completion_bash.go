package cli

import "strings"

// bashLine is a command line as it is typed in bash, up to the cursor.
type bashLine struct {
	// words are what the command gets, the command first. The last one is the one to complete.
	words []string
	// kept is how many bytes of the last word stay: bash replaces what is behind a quote that is open, or else behind the
	// last character that breaks words.
	kept int
	// quote is the one that is open; zero for none.
	quote rune
}

// readBashLine splits a command line into words and removes the quotes. Nothing in it is expanded.
func readBashLine(text, breaks string) bashLine {
	var (
		l                bashLine
		word             strings.Builder
		begun, escaped   bool
		broken, quotedAt int
	)
	for _, r := range text {
		switch {
		case escaped:
			if l.quote != 0 && !strings.ContainsRune("\"\\$`", r) {
				word.WriteByte('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && l.quote != '\'':
			begun, escaped = true, true
		case r == l.quote:
			l.quote = 0
		case l.quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			begun, l.quote, quotedAt = true, r, word.Len()
		case strings.ContainsRune(" \t\n", r):
			if begun {
				l.words = append(l.words, word.String())
			}
			word.Reset()
			begun, broken = false, 0
		default:
			begun = true
			if r == '@' && strings.ContainsRune(breaks, r) { // bash takes it for the beginning of the name of a host
				broken = word.Len()
			}
			word.WriteRune(r)
			if r != '@' && strings.ContainsRune(breaks, r) {
				broken = word.Len()
			}
		}
	}
	if l.kept = broken; l.quote != 0 {
		l.kept = quotedAt
	}
	l.words = append(l.words, word.String())
	return l
}

// insertion returns what bash has to put in the place of what it replaces, for the last word to become another one, which
// begins like it.
func (l bashLine) insertion(word string) string {
	rest := word[l.kept:]
	switch l.quote {
	case '\'':
		return strings.ReplaceAll(rest, "'", `'\''`)
	case '"':
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(rest)
	}
	var quoted strings.Builder
	for _, r := range rest {
		if strings.ContainsRune(" \t!\"#$&'()*;<>?[\\]^`{|}~", r) {
			quoted.WriteByte('\\')
		}
		quoted.WriteRune(r)
	}
	return quoted.String()
}
