package blackbox

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Identity names a process for good: process ids are used again, a start time is not.
type Identity struct {
	Pid     int
	started string
}

// The fields of /proc/PID/stat behind the name of the program, counted from its state.
const (
	statState   = 0
	statParent  = 1
	statUser    = 11
	statSystem  = 12
	statStarted = 19
)

// clockTick is the unit of times in /proc, the same on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// stat returns the fields of /proc/PID/stat from the state on.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	_, rest, found := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) <= statStarted {
		return nil, fmt.Errorf("/proc/%d/stat says what we do not understand: %q", pid, text)
	}
	return fields, nil
}

// Identify returns the identity of a process that runs.
func Identify(t testing.TB, pid int) Identity {
	t.Helper()
	fields, err := stat(pid)
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	return Identity{pid, fields[statStarted]}
}

// Alive reports whether the process is still there. One that has ended and is not yet collected by its parent is not.
func (i Identity) Alive() bool {
	fields, err := stat(i.Pid)
	return err == nil && fields[statStarted] == i.started && fields[statState] != "Z" && fields[statState] != "X"
}

// Parent is the id of a process's parent.
func Parent(t testing.TB, pid int) int {
	t.Helper()
	fields, err := stat(pid)
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	parent, err := strconv.Atoi(fields[statParent])
	if err != nil {
		t.Fatalf("process %d: parent %q", pid, fields[statParent])
	}
	return parent
}

// CPU is the processor time that a process has used.
func CPU(t testing.TB, pid int) time.Duration {
	t.Helper()
	fields, err := stat(pid)
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	total := time.Duration(0)
	for _, field := range []int{statUser, statSystem} {
		ticks, err := strconv.Atoi(fields[field])
		if err != nil {
			t.Fatalf("process %d: processor time %q", pid, fields[field])
		}
		total += time.Duration(ticks) * clockTick
	}
	return total
}

// MemoryBytes is the memory of a process that is in use (its resident set), and the most that ever was.
func MemoryBytes(t testing.TB, pid int) (now, peak int) {
	t.Helper()
	return statusBytes(t, pid, "VmRSS"), statusBytes(t, pid, "VmHWM")
}

// AnonymousBytes is the part of a process's memory that is its own: not that of files, such as the program.
func AnonymousBytes(t testing.TB, pid int) int {
	t.Helper()
	return statusBytes(t, pid, "RssAnon")
}

// statusBytes is a line about memory of what the system tells of a process.
func statusBytes(t testing.TB, pid int, line string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	_, rest, _ := strings.Cut(string(text), "\n"+line+":")
	value, _, found := strings.Cut(rest, " kB\n")
	kib, err := strconv.Atoi(strings.TrimSpace(value))
	if !found || err != nil || kib == 0 {
		t.Fatalf("/proc/%d/status has no %s: %.1000s", pid, line, text)
	}
	return kib << 10
}
