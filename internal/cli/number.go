package cli

import (
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
