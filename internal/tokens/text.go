package tokens

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The lengths of texts, in characters.
const (
	maxLabel       = 128
	maxDescription = 1024
)

// ValidateLabel checks the name of an access token or of a member: free text for people, in one line.
func ValidateLabel(field, s string) error {
	s = Normal(s)
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return Invalid(field, "the name is empty: use 1 to %d printable characters", maxLabel)
	case n > maxLabel:
		return Invalid(field, "the name has %d characters: use at most %d", n, maxLabel)
	case strings.TrimSpace(s) != s:
		return Invalid(field, "the name starts or ends with a space: remove it")
	}
	return validateText(field, s, false)
}

// ValidateDescription checks a description, which may be empty and may have several lines.
func ValidateDescription(field, s string) error {
	s = Normal(s)
	if n := utf8.RuneCountInString(s); n > maxDescription {
		return Invalid(field, "the description has %d characters: use at most %d", n, maxDescription)
	}
	return validateText(field, s, true)
}

// ValidateReason checks the reason that a person gives for an action: text for other people, which may have several
// lines.
func ValidateReason(field, s string) error {
	s = Normal(s)
	if strings.TrimSpace(s) == "" {
		return Invalid(field, "the reason is empty: say why, for the people who will read it")
	}
	if n := utf8.RuneCountInString(s); n > maxDescription {
		return Invalid(field, "the reason has %d characters: use at most %d", n, maxDescription)
	}
	return validateText(field, s, true)
}

// validateText is what every text that people set must keep to. It hides nothing from those who read it, changes
// nothing about how they see the rest, and holds no value of an access token, which all of them could use.
func validateText(field, s string, lines bool) error {
	if !utf8.ValidString(s) {
		return Invalid(field, "it holds bytes that are no character and can't be printed: write it in UTF-8")
	}
	before := ' '
	for _, r := range s {
		if !IsVisible(r) && (!lines || r != '\n' && r != '\t') {
			return Invalid(field, "it holds the character %U, which can't be printed or seen, or changes how others are "+
				"shown: use letters, digits, punctuation and spaces", r)
		}
		if unicode.IsMark(r) && unicode.IsSpace(before) {
			return Invalid(field, "it holds the mark %U, which changes how a letter before it is shown, but there is none", r)
		}
		before = r
	}
	if holdsSecret(s) {
		return SecretInText(field)
	}
	return nil
}

// SecretInText says that a text holds the value of an access token.
func SecretInText(field string) error {
	return Invalid(field, "the text holds a value of an access token, which everybody who reads it could use: leave it "+
		"out, and regenerate that token if someone else may have seen the value")
}

// blank holds characters that look like nothing, or like a space, although they count as letters, marks or symbols.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x2800, 0x2800, 1}, // braille pattern blank
		{0xfffc, 0xfffc, 1}, // object replacement character
	},
	R32: []unicode.Range32{
		{0x13441, 0x13442, 1}, // Egyptian hieroglyph full blank, half blank
		{0x16fe4, 0x16fe4, 1}, // Khitan small script filler
		{0x1d159, 0x1d159, 1}, // musical symbol null notehead
	},
	LatinOffset: 0,
}

// IsVisible reports whether people see a character, and see the others as they are. Characters that control the
// direction, join, select a variant or fill up are not visible; so emoji that are joined of several are not text.
func IsVisible(r rune) bool {
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, blank)
}

// holdsSecret reports whether a text holds what has the form and the checksum of a secret value.
func holdsSecret(s string) bool {
	found := false
	// The reader of a string never fails.
	_ = FindSecrets(strings.NewReader(s), func(FoundSecret) error {
		found = true
		return nil
	})
	return found
}

// Normal returns the form in which texts are judged, compared and stored: Unicode's NFC, with line feeds for line ends.
// Texts that differ only in that are equal.
func Normal(s string) string { return norm.NFC.String(strings.ReplaceAll(s, "\r\n", "\n")) }

// Normalized returns the input of an operation with every text in it in its normal form.
func Normalized[T any](input T) T {
	eachText(reflect.ValueOf(&input).Elem(), func(text reflect.Value) {
		if normal := Normal(text.String()); normal != text.String() {
			text.SetString(normal)
		}
	})
	return input
}

// eachText calls fn with each text in a value that can be set, in structs and lists too. It puts a copy in place of
// each list before, since that may belong to others. What is not exported holds no text of a person.
func eachText(v reflect.Value, fn func(reflect.Value)) {
	switch v.Kind() {
	case reflect.String:
		fn(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachText(v.Field(i), fn)
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		v.Set(own)
		for i := range v.Len() {
			eachText(v.Index(i), fn)
		}
	default: // nothing else that a person sets holds text
	}
}

// The words that may be an own secret of somebody: b64token of RFC 6750, section 2.1, of these lengths.
const minWord, maxWord = 32, 512

var (
	wordPattern     = regexp.MustCompile(`[0-9A-Za-z._~+/-]{32,}=*`)
	wordPunctuation = "-._~+/="
)

// SecretWords returns the words in the texts of the input of an operation, or in one text, that have the length and the
// characters of a secret, whoever formed it. Only a database knows whether one is.
func SecretWords(input any) (words []string) {
	add := func(word string) {
		if len(word) >= minWord && len(word) <= maxWord && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	v := reflect.New(reflect.TypeOf(input)).Elem()
	v.Set(reflect.ValueOf(input))
	eachText(v, func(text reflect.Value) {
		for _, word := range wordPattern.FindAllString(text.String(), -1) {
			add(word)
			add(strings.TrimLeft(word, wordPunctuation))
			add(strings.TrimRight(word, "="))
			add(strings.Trim(word, wordPunctuation)) // as at the end of a sentence
			for part := range strings.SplitSeq(word, "/") {
				add(strings.Trim(part, wordPunctuation))
			}
		}
	})
	return words
}

// WithoutWords returns an error whose message repeats none of the words.
func WithoutWords(err error, words []string) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	hidden := *e
	for _, word := range words {
		hidden.Message = strings.ReplaceAll(hidden.Message, word, redacted)
	}
	return &hidden
}

// Cleaned returns a text as it may be printed anywhere, in one line, whatever it holds: with a space in place of a line
// end or a tab, and with the replacement character in place of everything else that is not visible. A file may hold
// texts that were written before there were rules for them.
func Cleaned(s string) string {
	return cleaned(s, func(rune) bool { return false })
}

// CleanedLines is Cleaned, but keeps line feeds and tabs.
func CleanedLines(s string) string {
	return cleaned(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

func cleaned(s string, keeps func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case IsVisible(r), keeps(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return unicode.ReplacementChar
	}, s)
}
