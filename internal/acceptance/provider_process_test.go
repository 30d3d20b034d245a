//go:build linux

package acceptance

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// applyInterrupted applies, and signals the provider some time after Terraform first wrote the awaited text. It reports
// whether a provider was running at that time.
func (w *workspace) applyInterrupted(awaited string, after time.Duration, signal os.Signal) (result, bool) {
	w.t.Helper()
	cmd := w.terraformCommand("apply", "-json")
	out := newOutputWatcher(awaited)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // newResult takes the exit code
	}()
	met := false
	select {
	case <-ended:
	case <-out.seen:
		select {
		case <-ended:
		case <-time.After(after):
			met = w.signalProvider(cmd.Process.Pid, signal)
		}
	}
	<-ended
	return newResult(w.t, cmd, out.text.String(), ""), met
}

// signalProvider signals the provider that a Terraform process started, and reports whether there was one.
func (w *workspace) signalProvider(terraform int, signal os.Signal) bool {
	w.t.Helper()
	pid, ok := w.providerOf(terraform)
	if !ok {
		return false
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		w.t.Fatal(err)
	}
	return process.Signal(signal) == nil
}

// providerOf returns the provider that a Terraform process started, and whether there is one.
func (w *workspace) providerOf(terraform int) (pid int, ok bool) {
	w.t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, dir := range processes {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			w.t.Fatal(err)
		}
		if parent, runs := w.isProvider(pid); runs && parent == terraform {
			return pid, true
		}
	}
	return 0, false
}

// isProvider reports whether a process is the binary under test and still runs, and returns its parent.
func (w *workspace) isProvider(pid int) (parent int, runs bool) {
	w.t.Helper()
	dir := "/proc/" + strconv.Itoa(pid)
	if program, err := os.Readlink(dir + "/exe"); err != nil || program != binary(w.t) {
		return 0, false
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return 0, false
	}
	_, behindName, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(behindName) // the state of the process, then its parent; see proc_pid_stat(5)
	if parent, err = strconv.Atoi(fields[1]); err != nil {
		w.t.Fatal(err)
	}
	return parent, fields[0] != "Z"
}

// The lines by which `apply -json` reports that a change to a resource begins, and that it is complete.
const (
	changeBegins = `"type":"apply_start"`
	changeEnds   = `"type":"apply_complete"`
)

// outputWatcher keeps what a process writes, and notices when it first writes a text.
type outputWatcher struct {
	awaited string
	text    strings.Builder
	seen    chan struct{}
	seenAt  time.Time
}

func newOutputWatcher(awaited string) *outputWatcher {
	return &outputWatcher{awaited: awaited, seen: make(chan struct{})}
}

func (o *outputWatcher) Write(p []byte) (int, error) {
	o.text.Write(p)
	if o.seenAt.IsZero() && strings.Contains(o.text.String(), o.awaited) {
		o.seenAt = time.Now()
		close(o.seen)
	}
	return len(p), nil
}
