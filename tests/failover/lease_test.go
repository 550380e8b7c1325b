package failover_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// hastyLease is the longest promise that HastyElections allow.
const hastyLease = "120"

// awaitLease reads through a node until it has answered a read by a lease.
func awaitLease(t *testing.T, n *blackbox.Node, reader *blackbox.Client, want string) {
	t.Helper()
	before := n.RaftNumber(t, "raft_read_lease_reads")
	blackbox.Eventually(t, blackbox.EffectLimit, "node "+strconv.Itoa(n.Number)+" answers by a lease", func() bool {
		blackbox.Expect(t, reader.Must(t, "GET", "key"), want)
		return n.RaftNumber(t, "raft_read_lease_reads") > before
	})
}

// C6, S46: A leader that has a lease is stopped, and another node is elected and writes. When the old leader goes on,
// it has a request in its socket and its lease in memory. The time for which it was stopped has passed for the lease.
func TestLease_ALeaderThatWakesAnswersNothingOld(t *testing.T) {
	c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--read-lease-millis", hastyLease)...)
	for round := range 8 {
		old := blackbox.Leader(t, c.Nodes)
		reader := old.Connect(t)
		before, after := "before "+strconv.Itoa(round), "after "+strconv.Itoa(round)
		blackbox.Expect(t, reader.Must(t, "SET", "key", before), "+OK")
		awaitLease(t, old, reader, strconv.Quote(before))

		blackbox.Freeze(t, old)
		blackbox.Expect(t, c.Others(old)[round%2].Connect(t).Must(t, "SET", "key", after), "+OK")
		if err := reader.Send([]string{"GET", "key"}); err != nil {
			t.Fatal(err)
		}
		old.Thaw()
		got, err := reader.Receive()
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		blackbox.Expect(t, got, strconv.Quote(after))
	}
}

// S46: Leadership moves, and members come and go, one after the other within the time of a lease, while clients of all
// nodes write and read. No read is old, and many were answered by leases.
func TestLease_NoReadIsOldWhenLeadersAndMembersChange(t *testing.T) {
	seed, rounds := blackbox.SeedOf(t), 6
	if blackbox.RaceDetector {
		rounds = 2
	}
	c := blackbox.NewClusterAndSpares(t, 3, rounds, append(blackbox.HastyElections, "--read-lease-millis", hastyLease)...)
	c.StartAll()
	r := &recorder{began: time.Now()}
	for _, n := range c.Nodes {
		r.ports = append(r.ports, n.Port)
	}
	originals := c.Nodes
	var running sync.WaitGroup
	for id := range checkClients {
		rng := rand.New(rand.NewPCG(seed, uint64(id)+1))
		running.Go(func() { r.client(id, rng) })
	}
	t.Cleanup(func() {
		r.stopped.Store(true)
		running.Wait()
	})
	const operations = 100
	takeOver := func(n *blackbox.Node) {
		client := n.Connect(t)
		defer client.Close()
		blackbox.Expect(t, client.Must(t, "CLUSTER", "FAILOVER"), "+OK")
	}
	for range rounds {
		r.awaitCompleted(t, operations)
		takeOver(c.Others(blackbox.Leader(t, c.Nodes))[0])
		r.awaitCompleted(t, operations)
		spare := c.StartSpare()
		c.Add(originals[0], spare)
		blackbox.AwaitMember(t, spare, spare, true) // its own log says so a moment after the leader's
		takeOver(spare)
		blackbox.AwaitFact(t, spare, "raft_role", "leader")
		r.awaitCompleted(t, operations)
		c.Remove(originals[1], spare) // the leader, which hands over
	}
	r.awaitCompleted(t, operations)
	r.stopped.Store(true)
	running.Wait()
	leased := 0
	for _, n := range originals {
		leased += n.RaftNumber(t, "raft_read_lease_reads")
	}
	t.Logf("%d reads were answered by a lease", leased)
	if leased < operations {
		t.Errorf("%d reads were answered by a lease: the test did not test much", leased)
	}
	judgeHistory(t, r.history, seed)
}
