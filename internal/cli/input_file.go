package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

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
