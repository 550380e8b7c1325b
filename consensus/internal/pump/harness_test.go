package pump

import (
	"fmt"
	"hash/fnv"
	"io"
	"slices"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// diary is a state machine that writes down what it applied.
type diary struct {
	applied []string
	// prepared is called with what the machine is shown; nil: nothing is.
	prepared func(body []byte, totalBytes int)
}

func (d *diary) Apply(_ uint64, _ int64, data []byte, _ any) []byte {
	if len(data) == 0 {
		return nil
	}
	d.applied = append(d.applied, string(data))
	return fmt.Appendf(nil, "%d", len(d.applied))
}
func (d *diary) Query(int64, any) bool           { return false }
func (d *diary) Restore(uint64, io.Reader) error { return nil }
func (d *diary) SetOffset(int64)                 {}
func (d *diary) Due() int64                      { return 0 }
func (d *diary) Hash() uint64                    { return uint64(len(d.applied)) }
func (d *diary) Freeze() engine.Image            { return frozenDiary{slices.Clone(d.applied), new(bool)} }

// Prepare shows the test what the machine is shown.
func (d *diary) Prepare(body []byte, totalBytes int) {
	if d.prepared != nil {
		d.prepared(body, totalBytes)
	}
}

// count says how often a command was applied.
func (d *diary) count(command string) (times int) {
	for _, c := range d.applied {
		if c == command {
			times++
		}
	}
	return times
}

// frozenDiary is the image of a diary.
type frozenDiary struct {
	applied  []string
	released *bool
}

func (f frozenDiary) WriteTo(w io.Writer) (int64, error) {
	n, err := fmt.Fprint(w, f.applied)
	return int64(n), err
}
func (f frozenDiary) Release() { *f.released = true }

// diaryFile is a snapshot on a disk.
type diaryFile struct {
	mark    raftlog.SnapshotMark
	base    engine.SnapshotState
	applied []string
}

// fileOfDiary is the file of a frozen state: like the real one, a function of the log alone.
func fileOfDiary(f engine.Frozen) *diaryFile {
	applied := f.Image.(frozenDiary).applied
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v %q", f.SnapshotState, applied)
	mark := raftlog.SnapshotMark{
		Mark: f.Mark, Configuration: f.Configuration, FileHash: h.Sum64(), FileBytes: uint64(len(fmt.Sprint(applied))),
	}
	return &diaryFile{mark: mark, base: f.SnapshotState, applied: applied}
}

// disk is what a node of a test starts from: the first entry of its cluster.
type disk struct {
	options engine.Options
	first   raftlog.Entry
}

// newDisks are those of a cluster of n voters.
func newDisks(n int) []*disk {
	c := &membership.Configuration{ClusterID: 1, HashSeed: 7, NextID: raftlog.NodeID(n + 1)}
	for id := raftlog.NodeID(1); id <= raftlog.NodeID(n); id++ {
		c.Members = append(c.Members, membership.Member{ID: id})
		c.Voters = append(c.Voters, id)
	}
	var disks []*disk
	for id := raftlog.NodeID(1); id <= raftlog.NodeID(n); id++ {
		o := engine.DefaultOptions()
		o.ID, o.Boot, o.Seed = id, raftlog.Boot(100+id), uint64(id)
		disks = append(disks, &disk{o, engine.FirstEntry(c, 1000)})
	}
	return disks
}

// restored is what the node finds on the disk when it starts.
func (d *disk) restored() raft.Restored {
	return raft.Restored{Term: 1, Entries: []raftlog.Entry{d.first}}
}
