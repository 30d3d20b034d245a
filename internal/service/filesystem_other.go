//go:build !linux

package service

import "errors"

// inspectFileSystem is not known for this operating system.
func inspectFileSystem(string) (fileSystem, error) { return fileSystem{}, errors.ErrUnsupported }
