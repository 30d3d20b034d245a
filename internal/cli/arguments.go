package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
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
	flag, such := "--"+ctx.Value.Name, "20"
	if ctx.Value.HasDefault {
		such = ctx.Value.Default
	}
	switch {
	case text == "" || strings.HasPrefix(text, "--"):
		return misusef("%s needs a number: write %s=%s, for instance, or leave %s out", flag, flag, such, flag)
	case errors.Is(err, strconv.ErrRange):
		return misusef("%s: the number is out of range: give one up to %d, or leave %s out", flag, math.MaxInt, flag)
	case err != nil:
		return misusef("%s: %q is not a whole number: give one, such as %s=%s, or leave %s out",
			flag, harmless(text), flag, such, flag)
	case parsed < 0:
		return misusef("%s: the number is negative: give one such as %s=%s, or leave %s out", flag, flag, such, flag)
	}
	*n = number(parsed)
	return nil
}

// inputFile is an argument that names a file to read; "-" is standard input.
type inputFile string

// read lets do read the file. What went wrong with the file is unreadable, and does not repeat the name, which might be
// a secret by mistake.
func (f inputFile) read(a *app, do func(io.Reader) error) error {
	err := f.open(a, do)
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return &unreadable{pathErr.Err}
	}
	return err
}

func (f inputFile) open(a *app, do func(io.Reader) error) error {
	if f == onStandardInput {
		return do(a.Stdin)
	}
	file, err := os.Open(string(f))
	if err != nil {
		return err
	}
	err = do(file)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// describe returns how messages call the file: by its name, unless that may be a secret and there is no such file; else
// by its number among the arguments.
func (f inputFile) describe(number int) string {
	name := string(f)
	if name == onStandardInput {
		return "standard input"
	}
	if _, err := os.Lstat(name); err == nil || harmless(name) == name {
		return name
	}
	return fmt.Sprintf("file %d", number)
}
