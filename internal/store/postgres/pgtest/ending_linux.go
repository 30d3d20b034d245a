package pgtest

import "syscall"

// endingWithUs has a process run as a user, and end where this program does.
func endingWithUs(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
}
