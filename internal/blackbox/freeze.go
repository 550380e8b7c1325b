package blackbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Freeze stops a node with SIGSTOP and waits until all its threads are stopped. The kernel hands the signal to one
// thread, and the others run until that one gets a processor: on a busy machine long enough for a "stopped" node to
// acknowledge an entry.
func Freeze(t testing.TB, n *Node) {
	t.Helper()
	n.Process.Signal(syscall.SIGSTOP)
	Eventually(t, EffectLimit, fmt.Sprintf("node %d is stopped", n.Number), func() bool {
		return frozen(n.Process.Pid())
	})
}

// Thaw lets a frozen node continue.
func (n *Node) Thaw() { n.Process.Signal(syscall.SIGCONT) }

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
