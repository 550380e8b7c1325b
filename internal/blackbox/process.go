package blackbox

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// endLimit is how long a process that was killed may take to be gone.
const endLimit = 20 * time.Second

// Process is a process under test.
type Process struct {
	t     testing.TB
	name  string
	cmd   *exec.Cmd
	out   output
	err   output
	ended chan struct{}
	state error
}

// Start starts a program in a process group of its own. When the test ends it is killed. Its output is collected,
// except that a test may have chosen where standard error goes.
func Start(t testing.TB, name string, command *exec.Cmd) *Process {
	t.Helper()
	p := &Process{t: t, name: name, cmd: command, ended: make(chan struct{})}
	command.Stdout = &p.out
	if command.Stderr == nil {
		command.Stderr = &p.err
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A grandchild may hold the pipes open after the process has ended; it is not waited for.
	command.WaitDelay = time.Second
	if err := command.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		defer close(p.ended)
		p.state = command.Wait()
	}()
	t.Cleanup(p.cleanup)
	return p
}

func (p *Process) cleanup() {
	p.t.Helper()
	p.Kill()
	if p.t.Failed() {
		p.t.Logf("%s (process %d), standard output:\n%s\nstandard error, its end:\n%s",
			p.name, p.Pid(), p.out.String(), tail(p.err.String()))
	}
}

// tail keeps what people read of a log.
func tail(text string) string {
	const limit = 8 << 10
	return text[max(0, len(text)-limit):]
}

// Pid is the id of the process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Command is the program and its arguments, to start the same again.
func (p *Process) Command() []string { return p.cmd.Args }

// Out is what the process has written to standard output so far.
func (p *Process) Out() string { return p.out.String() }

// Err is what it has written to standard error so far.
func (p *Process) Err() string { return p.err.String() }

// Signal sends a signal to the process alone; one that has ended ignores it.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// SignalGroup sends a signal to the process group, as a terminal does.
func (p *Process) SignalGroup(s syscall.Signal) { _ = syscall.Kill(-p.Pid(), s) }

// Kill kills the process as kill -9 does and waits until it is gone.
func (p *Process) Kill() {
	p.t.Helper()
	p.Signal(syscall.SIGKILL)
	select {
	case <-p.ended:
	case <-time.After(endLimit):
		p.t.Errorf("%s (process %d) was killed and is still there after %v", p.name, p.Pid(), endLimit)
	}
}

// Ended reports whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// ProcessorTime is the time that processors spent on a process that has ended.
func (p *Process) ProcessorTime() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// ExitCode waits for the end of the process and returns its exit code, -1 if a signal ended it.
func (p *Process) ExitCode(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.t.Fatalf("%s (process %d) has not ended within %v", p.name, p.Pid(), limit)
	}
	var exit *exec.ExitError
	switch {
	case p.state == nil, errors.Is(p.state, exec.ErrWaitDelay):
		return 0
	case errors.As(p.state, &exit):
		return exit.ExitCode()
	}
	p.t.Fatalf("%s: %v", p.name, p.state)
	return 0
}

// AwaitReady waits for a line on standard output that begins with "ready". A process that ends instead fails the test.
func (p *Process) AwaitReady(limit time.Duration) {
	p.t.Helper()
	Eventually(p.t, limit, p.name+" is ready", func() bool {
		if p.Ended() && !p.Ready() {
			p.t.Fatalf("%s has ended (%v) before it was ready", p.name, p.state)
		}
		return p.Ready()
	})
}

// Ready reports whether it has said so.
func (p *Process) Ready() bool {
	for line := range strings.Lines(p.out.String()) {
		if strings.HasPrefix(line, "ready") && strings.HasSuffix(line, "\n") {
			return true
		}
	}
	return false
}

// output collects what a process writes.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write is for exec.Cmd.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
