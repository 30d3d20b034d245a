//go:build !linux

package embedded

import "errors"

// inspectFileSystem is not known for this operating system.
func inspectFileSystem(string) (fileSystem, error) { return fileSystem{}, errors.ErrUnsupported }
