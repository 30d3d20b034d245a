//go:build unix && !linux

package pgtest

import "syscall"

// endingWithUs has a process run as a user. Where this program is killed, it goes on.
func endingWithUs(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as}
}
