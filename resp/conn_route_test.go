package resp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/resp/topology"
)

// follower makes a connection to a node that does not lead; node 2 does.
func follower(t testing.TB, o Options) (*fakeStore, *client) {
	store := newFakeStore(t)
	store.info.Role, store.info.Leader = "follower", 2
	o.Store = store
	return store, newClient(t, testServer(t, o))
}

// expect sends input and compares what comes.
func (c *client) expect(input, want string) {
	c.t.Helper()
	if got := c.send(input); got != want {
		c.t.Errorf("input %q\n got %q\nwant %q", input, got, want)
	}
}

// countRuns makes the store count the runs that are submitted.
func countRuns(store *fakeStore) *int {
	runs := new(int)
	store.finish = func(r *Request) {
		*runs++
		store.done(r)
	}
	return runs
}

func TestAFollowerSaysMovedForEveryCallWithAKeyAndSubmitsNone(t *testing.T) {
	store, c := follower(t, Options{RedirectMoved: true})
	runs := countRuns(store)
	c.expect("SET {user1000}.a 1\r\nGET foo\r\nMSET bar 1 foo 2\r\nDEL hello bar\r\nPING\r\nnosuch\r\n",
		"-MOVED 3443 10.0.0.2:7002\r\n-MOVED 12182 10.0.0.2:7002\r\n-MOVED 5061 10.0.0.2:7002\r\n"+
			"-MOVED 866 10.0.0.2:7002\r\n+PONG\r\n-ERR unknown command 'nosuch', with args beginning with: \r\n")
	if *runs != 0 || len(store.bodies) != 0 || len(store.values) != 0 {
		t.Fatalf("%d runs were submitted, %d entries made, %d keys set", *runs, len(store.bodies), len(store.values))
	}
}

func TestAFollowerServesCallsWithoutKeysBetweenThoseThatMoved(t *testing.T) {
	store, c := follower(t, Options{RedirectMoved: true})
	runs := countRuns(store)
	c.expect("SET foo 1\r\nDBSIZE\r\nGET foo\r\nCLIENT ID\r\nDBSIZE\r\n",
		"-MOVED 12182 10.0.0.2:7002\r\n:0\r\n-MOVED 12182 10.0.0.2:7002\r\n:5\r\n:0\r\n")
	if *runs != 2 || len(store.bodies) != 0 {
		t.Fatalf("%d runs were submitted and %d entries made, want 2 and none", *runs, len(store.bodies))
	}
}

