package hostile_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const containerKeys = 100_000

// containerBytes is that of the report. With the race detector everything takes some times as much.
func containerBytes() int {
	if blackbox.RaceDetector {
		return 2 << 30
	}
	return 256 << 20
}

const (
	// overwriteBatch are the commands of a pipeline.
	overwriteBatch = 250
	// overwriteSeconds is how long values are overwritten at least, unless RAFTREDIS_MEMORY_SECONDS says otherwise, and
	// overwriteRounds how often each at least, on average. overwriteLimit bounds that.
	overwriteSeconds = 10
	overwriteRounds  = 2
	overwriteLimit   = 3 * time.Minute
)

// container makes a control group of 256 MB below the one of this process, and returns what is to be put before a
// command line to run it there. ok is false where the system does not permit that.
func container(t *testing.T) (wrap []string, directory string, ok bool) {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, "", false
	}
	for line := range strings.Lines(string(own)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		parent, file := "/sys/fs/cgroup", "memory.max"
		if len(fields) == 3 && fields[1] == "memory" {
			parent, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if len(fields) != 3 || fields[1] != "" {
			continue
		}
		directory = filepath.Join(parent, fields[2], "raftredis-test-"+strconv.Itoa(os.Getpid()))
		if os.Mkdir(directory, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { // its processes are gone by then, and the system notices a little later
			if !blackbox.Poll(blackbox.EffectLimit, func() bool {
				err := os.Remove(directory)
				return err == nil || errors.Is(err, os.ErrNotExist)
			}) {
				t.Errorf("%s cannot be removed", directory)
			}
		})
		limit := filepath.Join(directory, file)
		if os.WriteFile(limit, []byte(strconv.Itoa(containerBytes())), 0) == nil {
			procs := filepath.Join(directory, "cgroup.procs")
			return []string{"sh", "-c", fmt.Sprintf(`echo $$ > %s && exec "$0" "$@"`, procs)}, directory, true
		}
	}
	return nil, "", false
}

// killsOf counts the processes of a control group that the system has ended for want of memory.
func killsOf(t *testing.T, directory string) int {
	t.Helper()
	for _, file := range []string{"memory.oom_control", "memory.events"} {
		text, err := os.ReadFile(filepath.Join(directory, file))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(text) {
			var kills int
			if _, err := fmt.Sscanf(string(line), "oom_kill %d", &kills); err == nil {
				return kills
			}
		}
	}
	t.Fatalf("%s does not count kills", directory)
	return 0
}

// killsIn is killsOf where there is a control group.
func killsIn(t *testing.T, directory string, ok bool) int {
	t.Helper()
	if !ok {
		return 0
	}
	return killsOf(t, directory)
}

// overload asks for replies as large as all there is, and has many clients begin requests and ask for what they do not
// read. What the node cannot hold it refuses.
func overload(t *testing.T, n *blackbox.Node, control *blackbox.Client) {
	t.Helper()
	every := []string{"MGET"}
	for i := range containerKeys {
		every = append(every, "key:"+strconv.Itoa(i))
	}
	r := control.Must(t, every...)
	refused := r.Kind == '-' && strings.Contains(r.Text, "client-output-buffer-limit")
	if !refused && !blackbox.RaceDetector { // then there is room for it
		t.Errorf("a reply of 100 MB is answered with %.100v", r)
	}
	tenth := blackbox.Encode(nil, every[:containerKeys/10]...)
	unfinished := []byte("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1000000\r\n" + strings.Repeat("u", 900_000))
	for i := range 120 { // 100 MB
		socket, err := net.Dial("tcp", blackbox.Address(n.Port))
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		_ = socket.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)) // it takes what it can hold
		if i%20 == 0 {
			_, _ = socket.Write(tenth)
		} else {
			_, _ = socket.Write(unfinished)
		}
	}
	blackbox.Expect(t, control.Must(t, "STRLEN", "key:0"), ":"+strconv.Itoa(len(control.Must(t, "GET", "key:0").Text)))
}

// overwrite sets all keys again and again, until it need not go on, and counts the replies.
func overwrite(port, id, clients int, goesOn func() bool, done, refused *atomic.Int64) error {
	c, err := blackbox.Connect(port)
	if err != nil {
		return err
	}
	defer c.Close()
	value := strings.Repeat("v", 1000)
	for round := 0; goesOn(); round++ {
		first, last := id*containerKeys/clients, (id+1)*containerKeys/clients
		for from := first; from < last && goesOn(); from += overwriteBatch {
			var commands [][]string
			for i := from; i < from+overwriteBatch; i++ {
				commands = append(commands, []string{"SET", "key:" + strconv.Itoa(i), strconv.Itoa(round) + value})
			}
			replies, err := c.Pipeline(commands)
			if err != nil {
				return err
			}
			for _, r := range replies {
				switch {
				case r.Kind == '+':
					done.Add(1)
				case strings.HasPrefix(r.Text, "OOM "):
					refused.Add(1)
				default:
					return fmt.Errorf("a SET was answered %v", r)
				}
			}
		}
	}
	return nil
}

