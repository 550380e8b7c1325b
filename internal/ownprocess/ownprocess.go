//go:build unix

// Package ownprocess runs a test in a process of its own: what it takes from the whole process, no other test must
// miss. It imports nothing of the project.
package ownprocess

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// Is runs the test again in a process of its own, and reports whether this is that process. In the other one there is
// nothing left to do.
func Is(t *testing.T) bool {
	t.Helper()
	const variable = "RAFTREDIS_TEST_CHILD"
	if os.Getenv(variable) == t.Name() {
		return true
	}
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	command.Env = append(os.Environ(), variable+"="+t.Name())
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("in a process of its own: %v\n%s", err, output)
	}
	return false
}

// ExhaustDescriptors has the system give no file descriptor to the process, also none that it has just closed, as if
// clients took each one at once; release ends that.
func ExhaustDescriptors(t *testing.T) (release func()) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(os.DevNull); !errors.Is(err, syscall.EMFILE) {
		t.Fatalf("there are descriptors still: the test proves nothing: %v, %v", f, err)
	}
	return func() {
		t.Helper()
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}
}
