package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/alecthomas/kong"
)

// number is the value of a flag that counts objects.
type number int

// Decode reads the number. What is none is refused in words of its own, a negative number too, which is no flag here.
func (n *number) Decode(ctx *kong.DecodeContext) error {
	text := ""
	if ctx.Scan.Peek().Type != kong.EOLToken {
		text = ctx.Scan.Pop().String()
	}
	parsed, err := strconv.Atoi(text)
	flag := "--" + ctx.Value.Name
	switch {
	case err != nil:
		return misusef("%s: %q is not a whole number: write one as in %s=20, or leave %s out", flag, hideUnlessPlain(text), flag, flag)
	case parsed < 0:
		return misusef("%s: the number is below zero: write one as in %s=20, or leave %s out", flag, flag, flag)
	}
	*n = number(parsed)
	return nil
}

// inputFile is a file to read, given as an argument; "-" is standard input.
type inputFile string

// open opens the file. The error does not repeat its name, which might be a secret by mistake.
func (f inputFile) open(a *app) (io.ReadCloser, error) {
	if f == "-" {
		return io.NopCloser(a.Stdin), nil
	}
	file, err := os.Open(string(f))
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, pathErr.Err
	}
	return file, err
}
