package crash_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// No signal but the ones that ask for a stop ends a node: log rotation, the end of a terminal, and tools that poll by
// signal send others.
func TestSignals_OnlyThoseOfAStopEndANode(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	for _, s := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGCHLD,
		syscall.SIGURG, syscall.SIGVTALRM, syscall.SIGWINCH, syscall.SIGIO, syscall.SIGCONT,
		syscall.SIGXFSZ, syscall.SIGPWR,
	} {
		n.Process.Signal(s)
		blackbox.Expect(t, n.Connect(t).Must(t, "SET", "signal", s.String()), "+OK")
	}
	n.Process.Signal(syscall.SIGTERM)
	if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
		t.Errorf("the exit code after SIGTERM is %d", code)
	}
}

// Rotation renames the file and sends SIGHUP: what comes later is in a new file.
func TestSignals_ARenamedLogFileIsOpenedAgain(t *testing.T) {
	log := filepath.Join(t.TempDir(), "node.log")
	n := blackbox.StartCluster(t, 1, "--logfile", log).Nodes[0]
	for round := range 2 {
		if err := os.Rename(log, log+".old"); err != nil {
			t.Fatal(err)
		}
		n.Process.Signal(syscall.SIGHUP)
		blackbox.Eventually(t, blackbox.EffectLimit, "the log goes on in a new file", func() bool {
			text, err := os.ReadFile(log)
			return err == nil && strings.Contains(string(text), "opened again")
		})
		text, err := os.ReadFile(log + ".old")
		if err != nil || strings.Contains(string(text), "opened again") != (round > 0) {
			t.Errorf("round %d: the old file has %q, %v", round, text, err)
		}
	}
	blackbox.Expect(t, n.Connect(t).Must(t, "PING"), "+PONG")
}
