package tokens

import (
	"bufio"
	"errors"
	"io"
)

// maxPrefixLength is that of prefixPattern.
const maxPrefixLength = 8

// FoundSecret is a value of ours within a text.
type FoundSecret struct {
	Secret Secret
	// Line and Column are where it begins, both from 1; a column is a character.
	Line, Column int64
}

// FindSecrets calls found with each value of ours in a text, in order: every prefix with a matching checksum, whatever is
// before and behind it. The text may be of any size, with lines of any length and bytes of any kind; NUL bytes are passed
// over, so that UTF-16 is read, too. It returns the error of the reader or of found.
func FindSecrets(text io.Reader, found func(FoundSecret) error) error {
	reader := bufio.NewReaderSize(text, 64<<10)
	f := secretFinder{line: 1}
	for {
		b, err := reader.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !f.read(b) {
			continue
		}
		if secret, ok := f.secret(); ok {
			if err := found(FoundSecret{secret, f.startLine, f.startColumn - int64(len(secret.Reveal())-1-len(f.body))}); err != nil {
				return err
			}
		}
	}
}

// secretFinder reads a text byte by byte. A value has one underscore, so that each one in the text may be that of a value
// and ends what began at the one before.
type secretFinder struct {
	line, column int64
	// tail are the last characters that may be a prefix.
	tail []byte
	// prefix are those before the last underscore, which is at startLine and startColumn; empty where there are none.
	prefix                 []byte
	startLine, startColumn int64
	// body are the characters behind that underscore.
	body []byte
}

// read takes the next byte, and tells whether a value may end with it.
func (f *secretFinder) read(b byte) bool {
	if b == 0 {
		return false
	}
	if b&0xc0 != 0x80 { // not the continuation of a character in UTF-8
		f.column++
	}
	isLower, isDigit, isUpper := 'a' <= b && b <= 'z', '0' <= b && b <= '9', 'A' <= b && b <= 'Z'
	switch {
	case b == '_':
		f.prefix = append(f.prefix[:0], f.tail...)
		f.startLine, f.startColumn = f.line, f.column
		f.tail, f.body = f.tail[:0], f.body[:0]
		return false
	case !isLower && !isDigit && !isUpper:
		if b == '\n' {
			f.line, f.column = f.line+1, 0
		}
		f.tail, f.prefix = f.tail[:0], f.prefix[:0]
		return false
	case isUpper:
		f.tail = f.tail[:0]
	default:
		if len(f.tail) == maxPrefixLength {
			f.tail = f.tail[:copy(f.tail, f.tail[1:])]
		}
		f.tail = append(f.tail, b)
	}
	if len(f.prefix) == 0 {
		return false
	}
	f.body = append(f.body, b)
	return len(f.body) == randomLength+checksumLength
}

// secret returns the value that ends with what was read last. What comes before it may fit a prefix, too, so that every
// length of that is tried; the checksum decides.
func (f *secretFinder) secret() (Secret, bool) {
	defer func() { f.prefix = f.prefix[:0] }() // a value that goes on is none
	for start := range f.prefix {
		if value := string(f.prefix[start:]) + "_" + string(f.body); isSecret(value) {
			return Secret{&value}, true
		}
	}
	return Secret{}, false
}
