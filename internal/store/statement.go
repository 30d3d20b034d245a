package store

import (
	"slices"
	"strconv"
	"strings"
)

// statement collects the arguments of a statement while its text is being written.
type statement struct{ args []any }

// arg adds an argument and returns its place in the text.
func (s *statement) arg(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// in is the condition that what is before it is one of several texts.
func (s *statement) in(texts []string) string {
	places := make([]string, len(texts))
	for i, text := range texts {
		places[i] = s.arg(text)
	}
	return `IN (` + strings.Join(places, `, `) + `)`
}

// where joins conditions, of which empty ones are none.
func where(conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(condition string) bool { return condition == "" })
	if len(conditions) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(conditions, ` AND `)
}