func TestMovedIsSaidOnlyWhereAnotherNodeIsKnownToLead(t *testing.T) {
	for name, c := range map[string]struct {
		redirect bool
		leader   uint64
		moved    bool
	}{
		"a follower":           {true, 2, true},
		"the leader":           {true, 1, false},
		"no leader":            {true, 0, false},
		"a leader not met yet": {true, 9, false},
		"proxy":                {false, 2, false},
	} {
		store, client := follower(t, Options{RedirectMoved: c.redirect})
		store.info.Leader = c.leader
		want := "+OK\r\n"
		if c.moved {
			want = "-MOVED 12182 10.0.0.2:7002\r\n"
		}
		if got := client.send("SET foo 1\r\n"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The leader may change while a run is under way: what was submitted is answered by the store, what comes later goes
// the new way.
func TestARunIsRoutedOnceWhenItIsSubmitted(t *testing.T) {
	store, c := follower(t, Options{RedirectMoved: true})
	store.info.Leader = 0
	store.finish = store.park
	c.expect("INCR foo\r\n", "")
	store.info.Leader = 2
	store.done(store.next())
	c.advance()
	if got := c.take(); got != ":1\r\n" {
		t.Fatalf("the run under way got %q", got)
	}
	c.expect("INCR foo\r\n", "-MOVED 12182 10.0.0.2:7002\r\n")
	if string(store.values["foo"]) != "1" {
		t.Fatalf("foo is %s", store.values["foo"])
	}
}

func TestReadOnlyReadsThePresentStateWithoutAskingAnyone(t *testing.T) {
	for _, redirect := range []bool{false, true} {
		store, c := follower(t, Options{RedirectMoved: redirect, ClusterView: topology.LeaderView})
		store.values["foo"] = []byte("old")
		runs := countRuns(store)
		c.expect("READONLY\r\nGET foo\r\nMGET foo bar\r\nDBSIZE\r\n", "+OK\r\n$3\r\nold\r\n*2\r\n$3\r\nold\r\n$-1\r\n:1\r\n")
		if *runs != 0 {
			t.Fatalf("redirect %v: %d runs were submitted", redirect, *runs)
		}
		want := "$3\r\nold\r\n"
		if redirect {
			want = "-MOVED 12182 10.0.0.2:7002\r\n"
		}
		c.expect("READWRITE\r\nGET foo\r\n", "+OK\r\n"+want)
		if !redirect && *runs != 1 {
			t.Fatalf("after READWRITE %d runs were submitted", *runs)
		}
	}
}

// Commands that may store are not loosened by READONLY, as in Redis, also where they store nothing; by RAFT.READ STALE,
// which asks for old state by name, they are.
func TestReadOnlyLoosensOnlyCommandsThatOnlyRead(t *testing.T) {
	const unknown = "-ERR not in the fake store\r\n"
	for _, redirect := range []bool{false, true} {
		for _, line := range []string{"SORT foo", "GEORADIUS foo 0 0 1 m", "GEORADIUSBYMEMBER foo a 1 m"} {
			store, c := follower(t, Options{RedirectMoved: redirect, ClusterView: topology.LeaderView})
			runs := countRuns(store)
			want, submitted := unknown, 1
			if redirect {
				want, submitted = "-MOVED 12182 10.0.0.2:7002\r\n", 0
			}
			if c.expect("READONLY\r\n"+line+"\r\n", "+OK\r\n"+want); *runs != submitted {
				t.Errorf("redirect %v, %s: %d runs were submitted", redirect, line, *runs)
			}
			if c.expect("RAFT.READ STALE\r\n"+line+"\r\n", "+OK\r\n"+unknown); *runs != submitted {
				t.Errorf("redirect %v, %s from old state: %d runs were submitted", redirect, line, *runs)
			}
		}
	}
}

// Libraries send READONLY by themselves. Where clients see no replica, no read becomes old by it.
func TestReadOnlyLoosensNothingWhereEachNodeIsAMaster(t *testing.T) {
	store, c := follower(t, Options{})
	store.info.State = topology.Loading
	runs := countRuns(store)
	c.expect("READONLY\r\nGET foo\r\nREADWRITE\r\nGET foo\r\n", "+OK\r\n$-1\r\n+OK\r\n$-1\r\n")
	if *runs != 2 {
		t.Fatalf("%d runs were submitted, want 2: a read was answered without one", *runs)
	}
	_, c = follower(t, Options{ClusterView: topology.NoView})
	c.expect("READONLY\r\nREADWRITE\r\nASKING\r\n", strings.Repeat("-"+clusterDisabled+"\r\n", 3))
}

// A node that takes no part in its cluster has the state of any time: it refuses READONLY where that loosens reads.
func TestReadOnlyIsRefusedByANodeThatTakesNoPart(t *testing.T) {
	for _, state := range []topology.State{"rolled-back", "replaced", "copied"} {
		store, c := follower(t, Options{ClusterView: topology.LeaderView})
		store.info.State, store.info.Leader = state, 0
		store.values["foo"] = []byte("old")
		runs := countRuns(store)
		if got := c.send("READONLY\r\n"); !strings.HasPrefix(got, "-"+refusalPrefix) {
			t.Errorf("%s: READONLY is answered %q", state, got)
		}
		if got := c.send("GET foo\r\n"); *runs != 1 {
			t.Errorf("%s: %q is not confirmed", state, got)
		}
	}
}

// What the client asked for while the node took part, it gets no longer.
func TestOldStateIsNotReadOnceTheNodeTakesNoPart(t *testing.T) {
	for _, ask := range []string{"READONLY", "RAFT.READ STALE"} {
		store, c := follower(t, Options{ClusterView: topology.LeaderView})
		store.values["foo"] = []byte("old")
		runs := countRuns(store)
		c.expect(ask+"\r\nGET foo\r\n", "+OK\r\n$3\r\nold\r\n")
		store.info.State, store.info.Leader = "replaced", 0
		if got := c.send("GET foo\r\n"); *runs != 1 {
			t.Errorf("%s: %q is not confirmed", ask, got)
		}
	}
}

func TestReadOnlyChangesNothingOnTheLeader(t *testing.T) {
	store, c := follower(t, Options{RedirectMoved: true, ClusterView: topology.LeaderView})
	store.info.Role, store.info.Leader = "leader", 1
	runs := countRuns(store)
	c.expect("READONLY\r\nGET foo\r\n", "+OK\r\n$-1\r\n")
	if *runs != 1 {
		t.Fatalf("%d runs were submitted, want 1", *runs)
	}
}

func TestReadOnlyLeavesRunsWithAWriteAsTheyAre(t *testing.T) {
	store, c := follower(t, Options{ClusterView: topology.LeaderView})
	runs := countRuns(store)
	c.expect("READONLY\r\nGET foo\r\nSET foo 1\r\nGET foo\r\n", "+OK\r\n$-1\r\n+OK\r\n$1\r\n1\r\n")
	if *runs != 1 || store.views != 0 {
		t.Fatalf("%d runs were submitted and %d views taken, want 1 and none", *runs, store.views)
	}
	store, c = follower(t, Options{RedirectMoved: true, ClusterView: topology.LeaderView})
	runs = countRuns(store)
	store.values["foo"] = []byte("old")
	c.expect("READONLY\r\nGET foo\r\nSET foo 1\r\nGET foo\r\n",
		"+OK\r\n$3\r\nold\r\n-MOVED 12182 10.0.0.2:7002\r\n$3\r\nold\r\n")
	if *runs != 0 {
		t.Fatalf("%d runs were submitted, want none", *runs)
	}
}

func TestAStaleReadWhoseStateIsRefusedIsConfirmed(t *testing.T) {
	store, c := follower(t, Options{ClusterView: topology.LeaderView})
	store.viewsRefused = 1
	runs := countRuns(store)
	c.expect("READONLY\r\nGET foo\r\nGET foo\r\n", "+OK\r\n$-1\r\n$-1\r\n")
	if *runs != 1 {
		t.Fatalf("%d runs were submitted, want 1", *runs)
	}
}

func TestReadOnlyIsRefusedByANodeThatHasServedNothingYet(t *testing.T) {
	store, c := follower(t, Options{ClusterView: topology.LeaderView})
	store.info.State = "loading"
	runs := countRuns(store)
	c.expect("READONLY\r\nGET foo\r\n", "-LOADING Redis is loading the dataset in memory\r\n$-1\r\n")
	if *runs != 1 {
		t.Fatalf("%d runs were submitted, want 1: the read is an ordinary one", *runs)
	}
}

func TestAskingIsTakenAndChangesNothing(t *testing.T) {
	_, c := follower(t, Options{RedirectMoved: true})
	c.expect("ASKING\r\nGET foo\r\n", "+OK\r\n-MOVED 12182 10.0.0.2:7002\r\n")
}

func TestFailoverAsksTheNodeAndPassesOnWhyNot(t *testing.T) {
	store, c := follower(t, Options{})
	c.expect("CLUSTER FAILOVER\r\nCLUSTER FAILOVER force\r\n", "+OK\r\n+OK\r\n")
	store.takeOver = fmt.Errorf("this node is a learner")
	c.expect("CLUSTER FAILOVER\r\n", "-ERR this node is a learner\r\n")
	store.takeOver = ErrNoLeader
	c.expect("CLUSTER FAILOVER\r\n", "-"+noLeaderText+"\r\n")
	if store.takeOvers != 4 {
		t.Fatalf("the node was asked %d times, want 4", store.takeOvers)
	}
	c.send("CLUSTER FAILOVER TAKEOVER\r\nCLUSTER FAILOVER x\r\nCLUSTER FAILOVER FORCE FORCE\r\n")
	store.info.Leader = 1
	c.send("CLUSTER FAILOVER\r\n")
	if store.takeOvers != 4 {
		t.Fatalf("the node was asked %d times: a refused command asked too", store.takeOvers)
	}
}

// Whatever is in a pipeline and however it is cut, each command gets one reply, in order; those with keys get MOVED,
// unless the connection may read old state and they read; and no write reaches the store.
func TestPipelinesToAFollowerAreAnsweredInOrderHoweverTheyAreCut(t *testing.T) {
	const seed, rounds = 7, 200
	for round := range rounds {
		random := rand.New(rand.NewPCG(seed, uint64(round)))
		store, c := follower(t, Options{
			RedirectMoved: true, ClusterView: topology.LeaderView, Limits: Limits{MaxRunCalls: 1 + random.IntN(5)},
		})
		store.values["k"] = []byte("v")
		var input, want strings.Builder
		moved := fmt.Sprintf("-MOVED %d 10.0.0.2:7002\r\n", command.Slot([]byte("k")))
		mayRead := false
		for range random.IntN(40) {
			switch random.IntN(6) {
			case 0:
				input.WriteString("SET k w\r\n")
				want.WriteString(moved)
			case 1:
				input.WriteString("GET k\r\n")
				if mayRead {
					want.WriteString("$1\r\nv\r\n")
				} else {
					want.WriteString(moved)
				}
			case 2:
				input.WriteString("DBSIZE\r\n")
				want.WriteString(":1\r\n")
			case 3:
				input.WriteString("ECHO x\r\n")
				want.WriteString("$1\r\nx\r\n")
			case 4:
				mayRead = !mayRead
				input.WriteString(map[bool]string{true: "READONLY\r\n", false: "READWRITE\r\n"}[mayRead])
				want.WriteString("+OK\r\n")
			default:
				input.WriteString("CLIENT ID\r\n")
				want.WriteString(":5\r\n")
			}
		}
		got := c.sendPieces(random, input.String())
		if got != want.String() || len(store.bodies) != 0 || string(store.values["k"]) != "v" {
			t.Fatalf("seed %d round %d: input %q\n got %q\nwant %q\n%d entries", seed, round, input.String(), got, want.String(),
				len(store.bodies))
		}
	}
}
