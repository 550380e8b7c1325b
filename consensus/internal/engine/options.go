package engine

import (
	"fmt"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Level is the feature level of this build: it applies entries up to it, and writes those of the level in force.
const Level = raftlog.Level

// Options are the engine's constants. DefaultOptions has values for everything but ID, Boot and Seed.
type Options struct {
	ID   raftlog.NodeID
	Boot raftlog.Boot
	// Seed seeds the drawing of election timeouts.
	Seed uint64
	// Confirmed is what this node knew, before it was started, of how far the members' disks are: Status.Confirmed.
	Confirmed []Confirmed
	// Level is the highest feature level that this node knows: that of the build, but in tests.
	Level uint8

	// HeartbeatTicks and ElectionTicks: see raft.Options.
	HeartbeatTicks int
	ElectionTicks  int
	// HungTicks is how long the disk of a leader may complete nothing: see raft.Options. A disk that hangs for so long
	// costs leadership; one that is only busy must not, and large values keep disks busy for a second.
	HungTicks int
	// LeaseMillis: see raft.Options. 0 is for reads that rest on no clock.
	LeaseMillis raftlog.Stamp
	// WaitTicks is how long a batch waits to be sent, for a leader or for room, before it is answered NotDone. It counts
	// anew when a batch was sent and then proven not done, and, for a batch that goes in pieces, whenever the log has
	// taken a piece of any body. A read is answered NotDone this long after its submission.
	WaitTicks int
	// UncertainTicks is how long after it was last sent a batch is answered Unknown. One that was proven not done is
	// sent again only within as many ticks of its submission; after that it is answered NotDone. So every batch ends
	// within the larger of twice UncertainTicks and UncertainTicks + WaitTicks, but for deadlineTicks.
	UncertainTicks int
	// ResendTicks is how long a sent batch waits for progress of its stream before the stream is sent again. Without
	// progress the wait doubles each time, up to ResendTicks << maxResendDoublings.
	ResendTicks int
	// ReadRetryTicks is how long a read index is waited for before it is asked for anew.
	ReadRetryTicks int

	// AbsentTicks is how long a voter must be silent before the leader calls it absent. That decides what clients are
	// shown, and nothing about the log.
	AbsentTicks int

	// MaxInflightMessages and MaxMessageBytes: see raft.Options.
	MaxInflightMessages int
	MaxMessageBytes     int
	// MaxUnmetBytes bounds the batches that an origin has sent and not met, given up or not; the others wait.
	MaxUnmetBytes int
	// LargestUnmetBytes is the largest MaxUnmetBytes of any node of the cluster, and the same on all of them: a leader
	// takes so much of an origin, however little it sends itself.
	LargestUnmetBytes int
	// MaxWaitingBatches and MaxWaitingBytes bound what waits; more is answered Overloaded.
	MaxWaitingBatches int
	MaxWaitingBytes   int
	// MaxWaitingReads bounds the reads that have not ended; more is answered Overloaded.
	MaxWaitingReads int
	// PieceBytes is the size of a piece: bodies above it go through the log in pieces. They wait apart, up to
	// MaxLargeBytes or one of any size. MaxPieceBytes bounds what is sent of a body and not yet applied here, but for one
	// piece: small batches wait behind so much at most.
	PieceBytes    int
	MaxPieceBytes int
	MaxLargeBytes int
	// MaxSpanBytes bounds the entries handed to the applier and not yet applied.
	MaxSpanBytes int
	// JournalRoomBytes bounds the entries that are in the journal and not yet in history. A follower takes entries up to
	// it; it must be what the journal can hold above its checkpoint, for so much may come from a leader that restarted.
	JournalRoomBytes int
	// ProposalRoomBytes bounds them for a leader that appends batches; 0 means three quarters of JournalRoomBytes. It
	// never takes in more than three quarters of what the smallest journal of a member has room for, as far as they have
	// introduced themselves: see Arrival.
	//
	// It is the smaller one, because followers must be able to hold what a leader takes in. They may know fewer commits
	// than the leader: a restart forgets the commit index. Suppose leaders filled the journals completely. When the leader
	// is gone, such a follower has no room for the rest of the log; a new leader cannot bring it the first entry of its
	// term; nothing is committed; no entry goes to history, and room never comes back.
	ProposalRoomBytes int

	// SnapshotLogBytes is how much a node applies before it takes a snapshot by itself, or as much as the file of the
	// last one if that is more; 0 means never.
	SnapshotLogBytes int64
	// MaxHistoryBytes is how much history is kept for the sake of followers that are a little slow, or that fetch a
	// snapshot, on a leader, and of readers here (Inputs.Needed): below the older of the two snapshots, from which this
	// node may start itself. Beyond it all of that goes. 0 means four times SnapshotLogBytes, or four times its default if
	// that is 0.
	MaxHistoryBytes int64

	// CompareEntries is at how many entries a node notes the hash of its state, to be compared: at each index that is a
	// multiple. Nodes may differ in it; only what a quorum notes is compared.
	CompareEntries int

	// Weakened names guards that a mutation test has switched off; it has no effect in an ordinary build.
	Weakened guard.Set
}

// DefaultOptions are for a tick of 10 ms: heartbeats every 50 ms, elections after 300 to 600 ms, two seconds until a
// disk hangs.
func DefaultOptions() Options {
	return Options{
		Level:          Level,
		HeartbeatTicks: 5, ElectionTicks: 30, WaitTicks: 260, UncertainTicks: 1000, ResendTicks: 60, ReadRetryTicks: 30,
		AbsentTicks: 200, HungTicks: 200,
		MaxInflightMessages: 4, MaxMessageBytes: 1 << 20, MaxUnmetBytes: LargestUnmetBytes,
		LargestUnmetBytes: LargestUnmetBytes,
		MaxWaitingBatches: 65536, MaxWaitingBytes: 256 << 20, MaxWaitingReads: 1 << 20, MaxSpanBytes: 8 << 20,
		JournalRoomBytes: 24 << 20,
		PieceBytes:       1 << 20, MaxPieceBytes: 1 << 20, MaxLargeBytes: 2 << 30,
		SnapshotLogBytes: DefaultSnapshotLogBytes, CompareEntries: DefaultCompareEntries,
	}
}

// LargestUnmetBytes is the most that any node may have on its way to a leader. It belongs to the protocol: a leader
// that expected less would drop what an origin within its own bound sends, and have it sent again, for ever.
const LargestUnmetBytes = 16 << 20

// DefaultCompareEntries is the default of Options.CompareEntries: at full load some hundred notes a second.
const DefaultCompareEntries = 1024

// DefaultSnapshotLogBytes is the default of Options.SnapshotLogBytes: applying as much again takes a start less than a
// second or so, and a snapshot of an empty key space is not worth less log.
const DefaultSnapshotLogBytes = 64 << 20

// maxHistoryBytes is MaxHistoryBytes or what stands for it.
func (o *Options) maxHistoryBytes() int64 {
	switch {
	case o.MaxHistoryBytes > 0:
		return o.MaxHistoryBytes
	case o.SnapshotLogBytes > 0:
		return 4 * o.SnapshotLogBytes
	}
	return 4 * DefaultSnapshotLogBytes
}

// proposalRoom is ProposalRoomBytes or what stands for it.
func (o *Options) proposalRoom() int {
	if o.ProposalRoomBytes > 0 {
		return o.ProposalRoomBytes
	}
	return proposalShare(o.JournalRoomBytes)
}

// proposalShare is the part of a journal's room that leaders fill.
func proposalShare(roomBytes int) int { return roomBytes - roomBytes/4 }

// Validate says which option is out of range.
func (o *Options) Validate() error {
	positive := []struct {
		name  string
		value int
	}{
		{"Level", int(o.Level)},
		{"HeartbeatTicks", o.HeartbeatTicks}, {"WaitTicks", o.WaitTicks}, {"UncertainTicks", o.UncertainTicks},
		{"ResendTicks", o.ResendTicks}, {"ReadRetryTicks", o.ReadRetryTicks}, {"AbsentTicks", o.AbsentTicks},
		{"HungTicks", o.HungTicks},
		{"MaxInflightMessages", o.MaxInflightMessages}, {"MaxMessageBytes", o.MaxMessageBytes},
		{"MaxUnmetBytes", o.MaxUnmetBytes}, {"LargestUnmetBytes", o.LargestUnmetBytes},
		{"MaxWaitingBatches", o.MaxWaitingBatches},
		{"MaxWaitingBytes", o.MaxWaitingBytes}, {"MaxWaitingReads", o.MaxWaitingReads}, {"MaxSpanBytes", o.MaxSpanBytes},
		{"PieceBytes", o.PieceBytes}, {"MaxPieceBytes", o.MaxPieceBytes}, {"MaxLargeBytes", o.MaxLargeBytes},
		{"JournalRoomBytes", o.JournalRoomBytes}, {"CompareEntries", o.CompareEntries},
	}
	for _, p := range positive {
		if p.value <= 0 {
			return fmt.Errorf("option %s is %d, it must be positive", p.name, p.value)
		}
	}
	if o.ProposalRoomBytes < 0 || o.ProposalRoomBytes > o.JournalRoomBytes {
		return fmt.Errorf("option ProposalRoomBytes is %d, it must be from 0 to JournalRoomBytes, which is %d",
			o.ProposalRoomBytes, o.JournalRoomBytes)
	}
	if o.SnapshotLogBytes < 0 || o.MaxHistoryBytes < 0 {
		return fmt.Errorf("options SnapshotLogBytes and MaxHistoryBytes are %d and %d, they must not be negative",
			o.SnapshotLogBytes, o.MaxHistoryBytes)
	}
	if o.LeaseMillis < 0 {
		return fmt.Errorf("option LeaseMillis is %d, it must not be negative", o.LeaseMillis)
	}
	if o.MaxUnmetBytes > o.LargestUnmetBytes {
		return fmt.Errorf("option MaxUnmetBytes is %d, leaders take LargestUnmetBytes, which is %d",
			o.MaxUnmetBytes, o.LargestUnmetBytes)
	}
	if o.ElectionTicks < 3*o.HeartbeatTicks {
		return fmt.Errorf("option ElectionTicks is %d: fewer than three heartbeats of %d ticks fit in an election timeout",
			o.ElectionTicks, o.HeartbeatTicks)
	}
	if o.AbsentTicks < 3*o.HeartbeatTicks {
		return fmt.Errorf("option AbsentTicks is %d: a voter is not absent before it missed three heartbeats of %d ticks",
			o.AbsentTicks, o.HeartbeatTicks)
	}
	if o.ID == 0 || o.Boot == 0 {
		return fmt.Errorf("options ID and Boot must be set")
	}
	return nil
}
