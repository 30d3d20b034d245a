package tokens

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const maxEmail = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets

// reservedDomain is where technical users have their addresses. An event tells a member from a token by it.
const reservedDomain = "latchkey.internal"

// ValidateEmail checks the form of an e-mail address: a bare address, as in anna@example.com. It is for looking an
// account up, whose address may be older than the rules of ValidateMemberEmail.
func ValidateEmail(field, s string) error {
	s = Normal(s)
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || len(s) > maxEmail {
		return Invalid(field, "%q is not an e-mail address: write the bare address, as in \"anna@example.com\"", s)
	}
	return nil
}

// ValidateMemberEmail checks the address of a new member, which must look neither like that of a technical user nor,
// at a glance, like that of another person. So the part before the @ and each part of the domain have letters of one
// script, and not only such as look like Latin ones.
func ValidateMemberEmail(field, s string) error {
	if err := ValidateEmail(field, s); err != nil {
		return err
	}
	s = Normal(s)
	if err := validateText(field, s, false); err != nil {
		return err
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	for i, part := range append([]string{local}, strings.Split(domain, ".")...) {
		if problem := deceives(part); problem != "" {
			where := "the part before the @"
			if i > 0 {
				where = fmt.Sprintf("part %d of the domain", i)
			}
			return Invalid(field, "%q may be taken for another address: %s %s; write it with letters of one script, digits "+
				"and the punctuation of ASCII, or the domain in its ASCII form (xn--…)", s, where, problem)
		}
	}
	if strings.Contains(FoldedEmail(domain), FoldedEmail(reservedDomain)) {
		return Invalid(field, "%q looks like the address of a technical user: addresses in %s are reserved for them", s,
			reservedDomain)
	}
	return nil
}

// FoldedEmail returns what two spellings of one address have in common: both address the same account. Upper and lower
// case are the same in all alphabets, as in strings.EqualFold.
func FoldedEmail(email string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, Normal(email))
}

// SameEmail reports whether two spellings are of one address.
func SameEmail(a, b string) bool { return FoldedEmail(a) == FoldedEmail(b) }

// plainLatin holds the letters of the Latin script that look like no other one, apart from those of ASCII with marks
// above or below.
const plainLatin = "ßæøœđłþðÆØŒĐŁÞÐ"

// The letters of the Cyrillic and the Greek script that look like letters of the Latin one.
const latinDoubles = "асеіјорѕухһӏԁԛԝѵґгкАВЕЅІЈКМНОРСТУХҺӀԌԚԜ" + "αικνορτυχγϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ"

// deceives says what about a part of an address may make people take it for another one; empty for nothing.
func deceives(part string) string {
	script, own := "", 0
	for _, r := range part {
		switch {
		case r <= unicode.MaxASCII && !unicode.IsLetter(r):
			continue
		case norm.NFKC.String(string(r)) != string(r):
			return "holds a variant of another character"
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r):
			if script == "" || script == "Latin" {
				return "holds a mark by itself"
			}
			continue
		case !unicode.IsLetter(r):
			return "holds other digits or signs than those of ASCII"
		}
		of := scriptOf(r)
		switch {
		case of == "":
			return "holds a letter of a script that is not taken here"
		case script != "" && of != script:
			return "mixes letters of several scripts"
		case of == "Latin" && !isPlainLatin(r):
			return "holds a letter that looks like another one"
		}
		script = of
		if !strings.ContainsRune(latinDoubles, r) {
			own++
		}
	}
	if script != "" && own == 0 {
		return "has only letters that look like those of another script"
	}
	return ""
}

// scripts are those in which a part of an address may be written. Those of Japanese and of Korean stand together. They
// are the ones in daily use whose letters look like no letters of another of them, except for latinDoubles.
var scripts = map[string][]*unicode.RangeTable{
	"Latin":      {unicode.Latin},
	"Greek":      {unicode.Greek},
	"Cyrillic":   {unicode.Cyrillic},
	"Arabic":     {unicode.Arabic},
	"Hebrew":     {unicode.Hebrew},
	"Devanagari": {unicode.Devanagari},
	"Bengali":    {unicode.Bengali},
	"Tamil":      {unicode.Tamil},
	"Thai":       {unicode.Thai},
	"Georgian":   {unicode.Georgian},
	"CJK":        {unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo},
}

// scriptOf returns which of the scripts a letter belongs to; empty for none of them.
func scriptOf(r rune) string {
	for name, tables := range scripts {
		if unicode.In(r, tables...) {
			return name
		}
	}
	return ""
}

// isPlainLatin reports whether a Latin letter is one of ASCII, perhaps with marks, or looks like no other one.
func isPlainLatin(r rune) bool {
	base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	return base <= unicode.MaxASCII || strings.ContainsRune(plainLatin, r)
}
