package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// number is the value of a flag that counts objects.
type number int

// Decode reads the number. Unlike the parser, it takes a negative number for a number, not for a flag, and says that it
// is negative.
func (n *number) Decode(ctx *kong.DecodeContext) error {
	text := ""
	if ctx.Scan.Peek().Type != kong.EOLToken {
		text = ctx.Scan.Pop().String()
	}
	parsed, err := strconv.Atoi(text)
	flag := "--" + ctx.Value.Name
	switch {
	case text == "" || strings.HasPrefix(text, "--"):
		return misusef("%s needs a number: write %s=20, for instance, or leave %s out", flag, flag, flag)
	case err != nil:
		return misusef("%s: %q is not a whole number: give one, such as %s=20, or leave %s out",
			flag, harmless(text), flag, flag)
	case parsed < 0:
		return misusef("%s: the number is negative: give one such as %s=20, or leave %s out", flag, flag, flag)
	}
	*n = number(parsed)
	return nil
}

// inputFile is an argument that names a file to read; "-" is standard input.
type inputFile string

// open opens the file. The error does not repeat the name, which might be a secret by mistake.
func (f inputFile) open(a *app) (io.ReadCloser, error) {
	if f == "-" {
		return io.NopCloser(a.Stdin), nil
	}
	file, err := os.Open(string(f))
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, &unreadable{pathErr.Err}
	}
	return file, err
}
