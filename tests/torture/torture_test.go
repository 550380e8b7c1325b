package torture_test

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// tortureNodes runs the processes of a cluster for package torture.
type tortureNodes struct{ cluster *blackbox.Cluster }

func (c tortureNodes) Kill(node int) error {
	c.cluster.Nodes[node].Process.Kill()
	return nil
}

func (c tortureNodes) Stop(node int) error {
	p := c.cluster.Nodes[node].Process
	p.Signal(syscall.SIGTERM)
	if code := p.ExitCode(blackbox.StopLimit); code != 0 {
		return fmt.Errorf("after SIGTERM the exit code is %d", code)
	}
	return nil
}

func (c tortureNodes) Start(node int) error {
	c.cluster.Start(c.cluster.Nodes[node])
	return nil
}

func (c tortureNodes) Pause(node int) error {
	c.cluster.Nodes[node].Process.Signal(syscall.SIGSTOP)
	return nil
}

func (c tortureNodes) Continue(node int) error {
	c.cluster.Nodes[node].Process.Signal(syscall.SIGCONT)
	return nil
}

func (c tortureNodes) Check(node int) error {
	if p := c.cluster.Nodes[node].Process; p.Ended() {
		return fmt.Errorf("it has ended by itself, with exit code %d", p.ExitCode(blackbox.StopLimit))
	}
	return nil
}

// Empty removes a node's directory, and its flags for forming or joining a cluster.
func (c tortureNodes) Empty(node int) error {
	c.cluster.Nodes[node].FirstFlags = nil
	return os.RemoveAll(c.cluster.DirectoryOf(c.cluster.Nodes[node]))
}

// tortureSeconds is how long a run takes: a fixed time in an ordinary run, less with the race detector, which makes
// nodes slow; or what the environment says, to look for more.
func tortureSeconds(t *testing.T) time.Duration {
	t.Helper()
	seconds := 40
	if blackbox.RaceDetector {
		seconds = 20
	}
	if text := os.Getenv("RAFTREDIS_TORTURE_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 {
			t.Fatalf("RAFTREDIS_TORTURE_SECONDS is %q; it is a number of seconds", text)
		}
	}
	return time.Duration(seconds) * time.Second
}

// runTorture breaks a cluster, and fails the test if a client was told what is not so.
func runTorture(t *testing.T, c *blackbox.Cluster, o torture.Options) *torture.Report {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	for _, n := range c.Nodes {
		o.Addresses = append(o.Addresses, blackbox.Address(n.Port))
	}
	report, err := torture.Run(t.Context(), o)
	t.Log(report)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// C1, D3, H1, H4: Every fault that one machine allows happens, alone and together with others. Nodes lose their disks,
// leave, and return as new members meanwhile. Transactions move money between accounts. All nodes take snapshots and
// cut their logs all the time, so a node that returns needs a snapshot. No client gets a wrong answer. Ten runs of five
// minutes, each with other faults:
//
//	for seed in $(seq 1 10); do
//	    RAFTREDIS_SEED=$seed RAFTREDIS_TORTURE_SECONDS=300 go test ./tests/torture -run '^TestTorture_Five' -count=1 -v \
//	        -timeout 15m >torture-$seed.log || echo "seed $seed failed: see torture-$seed.log"
//	done
func TestTorture_FiveNodesAnswerCorrectlyUnderAllFaults(t *testing.T) {
	seed := blackbox.SeedOf(t)
	c, network := blackbox.StartGatedCluster(t, 5, "--uncertain-after-millis", "3000",
		"--snapshot-log-bytes", "64kb", "--repl-backlog-size", "64kb", "--compare-entries", "64")
	bank := torture.NewBank()
	report := runTorture(t, c, torture.Options{
		Seed: seed, Duration: tortureSeconds(t), Nodes: tortureNodes{c}, Network: network, Disks: tortureNodes{c},
		BallastBytes: 16 << 10, LargeBytes: 8 << 20, Workloads: []torture.Workload{bank},
		// A leader serves from memory what its disk has forgotten: only after a restart does a new member need a snapshot.
		Opening: []torture.Kind{torture.SaveOne, torture.KillAll, torture.LoseDisk, torture.LeaveOne},
	})
	if report.SnapshotsTaken == 0 || report.SnapshotsInstalled == 0 {
		t.Error("no snapshot was taken, or none was installed: the log was not compacted")
	}
	if bank.Late() == 0 {
		t.Error("no transaction came too late: nothing was contended for")
	}
	if report.LargeValues == 0 {
		t.Error("no large value was written: nothing went through the log in pieces")
	}
}
