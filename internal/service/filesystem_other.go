//go:build !linux

package service

import "errors"

// inspectFileSystem is not implemented for this operating system.
func inspectFileSystem(string) (fileSystem, error) { return fileSystem{}, errors.ErrUnsupported }
