package large_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/client"
)

const (
	// othersWait is the 99th percentile of the commands of a client beside an expensive pipeline: what is promised on a
	// machine that has nothing else to do. othersWaitLoaded is for machines that have.
	othersWait       = 50 * time.Millisecond
	othersWaitLoaded = 600 * time.Millisecond
	// minAnswered is how many commands of such a client make a percentile.
	minAnswered = 100
)

// waitLimit is what is demanded here.
func waitLimit() time.Duration {
	if os.Getenv("RAFTREDIS_LARGE_VALUES") != "" {
		return othersWait
	}
	return othersWaitLoaded
}

// bystander is a client that does small things beside an expensive pipeline: it says PING and SET in turn.
type bystander struct {
	node    *blackbox.Node
	took    []time.Duration
	failure error
}

func (b *bystander) run(stopped *atomic.Bool) error {
	connection, err := blackbox.Connect(b.node.Port)
	if err != nil {
		return err
	}
	defer connection.Close()
	ticker := time.NewTicker(pulsePeriod)
	defer ticker.Stop()
	for i := 0; !stopped.Load() || len(b.took) < minAnswered; i++ {
		<-ticker.C
		command, want := []string{"PING"}, "+PONG"
		if i%2 == 1 {
			command, want = []string{"SET", "small", strconv.Itoa(i)}, "+OK"
		}
		began := time.Now()
		reply, err := connection.Do(command...)
		if err != nil || reply.String() != want {
			return fmt.Errorf("%v was answered %v, %w", command, reply, err)
		}
		b.took = append(b.took, time.Since(began))
	}
	return nil
}

// besideBystanders does something while clients on all nodes do small things, and fails the test if one of them waited
// for too long.
func besideBystanders(t *testing.T, c *blackbox.Cluster, what string, do func()) {
	t.Helper()
	var stopped atomic.Bool
	var running sync.WaitGroup
	var all []*bystander
	for _, n := range c.Nodes {
		one := &bystander{node: n}
		all = append(all, one)
		running.Go(func() { one.failure = one.run(&stopped) })
	}
	began := time.Now()
	do()
	took := time.Since(began)
	stopped.Store(true)
	running.Wait()
	for _, one := range all {
		if one.failure != nil {
			t.Fatalf("%s: node %d: %v", what, one.node.Number, one.failure)
		}
		slices.Sort(one.took)
		at := func(percent int) time.Duration { return one.took[len(one.took)*percent/100] }
		t.Logf("%-32s %8v beside node %d: %5d commands, median %v, 99th percentile %v, longest %v", what,
			took.Round(time.Millisecond), one.node.Number, len(one.took), at(50), at(99), one.took[len(one.took)-1])
		if limit := waitLimit(); at(99) > limit {
			t.Errorf("%s: node %d: the 99th percentile of small commands is %v, above %v",
				what, one.node.Number, at(99), limit)
		}
	}
}

