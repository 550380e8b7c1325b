package pump

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// awaitLeader waits until every runner follows the same leader, other than one.
func awaitLeader(t *testing.T, nodes []*running, other raftlog.NodeID) *running {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	limit := time.After(patience)
	for {
		leader := nodes[0].Status().Leader
		agreed := !slices.ContainsFunc(nodes, func(r *running) bool { return r.Status().Leader != leader })
		if agreed && leader != 0 && leader != other {
			return nodes[leader-1]
		}
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("no leader but %d within %v", other, patience)
		}
	}
}

// Leadership goes round and round, asked for from either side, while clients on all nodes work: none of them is told of
// it.
func TestRunnersHandLeadershipRoundUnderLoad(t *testing.T) {
	_, nodes := startCluster(t, 3)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for c := range 6 {
		clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if b := nodes[c%3].propose(t, fmt.Sprintf("%d-%d", c, i)); b.Outcome != engine.Done {
					t.Errorf("client %d, command %d: %v", c, i, b.Outcome)
				}
			}
		})
	}
	leader := awaitLeader(t, nodes, 0)
	for i := range 6 {
		id := leader.Status().ID
		if i%2 == 0 {
			leader.HandOver()
		} else {
			nodes[id%3].TakeOver()
		}
		leader = awaitLeader(t, nodes, id)
	}
	close(stop)
	clients.Wait()
	nodes[0].View(func(engine.StateMachine) {
		once := slices.Clone(nodes[0].machine.applied)
		slices.Sort(once)
		if all := len(once); len(slices.Compact(once)) != all {
			t.Errorf("of %d commands some were applied twice", all)
		}
	})
}

func TestRunnersCloseRightAfterHandOver(t *testing.T) {
	_, nodes := startCluster(t, 3)
	leader := awaitLeader(t, nodes, 0)
	leader.HandOver()
	ended := make(chan struct{})
	b := &engine.Batch{Body: []byte("late"), Level: engine.Level, Wake: func() { close(ended) }}
	leader.Submit(b)
	if err := leader.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, ended, "the end of a batch")
	if b.Outcome == engine.Pending {
		t.Fatal("a batch was woken without an outcome")
	}
}
