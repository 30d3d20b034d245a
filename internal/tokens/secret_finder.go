package tokens

import (
	"bufio"
	"errors"
	"io"
)

// maxPrefixLength is the maximum length that prefixPattern allows.
const maxPrefixLength = 8

// FoundSecret is a value of a token within a text.
type FoundSecret struct {
	Secret Secret
	// Line and Column say where it begins, both counted from 1; a column is a character.
	Line, Column int64
}

// FindSecrets calls found with each token value in a text, in order: every prefix with a matching checksum, whatever
// comes before and after it. The text may be of any size, with lines of any length and any bytes. NUL bytes are
// skipped, so that UTF-16 works, too. FindSecrets returns the error of the reader or of found.
func FindSecrets(text io.Reader, found func(FoundSecret) error) error {
	reader, ok := text.(io.ByteReader)
	if !ok {
		reader = bufio.NewReaderSize(text, 64<<10)
	}
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
			if err := found(FoundSecret{secret, f.startLine,
				f.startColumn - int64(len(secret.Reveal())-1-len(f.body))}); err != nil {
				return err
			}
		}
	}
}

// secretFinder reads a text byte by byte. A value has exactly one underscore. So each underscore in the text may belong
// to a value, and ends whatever began at the one before.
type secretFinder struct {
	line, column int64
	// tail holds the last characters that may be a prefix.
	tail []byte
	// prefix holds such characters before the last underscore, which is at startLine and startColumn; it may be empty.
	prefix                 []byte
	startLine, startColumn int64
	// body holds the characters after that underscore.
	body []byte
}

// read takes the next byte, and reports whether a value may end with it.
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

// secret returns the value that ends with the last byte read. The characters before a prefix may look like part of it,
// so secret tries prefixes of every length; the checksum decides.
func (f *secretFinder) secret() (Secret, bool) {
	defer func() { f.prefix = f.prefix[:0] }() // what goes on is no value
	for start := range f.prefix {
		if value := string(f.prefix[start:]) + "_" + string(f.body); isSecret(value) {
			return Secret{&value}, true
		}
	}
	return Secret{}, false
}
