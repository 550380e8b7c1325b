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
	n := openBlank(t, Options{Bootstrap: true, Expect: 2, Clock: ahead})
	if err := (peerHandler{n}).Join(goodJoiner(8, "127.0.0.1:1")); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	log, restored, err := wal.Open(wal.Options{
		Directory: n.options.Directory, FileBytes: n.options.JournalFileBytes, MaxEntryBytes: pieceBytes,
		SegmentBytes: n.options.segmentBytes(), NewIdentity: func() wal.Identity { panic("there is one") },
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

// 69 nodes ask, each with an address and attributes within the limits; together they do not fit a configuration. The
// answer says so each time, and not that the node is to wait.
func TestAClusterThatCannotBeFormedIsRefusedEachTime(t *testing.T) {
	long := make([]byte, 1<<10)
	n := openBlank(t, Options{Bootstrap: true, Expect: 70, Attributes: long})
	defer n.Close()
	var last transport.Join
	for i := range 69 {
		last = goodJoiner(uint64(100+i), fmt.Sprintf("127.0.0.1:%d", 1000+i))
		last.Attributes = long
		if err := (peerHandler{n}).Join(last); (err != nil) != (i == 68) {
			t.Fatalf("joiner %d is answered with %v", i, err)
		}
	}
	if err := (peerHandler{n}).Join(last); err == nil {
		t.Error("the same request is accepted now, and there is no cluster")
	}
}