// A node in a container of 256 MB with a maxmemory of 150 MB lives while clients overwrite 100 MB of values as fast as
// they can. Where the test may not make a control group, it measures what the node holds, and says so.
func TestMemory_OverwritesInAContainer(t *testing.T) {
	c := blackbox.NewCluster(t, 1, "--snapshot-log-bytes", "32mb", "--repl-backlog-size", "32mb")
	wrap, directory, ok := container(t)
	if ok {
		c.Wrap = wrap
		fmt.Fprintf(os.Stderr, "TestMemory_OverwritesInAContainer: in the control group %s\n", directory)
	} else {
		c.Flags = append(c.Flags, "--log-level", "debug")
		c.Wrap = []string{"env", "GOMEMLIMIT=" + strconv.Itoa(containerBytes()/5*4)}
		fmt.Fprintln(os.Stderr, "TestMemory_OverwritesInAContainer: NO CONTROL GROUP can be made here: the soft limit is "+
			"given to the node, and its resident memory is measured instead")
	}
	file := filepath.Join(t.TempDir(), "redis.conf")
	if err := os.WriteFile(file, []byte("maxmemory 150mb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Flags = append(c.Flags, file)
	c.StartAll()
	n := c.Nodes[0]
	control := n.Connect(t)
	if total := fact(t, control, "memory", "total_system_memory"); ok && total != strconv.Itoa(containerBytes()) {
		t.Errorf("the node finds %s bytes of memory, the container has %d", total, containerBytes())
	}
	seconds := overwriteSeconds
	if text := os.Getenv("RAFTREDIS_MEMORY_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	const clients = 4
	var running sync.WaitGroup
	var done, refused atomic.Int64
	began := time.Now()
	goesOn := func() bool {
		took := time.Since(began)
		return took < time.Duration(seconds)*time.Second ||
			took < overwriteLimit && done.Load() < overwriteRounds*containerKeys
	}
	for id := range clients {
		running.Go(func() {
			if err := overwrite(n.Port, id, clients, goesOn, &done, &refused); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	now, peak := blackbox.MemoryBytes(t, n.Process.Pid())
	t.Logf("%d values were set and %d refused in %v; the node holds %d MiB, %d MiB at most", done.Load(), refused.Load(),
		time.Since(began), now>>20, peak>>20)
	if n.Process.Ended() {
		t.Fatal("the node has ended")
	}
	if kills := killsIn(t, directory, ok); kills > 0 {
		t.Fatalf("the system has ended %d processes", kills)
	}
	if !ok && peak > containerBytes() && !blackbox.RaceDetector {
		t.Errorf("the node held %d MiB, more than a container of %d", peak>>20, containerBytes()>>20)
	}
	if done.Load() < overwriteRounds*containerKeys || refused.Load() > done.Load() {
		t.Errorf("%d values were set and %d refused", done.Load(), refused.Load())
	}
	if keys := control.Must(t, "DBSIZE").Text; keys != strconv.Itoa(containerKeys) && done.Load() >= 2*containerKeys &&
		refused.Load() == 0 {
		t.Errorf("there are %s keys", keys)
	}
	if taken := fact(t, control, "raft", "raft_snapshots_created"); taken == "0" {
		t.Error("no snapshot was taken: the test proves less than it should")
	}
	overload(t, n, control)
	if kills := killsIn(t, directory, ok); kills > 0 || n.Process.Ended() {
		t.Fatalf("after large replies and many clients: %d kills, the node has ended: %t", kills, n.Process.Ended())
	}
	// What was removed goes back to the system.
	blackbox.Expect(t, control.Must(t, "FLUSHALL"), "+OK")
	blackbox.Eventually(t, 2*blackbox.EffectLimit, "memory is given back", func() bool {
		held, err := strconv.Atoi(fact(t, control, "memory", "used_memory_rss"))
		return err == nil && held < containerBytes()/3
	})
	if used, err := strconv.Atoi(fact(t, control, "memory", "used_memory")); err != nil || used > 64<<20 {
		t.Errorf("without keys %d bytes are in use", used)
	}
}
