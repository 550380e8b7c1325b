package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// freeze stops a node with SIGSTOP and waits until none of its threads runs any more. The kernel hands the signal to
// one thread, and the others go on until that one has been given a processor: on a busy machine long enough for a
// "stopped" node to acknowledge an entry.
func freeze(t testing.TB, n *node) {
	t.Helper()
	n.process.Signal(syscall.SIGSTOP)
	blackbox.Eventually(t, effectLimit, fmt.Sprintf("node %d is stopped", n.number), func() bool {
		return frozen(n.process.Pid())
	})
}

// thaw lets a frozen node go on.
func (n *node) thaw() { n.process.Signal(syscall.SIGCONT) }

// frozen reports whether all threads of a process are stopped.
func frozen(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, path := range threads {
		text, err := os.ReadFile(path)
		_, state, found := strings.Cut(string(text), ") ")
		if err != nil || !found || !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return true
}
