package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A problem repeats nothing that its client sent, since that may be a secret in the place of a name. Where the text of an
// error does, the problem has {{member}}: a client that knows its own request reads there what it sent, and a program of
// ours shows the text of the error as it was. {{}} stands for {{ itself, so that no text of others looks like a member.

const (
	// leastPlain is the length in characters of the shortest text that is looked for outside quotation marks. Shorter ones
	// are words of the sentence as well.
	leastPlain = 8
	// mostLeaves is how many texts of a request are looked for, and mostLooked how many bytes they have together: it takes
	// seconds to look for a whole large document.
	mostLeaves, mostLooked = 5000, 128 << 10
	// unspoken is the detail of a problem whose request has more.
	unspoken = "the request has too many texts, or too long ones, to say more about it"
)

// leaf is a text that a client sent, with the name of its parameter or the path of its member, such as group_roles.0.role.
type leaf struct{ name, text string }

// concealer takes out of texts what one request sent.
type concealer struct{ leaves []leaf }

// concealing returns what takes out of texts what a request for an operation sent. body is what was read of its body.
func concealing(d described, r *http.Request, body []byte) concealer {
	var c concealer
	add := func(name, text string) { c.leaves = append(c.leaves, leaf{name, text}) }
	query, _ := url.ParseQuery(r.URL.RawQuery) // what is malformed there, no text repeats
	for _, p := range placesOf(d.in) {
		switch p.kind {
		case "path":
			add(p.name, r.PathValue(p.name))
		case "query":
			addValues(add, p.name, query[p.name])
			delete(query, p.name)
		case "body":
			known := map[string]bool{}
			namesIn(d.in.FieldByIndex(p.index).Type, known)
			addDocument(add, body, known)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		addValues(add, "query", query[name]) // the name is one that the client made up
	}
	return c
}

// sending returns the texts that a client sends with an input, by their names: all but secrets, which its documents never
// show.
func sending(d described, in any) map[string]string {
	texts := map[string]string{}
	add := func(name, text string) { texts[name] = text }
	value := reflect.ValueOf(in)
	for _, p := range placesOf(d.in) {
		field := value.FieldByIndex(p.index)
		switch p.kind {
		case "path":
			add(p.name, field.String())
		case "query":
			query := url.Values{}
			writeParameter(query, p.name, field)
			addValues(add, p.name, query[p.name])
		case "body":
			if text, err := json.Marshal(field.Interface()); err == nil {
				addDocument(add, text, nil)
			}
		}
	}
	return texts
}

// addValues adds the values of a parameter: several ones with their numbers.
func addValues(add func(name, text string), name string, values []string) {
	for i, value := range values {
		of := name
		if len(values) > 1 {
			of = name + "." + strconv.Itoa(i)
		}
		add(of, value)
	}
}

// addDocument adds the texts in a document, whose members have known names; nil for any.
func addDocument(add func(name, text string), document []byte, known map[string]bool) {
	var decoded any
	if json.Unmarshal(document, &decoded) == nil {
		addTexts(add, "", decoded, known, 0)
	}
}

// addTexts adds the texts in a decoded value that is so many objects and arrays deep in its document. A member that is not
// known has the name of what it is in. What is deeper than in any document that is read, no error repeats: the names of
// thousands of levels would together take more than a gigabyte.
func addTexts(add func(name, text string), name string, value any, known map[string]bool, depth int) {
	if depth > deepest {
		return
	}
	below := func(part string) string {
		if name == "" {
			return part
		}
		return name + "." + part
	}
	switch v := value.(type) {
	case string:
		if name == "" {
			name = "body"
		}
		add(name, v)
	case []any:
		for i, element := range v {
			addTexts(add, below(strconv.Itoa(i)), element, known, depth+1)
		}
	case map[string]any:
		for _, member := range slices.Sorted(maps.Keys(v)) {
			if known == nil || known[member] {
				addTexts(add, below(member), v[member], known, depth+1)
			} else {
				addTexts(add, name, v[member], known, depth+1)
				add("body", member)
			}
		}
	}
}

// namesIn collects the names of the members that documents of a type have, at any depth.
func namesIn(t reflect.Type, names map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		namesIn(t.Elem(), names)
	default:
		for _, m := range typedMembersOf(t) {
			names[m.name] = true
			namesIn(m.field.Type, names)
		}
	}
}

// forms are the forms in which an error may have a text, by what follows the name of its member.
var forms = []struct {
	suffix string
	of     func(text string) string
}{
	{"", func(text string) string { return text }},
	{":nfc", tokens.Normal},
	{":lower", func(text string) string { return strings.ToLower(tokens.Normal(text)) }},
}

// rendered returns a text as an error has it, in quotation marks or plain: without what looks like a value of a token.
func rendered(text string, quoted bool) string {
	if quoted {
		return tokens.Invalid("", "%q", text).Message
	}
	return tokens.Invalid("", "%s", text).Message
}

// needle is what is looked for in a text, and what takes its place.
type needle struct {
	text, placeholder string
	// plain means that it counts only where no word goes on at its ends.
	plain bool
}

