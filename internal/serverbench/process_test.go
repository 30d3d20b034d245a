//go:build linux

package serverbench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// process is a process that runs beside the tests.
type process struct {
	b     *testing.B
	cmd   *exec.Cmd
	input io.WriteCloser
	// results are what it writes to standard output.
	results *json.Decoder
	errors  *output
}

// output keeps what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts a command, which ends with the benchmark if nothing ends it before.
func start(b *testing.B, cmd *exec.Cmd) *process {
	b.Helper()
	p := &process{b: b, cmd: cmd, errors: &output{}}
	var err error
	if p.input, err = cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	p.results = json.NewDecoder(out)
	cmd.Stderr = p.errors
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.stop)
	return p
}

// startRole starts the test binary in a role, with a task.
func startRole(b *testing.B, role string, task any) *process {
	b.Helper()
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	p := start(b, cmd)
	if err := json.NewEncoder(p.input).Encode(task); err != nil {
		b.Fatal(err)
	}
	return p
}

// result reads the next result of a process.
func result[T any](p *process) (r T) {
	p.b.Helper()
	if err := p.results.Decode(&r); err != nil {
		p.stop()
		p.b.Fatalf("%s gave no result: %v\n%s", filepath.Base(p.cmd.Path), err, p.errors)
	}
	return r
}

// stop ends a process, and waits for it.
func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.input.Close() // it may have ended before
	_ = p.cmd.Process.Signal(unix.SIGTERM)
	kill := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	_ = p.cmd.Wait() // how it ended doesn't matter
}

// processorTime returns the time that all threads of a process have spent on a processor: clock_getcpuclockid(3).
func processorTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED
	var spent unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &spent); err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
	}
	return time.Duration(spent.Nano()), nil
}

// resident returns the resident memory of a process in MiB, a key of proc_pid_status(5) such as VmRSS.
func resident(b *testing.B, pid int, key string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); fields[0] == key+":" {
			kibibytes, err := strconv.ParseFloat(fields[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kibibytes / 1024
		}
	}
	b.Fatalf("no %s of process %d", key, pid)
	return 0
}
