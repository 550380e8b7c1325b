package consensus

import (
	"fmt"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/wal"
)

// I1: the first entry is made before any other clock was heard. If it said what its maker's clock shows, and that one
// were ahead, time would stand still until the others have reached it, for stamps never go back.
func TestI1_AWrongClockOfTheNodeThatFormsAClusterMovesNoTime(t *testing.T) {
	ahead := func() time.Time { return time.Now().Add(time.Hour) }
	n := openBlank(t, Options{Clock: ahead})
	formNow(t, n, goodJoiner(8, "127.0.0.1:1"))
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	log, restored, err := wal.Open(wal.Options{
		Directory: n.options.Directory, FileBytes: n.options.JournalFileBytes, MaxEntryBytes: pieceBytes,
		SegmentBytes: n.options.segmentBytes(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range restored.Entries {
		if e.Stamp != 0 {
			t.Errorf("entry %d moves time to %d", e.Index, e.Stamp)
		}
	}
	if len(restored.Entries) == 0 {
		t.Error("no entry was made")
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}

// formNow makes a blank node form a cluster with joiners that need not be there.
func formNow(t *testing.T, n *Node, joiners ...transport.Join) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.form(joiners); err != nil {
		t.Fatal(err)
	}
}

// 69 nodes ask, each with an address and attributes within the limits; together they do not fit a configuration. The
// answer says so each time, and not that the node is to wait.
func TestAClusterThatCannotBeFormedIsRefusedEachTime(t *testing.T) {
	long := make([]byte, 1<<10)
	n := openBlank(t, Options{Bootstrap: true, Expect: 70, Attributes: long})
	defer n.Close()
	var joiners []transport.Join
	for i := range 69 {
		joiners = append(joiners, goodJoiner(uint64(100+i), fmt.Sprintf("127.0.0.1:%d", 1000+i)))
		joiners[i].Attributes = long
	}
	n.mu.Lock()
	err := n.form(joiners)
	n.mu.Unlock()
	if err == nil {
		t.Fatal("the cluster is formed")
	}
	for range 2 {
		if _, again := (peerHandler{n}).Join(joiners[0]); again == nil || again.Error() != err.Error() {
			t.Errorf("a joiner is answered %v, want %v", again, err)
		}
	}
}