// conceal returns a text without what the request sent, apart from identifiers of objects. A text that is about a member
// prefers its name where several have the same value. Outside quotation marks it looks for texts of a length.
func (c concealer) conceal(text, field string, least int) string {
	if c.hasTooMany() {
		return unspoken
	}
	needles := []needle{{"{{", "{{}}", false}}
	for _, l := range c.leaves {
		if l.text == "" || tokens.KindOf(l.text) != "" {
			continue
		}
		needles = append(needles, l.needles(text, least)...)
	}
	// Among those that begin at the same place, the longest is meant, and of equal ones that of the field.
	slices.SortStableFunc(needles, func(a, b needle) int {
		if len(a.text) != len(b.text) {
			return len(b.text) - len(a.text)
		}
		return rank(b, field) - rank(a, field)
	})
	var result strings.Builder
	for i := 0; i < len(text); {
		at := slices.IndexFunc(needles, func(n needle) bool { return n.isAt(text, i) })
		if at < 0 {
			result.WriteByte(text[i])
			i++
			continue
		}
		result.WriteString(needles[at].placeholder)
		i += len(needles[at].text)
	}
	return result.String()
}

// hasTooMany reports whether the request sent more than is looked for.
func (c concealer) hasTooMany() bool {
	bytes := 0
	for _, l := range c.leaves {
		bytes += len(l.text)
	}
	return len(c.leaves) > mostLeaves || bytes > mostLooked
}

// rank returns 1 for what takes the place of a value of the field, else 0.
func rank(n needle, field string) int {
	if field != "" && strings.Contains(n.placeholder, "{{"+field) {
		return 1
	}
	return 0
}

// needles returns what is to be looked for because of a leaf, of what a text has.
func (l leaf) needles(in string, least int) (found []needle) {
	seen := map[string]bool{}
	for _, form := range forms {
		formed := form.of(l.text)
		if seen[formed] {
			continue
		}
		seen[formed] = true
		name := "{{" + l.name + form.suffix + "}}"
		if quoted := rendered(formed, true); strings.Contains(in, quoted) {
			found = append(found, needle{quoted, `"` + name + `"`, false})
		}
		if isWordOfOurs(formed) {
			continue
		}
		if plain := rendered(formed, false); utf8.RuneCountInString(plain) >= least && strings.Contains(in, plain) {
			found = append(found, needle{plain, name, true})
		}
	}
	return found
}

// isWordOfOurs reports whether a text is one of the names that errors list.
func isWordOfOurs(text string) bool {
	return tokens.IsBuiltInRole(text) ||
		tokens.IsReserved(text) && tokens.ValidatePermissions("", []string{text}) == nil
}

// isAt reports whether a text has the needle at an index.
func (n needle) isAt(text string, i int) bool {
	if !strings.HasPrefix(text[i:], n.text) {
		return false
	}
	if !n.plain {
		return true
	}
	first, _ := utf8.DecodeRuneInString(n.text)
	last, _ := utf8.DecodeLastRuneInString(n.text)
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+len(n.text):])
	return (!isOfWord(first) || !isOfWord(before)) && (!isOfWord(last) || !isOfWord(after))
}

func isOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// concealed returns a problem that repeats nothing of the request but identifiers of objects, and does not tell the location
// of the server's database.
func (c concealer) concealed(p problem, location string) problem {
	if location != "" && (tellsLocation[tokens.Reason(p.Reason)] || !c.guesses(location)) {
		const place = "the server's database"
		p.Detail = strings.ReplaceAll(strings.ReplaceAll(p.Detail, "database "+location, place), location, place)
	}
	p.Detail = c.conceal(p.Detail, p.Field, leastPlain)
	if p.ID != "" && tokens.KindOf(p.ID) == "" {
		p.ID = c.conceal(p.ID, p.Field, 1)
	}
	return p
}

// tellsLocation has the reasons of errors that tell where the database is, and repeat nothing of the request.
var tellsLocation = map[tokens.Reason]bool{
	tokens.ReasonWrongDatabase: true, tokens.ReasonOlderDatabase: true, tokens.ReasonForkedDatabase: true,
	tokens.ReasonOtherOrganization: true,
}

// guesses reports whether the request has the location of the database, which must not be told from any other text.
func (c concealer) guesses(location string) bool {
	return slices.ContainsFunc(c.leaves, func(l leaf) bool { return strings.Contains(l.text, location) })
}

// placeholder matches what takes the place of a text.
var placeholder = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// reveal puts back what a server concealed of the texts that the input of an operation sends: each at most once, and never
// a secret.
func reveal(p problem, d described, in any) problem {
	sent := sending(d, in)
	p.Detail = tokens.CleanedLines(revealed(p.Detail, sent))
	p.ID = tokens.CleanedLines(revealed(p.ID, sent))
	return p
}

func revealed(text string, sent map[string]string) string {
	var result strings.Builder
	end := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		result.WriteString(text[end:at[0]])
		end = at[1]
		isQuoted := strings.HasSuffix(text[:at[0]], `"`) && strings.HasPrefix(text[end:], `"`)
		original, ok := originalOf(text[at[2]:at[3]], sent, isQuoted)
		if !ok {
			original = text[at[0]:at[1]]
		}
		result.WriteString(original)
	}
	return result.String() + text[end:]
}

// originalOf returns what a placeholder with a name stands for, in quotation marks or plain.
func originalOf(name string, sent map[string]string, isQuoted bool) (string, bool) {
	if name == "" {
		return "{{", true
	}
	name, suffix, _ := strings.Cut(name, ":")
	text, ok := sent[name]
	if !ok {
		return "", false
	}
	for _, form := range forms {
		if strings.TrimPrefix(form.suffix, ":") != suffix {
			continue
		}
		original := rendered(form.of(text), isQuoted)
		if isQuoted {
			original = strings.TrimSuffix(strings.TrimPrefix(original, `"`), `"`)
		}
		return original, true
	}
	return "", false
}
