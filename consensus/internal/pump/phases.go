package pump

import (
	"slices"
	"sync"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Phases says where the time of a read or of a batch that is done went. The phases follow each other. Before the first
// one lie the way to the loop and the wait for a leader and for room: they end when the batch is sent.
type Phases struct {
	// Disk is how long this node's own disk took for the entry, from when it was given to the log writer; 0 if others
	// made a majority before, so that no client waited for it. Replicate is the rest of the time from sending to commit:
	// the leader's, the network's and other disks'. Of a read, Replicate is all of the confirmation.
	Disk, Replicate time.Duration
	// Apply is the time from commit until the entry was applied, Reply what has passed since, until now.
	Apply, Reply time.Duration
}

// Events that Effects.Late reports.
const (
	// EventSync is one write and one sync of the log.
	EventSync = "fsync"
	// EventCommit is the time from when entries were given to the log writer until this node knew them to be committed.
	EventCommit = "commit"
	// EventApply is the application of some entries, with the wait for the lock.
	EventApply = "apply"
	// EventRead is the confirmation of reads, with the wait for what has to be applied before.
	EventRead = "read-index"
)

// sinceStart is the time since the runner began, in nanoseconds.
func (r *Runner) sinceStart() int64 { return int64(time.Since(r.began)) }

// Phases says where the time of a batch that ended as Done went. Call it soon after Wake: the times of the disk are
// kept for some thousand groups.
func (r *Runner) Phases(b *engine.Batch) Phases {
	s := &b.Times
	disk := time.Duration(0)
	given, givenKnown := r.given.at(s.Index)
	synced, syncedKnown := r.synced.at(s.Index)
	if givenKnown && syncedKnown && synced <= s.Committed {
		disk = time.Duration(synced - given)
	}
	return Phases{
		Disk: disk, Replicate: max(time.Duration(s.Committed-s.Sent)-disk, 0),
		Apply: time.Duration(s.Applied - s.Committed), Reply: time.Duration(r.sinceStart() - s.Applied),
	}
}

// PhasesOfRead is Phases for a read.
func (r *Runner) PhasesOfRead(read *engine.Read) Phases {
	return Phases{
		Replicate: time.Duration(read.EndedAt - read.TakenAt), Reply: time.Duration(r.sinceStart() - read.EndedAt),
	}
}

// stampOutputs notes when a turn's outputs leave, before the other pumps have them.
func (r *Runner) stampOutputs(out *engine.Outputs) {
	now := r.sinceStart()
	for i := range out.Work.Sent {
		out.Work.Sent[i].Batch.Times.Sent = now
	}
	for _, op := range out.Appends {
		if n := len(op.Entries); n > 0 {
			r.given.note(op.Entries[n-1].Index, now)
		}
	}
	if last := out.Work.Last; last != 0 {
		out.Work.Handed = now
		if given, known := r.given.at(last); known {
			r.late(EventCommit, now-given)
		}
	}
	longest := int64(0)
	for _, read := range out.EndedReads {
		read.EndedAt = now
		longest = max(longest, now-read.TakenAt)
	}
	if longest > 0 {
		r.late(EventRead, longest)
	}
}

// stampReads notes when the loop took reads.
func (r *Runner) stampReads(reads []*engine.Read) {
	if len(reads) == 0 {
		return
	}
	now := r.sinceStart()
	for _, read := range reads {
		read.TakenAt = now
	}
}

// late tells how long something took.
func (r *Runner) late(event string, nanos int64) {
	if r.effects.Late != nil {
		r.effects.Late(event, time.Duration(nanos))
	}
}

// marks say when the log had come to which index. One goroutine notes them; any may ask.
type marks struct {
	mu   sync.Mutex
	list []mark // ascending
}

type mark struct {
	index raftlog.Index
	at    int64
}

// maxMarks bounds a list. A full one loses every second of its marks: what is long past is known less well.
const maxMarks = 4096

// note says that the log has come to an index. Earlier notes at or behind that index were replaced.
func (m *marks) note(index raftlog.Index, now int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.list)
	for n > 0 && m.list[n-1].index >= index {
		n--
	}
	m.list = m.list[:n]
	if n == maxMarks {
		for i := range n / 2 {
			m.list[i] = m.list[2*i+1]
		}
		m.list = m.list[:n/2]
	}
	m.list = append(m.list, mark{index, now})
}

// at is when the log had come to an index, if it has.
func (m *marks) at(index raftlog.Index) (nanos int64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _ := slices.BinarySearchFunc(m.list, index, func(one mark, index raftlog.Index) int {
		return int(int64(one.index) - int64(index))
	})
	if i == len(m.list) {
		return 0, false
	}
	return m.list[i].at, true
}