// pipeline sends commands in one pipeline, and expects of each a reply that is no error.
func pipeline(t *testing.T, n *blackbox.Node, count int, command func(i int) []string) {
	t.Helper()
	connection, err := client.Connect(blackbox.Address(n.Port), replyLimit)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	commands := make([][]string, count)
	for i := range commands {
		commands[i] = command(i)
	}
	sent := make(chan error, 1)
	go func() { sent <- connection.Send(commands...) }()
	for i := range commands {
		reply, err := connection.Receive()
		if err != nil || reply.Kind == '-' {
			t.Fatalf("%.60q, %d of %d: %.100v, %v", commands[i], i, count, reply, err)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// G19: What one client asks for in a pipeline is cut into entries that take milliseconds, so other clients wait no
// longer than that: 35,000 changes far behind the end of a string, strings that are made of zeros and removed again,
// and whole strings that are combined. What is promised, on a machine with nothing else to do:
//
//	RAFTREDIS_LARGE_VALUES=1 go test ./tests/large -run '^TestWork' -v
func TestWork_LongPipelinesHoldNobodyUp(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.PatientElections...)
	leader := blackbox.Leader(t, c.Nodes)
	follower := c.Others(leader)[0]
	before := blackbox.Terms(t, c)
	const far = largestBytes - 1
	ask(t, leader, "SET", "some", text(mib))
	ask(t, leader, "APPEND", "some", "x")
	for i, p := range []struct {
		what    string
		count   int
		command func(i int) []string
	}{
		{"SETRANGE far, at one key", 35_000, func(i int) []string {
			return []string{"SETRANGE", "far", strconv.Itoa(far - i*8191%far), "x"}
		}},
		{"SETRANGE far, and DEL", 1_000, func(i int) []string {
			if i%2 == 1 {
				return []string{"DEL", "anew"}
			}
			return []string{"SETRANGE", "anew", strconv.Itoa(far), "x"}
		}},
		{"SETBIT far, COPY, RENAME", 1_000, func(i int) []string {
			return [][]string{
				{"SETBIT", "bits", strconv.Itoa(8 * (far - i)), "1"},
				{"COPY", "bits", "copied", "REPLACE"},
				{"RENAME", "copied", "renamed"},
			}[i%3]
		}},
		{"BITOP of a MiB", 100, func(int) []string { return []string{"BITOP", "NOT", "result", "some"} }},
		{"SET and GETDEL of a MiB", 60, func(i int) []string {
			if i%2 == 1 {
				return []string{"GETDEL", "whole"}
			}
			return []string{"SET", "whole", strings.Repeat("v", mib-100)}
		}},
	} {
		through := []*blackbox.Node{leader, follower}[i%2]
		besideBystanders(t, c, p.what, func() { pipeline(t, through, p.count, p.command) })
	}
	if after := blackbox.Terms(t, c); !slices.Equal(before, after) {
		t.Errorf("terms are %v, were %v: somebody campaigned", after, before)
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// combining is how much is done with whole containers: so many elements are in those that are read, and in those of
// which others are made. What makes one is executed at one stroke, so each takes some milliseconds.
type combining struct{ read, made, commands int }

func combiningOf() combining {
	if os.Getenv("RAFTREDIS_LARGE_VALUES") != "" {
		return combining{read: 100_000, made: 20_000, commands: 240}
	}
	return combining{read: 10_000, made: 4_000, commands: 60}
}

// G19: What goes through whole containers is much work as well: commands that make one of others are cut like all
// writes, and reads, also those that ride along with writes and SORT, are executed where no other client waits for
// them.
func TestWork_LargeContainersHoldNobodyUp(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.PatientElections...)
	leader := blackbox.Leader(t, c.Nodes)
	follower := c.Others(leader)[0]
	before := blackbox.Terms(t, c)
	const perCommand = 200
	size := combiningOf()
	some := func(what string, elements int, of func(i int) []string) {
		pipeline(t, leader, elements/perCommand, func(i int) []string {
			command := strings.Fields(what)
			for k := i * perCommand; k < (i+1)*perCommand; k++ {
				command = append(command, of(k)...)
			}
			return command
		})
	}
	some("SADD set", size.made, func(i int) []string { return []string{fmt.Sprint("member", i)} })
	some("SADD other", size.made, func(i int) []string { return []string{fmt.Sprint("member", i+size.made/2)} })
	some("SADD large", size.read, func(i int) []string { return []string{fmt.Sprint("member", i)} })
	some("RPUSH list", size.read, func(i int) []string { return []string{fmt.Sprint("element", i*7919%size.read)} })
	some("GEOADD places", size.read, func(i int) []string {
		return []string{fmt.Sprint(float64(i%100) / 100), fmt.Sprint(float64(i) / float64(size.read)), fmt.Sprint("p", i)}
	})
	for i, p := range []struct {
		what  string
		count int
		lines []string
	}{
		{"SUNIONSTORE, SINTERSTORE, SDIFFSTORE", size.commands, []string{
			"SUNIONSTORE d set other", "SINTERSTORE d set other", "SDIFFSTORE d set other",
		}},
		{"SET and GEOSEARCH", size.commands, []string{
			"SET small v", "GEOSEARCH places FROMLONLAT 0.5 0.5 BYRADIUS 500 km COUNT 1",
		}},
		{"SET and SINTERCARD, ZRANGE, LRANGE", size.commands, []string{
			"SET small v", "SINTERCARD 2 large large", "SET small w", "ZRANGE places 100 5000", "SET small x",
			"LRANGE list 100 5000",
		}},
		{"SORT", size.commands / 4, []string{"SORT list ALPHA LIMIT 0 1"}},
	} {
		through := []*blackbox.Node{leader, follower}[i%2]
		besideBystanders(t, c, p.what, func() {
			pipeline(t, through, p.count, func(i int) []string { return strings.Fields(p.lines[i%len(p.lines)]) })
		})
	}
	if after := blackbox.Terms(t, c); !slices.Equal(before, after) {
		t.Errorf("terms are %v, were %v: somebody campaigned", after, before)
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}
