package consensus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/pump"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// historyFactor times SnapshotLogBytes is the default of MaxHistoryBytes.
const historyFactor = 4

// minAbsentHeartbeats heartbeats are the least AbsentMillis.
const minAbsentHeartbeats = 3

// DefaultOptions are the values that Open puts where an Options has zero. MaxHistoryBytes and AbsentMillis follow
// SnapshotLogBytes and HeartbeatMillis where those are not zero; AbsentMillis only upwards.
func DefaultOptions() Options {
	return Options{
		HeartbeatMillis: 50, ElectionMillis: 300, WaitMillis: 2600, UncertainAfterMillis: 10_000, AbsentMillis: 2000,
		MaxEntryBytes: raftlog.MaxBodyBytes, MaxWaitingBytes: 256 << 20, JournalFileBytes: 64 << 20, Expect: 1,
		SnapshotLogBytes: 64 << 20, SnapshotBytesPerSecond: 64 << 20, MaxHistoryBytes: historyFactor * 64 << 20,
		CompareEntries: engine.DefaultCompareEntries, MaxSubscriptions: 64, SubscriptionBytes: 1 << 20,
	}
}

// MaxSubscriptions and SubscriptionBytes have these bounds.
const (
	maxSubscriptions     = 1 << 10
	minSubscriptionBytes = 64 << 10
	maxSubscriptionBytes = 64 << 20
)

// CompareEntries has these bounds: of notes that are denser the nodes keep too few for members that are some
// milliseconds behind.
const (
	minCompareEntries = 16
	maxCompareEntries = 1 << 20
)

// SnapshotLogBytes has these bounds.
const (
	minSnapshotLogBytes = 64 << 10
	maxSnapshotLogBytes = 1 << 40
)

// maxReadLeaseMillis is the largest ReadLeaseMillis.
const maxReadLeaseMillis = 10_000

// journalSpareBytes of half a journal file are kept for what is not a command: configurations, headers, the entries
// that begin terms.
const journalSpareBytes = 1 << 20

// pieceBytes is the largest body of one entry. Larger commands go through the log in pieces of this size, between which
// heartbeats and other entries find their place. Log and transport know only this limit: a node must store what the
// cluster agreed on, whatever MaxEntryBytes other nodes have.
const pieceBytes = 1 << 20

// tick is the length of a tick, the unit of the engine's times.
const tick = 10 * time.Millisecond

// Options say what a node is. Zero limits and durations take the defaults above.
type Options struct {
	// Directory holds everything the node must not forget. It belongs to one node at a time, and is made if missing.
	Directory string
	// Machine is the state machine. The node calls it from its own goroutines until Close returned.
	Machine StateMachine

	// PeerListener takes other nodes' connections; without one, PeerListen (host:port) is listened on. One of the two is
	// required.
	PeerListener net.Listener
	PeerListen   string
	// PeerAddress is where other nodes reach this one; default: the address listened on. It is required where that is a
	// wildcard, such as :16379.
	PeerAddress string
	// Attributes describe this node to the hosts of the other nodes, as Member.Attributes: at most 1 KiB. The library
	// carries them and does not read them. A node that starts with other ones tells the cluster.
	Attributes []byte

	// Bootstrap makes a new cluster if the directory is blank. Expect is how many nodes form it; 0 and 1 mean this node
	// alone, otherwise Expect-1 blank nodes must join it. On a directory that belongs to a cluster both change nothing.
	//
	// A node whose directory was lost must not make a second cluster beside its own. So it first listens whether members
	// dial its address: a moment on the loopback interface, some seconds elsewhere. One that does ends the founding.
	Bootstrap bool
	Expect    int
	// Join are the peer addresses of nodes that a blank node asks to be taken in, all of them, until one does. With
	// Bootstrap they may be the same on all nodes of a cluster, at every start: each must answer before a cluster is made
	// (the node's own address does not count), a member that answers takes the node in, and of Expect blank nodes that
	// hear each other the one with the least incarnation makes the cluster. A member asks there where the others are, as
	// long as it does not find all of them.
	Join []string

	// EventLoop has the node run on an event loop of its own, which takes less of the processors for each command; where
	// the system has no means for one, goroutines do the same. See "The event loop" in the package comment.
	EventLoop bool
	// Reactor, if not nil, is used instead of a loop of the node's own, and outlives the node: a host that serves clients
	// on the same one saves a wake-up of a thread at each step of a command. Only packages of this module can make one.
	Reactor *reactor.Reactor

	// HeartbeatMillis is how often a leader is heard; ElectionMillis and twice that bound the time without a leader
	// after which a follower campaigns. At least three heartbeats must fit.
	HeartbeatMillis int
	ElectionMillis  int
	// ReadLeaseMillis, if not 0, lets a leader answer reads at once, without asking a majority each time: a node that
	// hears its leader promises it to help no other one for so long, and a leader that a majority has promised that
	// answers for four fifths of it. 0, the default, is for reads that no clock can make old.
	//
	// It rests on this: no node's monotonic clock is more than 11 % too fast or too slow, and each counts all time for
	// which a machine, or a virtual one, is stopped. Where that does not hold, a leader that was replaced can answer from
	// an old state for a moment. The wall clock does not matter, nor does how long a process is stopped.
	//
	// Allowed are two HeartbeatMillis up to ElectionMillis less HeartbeatMillis, and at most 10,000. All nodes should
	// have the same: a voter counts for a leader that asks for no more than it promises. A node that had it promises
	// nothing more when it is started without, and still keeps what it has promised.
	ReadLeaseMillis int
	// WaitMillis is how long a command waits for a leader before ErrNotDone.
	WaitMillis int
	// UncertainAfterMillis is how long a command that was sent waits for its fate before ErrUnknown. One that was proven
	// not done is sent again, and waits as long again; but not later than so long after its Propose, when it ends with
	// ErrNotDone.
	UncertainAfterMillis int
	// AbsentMillis is how long a leader does not hear a voter before Status.Absent names it, on all nodes; at least three
	// heartbeats, which is also the default where 2 s are less.
	AbsentMillis int
	// MaxEntryBytes is the largest command that this node takes from its clients: up to 1 GiB, the default. All nodes
	// hold a command above 1 MiB in memory while it goes through the log, one such command at a time.
	MaxEntryBytes int
	// MaxWaitingBytes bounds the commands of this node's clients that wait for a leader, or for room in the log; more end
	// with ErrOverloaded. Reads that have not ended are bounded likewise, apart from them: each counts 256 bytes. So are
	// the commands above 1 MiB that subscriptions put together. 0 means 256 MiB. A host that has little memory makes it
	// less; then less is under way between nodes, too.
	MaxWaitingBytes int
	// JournalFileBytes is the size of each of the two files of the journal, a multiple of 4096. Half of one must hold
	// the commands that are not yet committed, with a MiB to spare: at least four of the largest there can be, 4 MiB.
	JournalFileBytes int64

	// SnapshotLogBytes is how much is applied before the node takes a snapshot by itself, or as much as the last snapshot
	// weighs, if that is more. Negative means never; the least is 64 KiB. The log that a snapshot stands for goes away.
	SnapshotLogBytes int64
	// SnapshotBytesPerSecond bounds the rate at which a snapshot is written, and, apart from that, the rate at which this
	// node sends snapshots to others: so the log gets its share of disk and network. The least is 512 KiB. Writing rests
	// seven times as long as it works besides, so it may be slower.
	SnapshotBytesPerSecond int64
	// Hurry, if not nil, is asked while a snapshot is written: true has it written without regard to that rate and
	// without rests. Until it is written, the state that it holds takes memory beside the one that goes on. It must not
	// block.
	Hurry func() bool
	// CompareEntries is at how many entries the node notes the hash of its state (the machine's method Hash) to have it
	// compared with the others': 16 to 1 Mi, 1,024 by default. A node whose state differs from that of a quorum serves
	// nothing until it has taken over another one's.
	CompareEntries int
	// MaxHistoryBytes is how much log is kept on disk for members and subscriptions that lag behind, beyond what the node
	// itself needs; a member that needs more gets a snapshot, a subscription a CompactedError. Beyond the bound what only
	// subscriptions need goes first. The default is four times SnapshotLogBytes, or of its default where that is
	// negative.
	MaxHistoryBytes int64

	// OnCommit, if not nil, is called with each committed command, in order, as Node.Subscribe gives them. After Open it
	// begins behind the state that the machine was restored with, as Apply does, so after a restart it gets some commands
	// again: a listener that must not take in one twice remembers the last Index. Where commands cannot be had, because
	// this node took over a snapshot or the listener fell too far behind, it is told so by an Entry that is a Gap. A
	// goroutine of its own calls it, perhaps before Open has returned and the host has the Node. It may block: then the
	// listener falls behind, and holds up nothing. It may call the node, but not Close, which waits until it has
	// returned.
	OnCommit func(Entry)
	// MaxSubscriptions is how many subscriptions may be open at once: 1 to 1,024, 64 by default. OnCommit is none of
	// them.
	MaxSubscriptions int
	// SubscriptionBytes is how much of the log a subscription holds in memory, beside a command above 1 MiB that it puts
	// together: 64 KiB to 64 MiB, 1 MiB by default. One entry may take more. The commands that all subscriptions put
	// together take up to MaxWaitingBytes, or are one of any size: a subscription that finds no room reads on later.
	SubscriptionBytes int

	// MaxPeerConnections bounds the connections that other nodes, or strangers, hold to this one; 0 means 128. A host
	// that has few file descriptors makes it less.
	MaxPeerConnections int

	// Secret, if not empty, is shared by all nodes of the cluster; connections without it are refused. It is required
	// where the node listens beyond the loopback interface, unless InsecurePeers says that the network itself keeps
	// others out: any program that reaches the port could become a member, and read and write everything.
	Secret        []byte
	InsecurePeers bool
	// JoinSecret, if not nil, makes a key of a salt and of the present secret of those who may change the members; empty
	// means that anyone may. Where there is no Secret, a node that asks to be taken in, or for a change of the members,
	// must have the same. If the secret is a password, the key should be a slow hash of both, so that it cannot be
	// guessed from what a stranger hears. It is called often, with the same few salts: it should remember what it made.
	JoinSecret func(salt []byte) []byte
	// Dial replaces TCP for connections to peers, for tests and proxies. Its context lasts for two seconds, and it
	// resolves names itself.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Lookup resolves names in addresses of peers; nil is the system's resolver. Its context lasts for twenty seconds.
	// Connections do not wait for it where an earlier lookup of the name succeeded.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Clock is the wall clock, which the cluster's wall time follows as far as a majority of the voters' clocks agrees;
	// nil means time.Now. Stamps follow elapsed time, and not this clock. A test may have a wrong one. One goroutine
	// calls it, often: it must not block.
	Clock func() time.Time
	// Logger gets what an operator should know; nil means slog.Default(). For silence, give it slog.DiscardHandler.
	Logger *slog.Logger
	// Late, if not nil, is told how long each of these took: fsync, a write and sync of the log; commit, from when
	// entries went to this node's disk until they were committed; apply, the application of some entries; read-index, the
	// confirmation of some reads. The node's goroutines call it, often: it must not block.
	Late func(event string, took time.Duration)
	// Progress, if not nil, is told how far the node is with what keeps it from serving: with opening its log, and with
	// restoring a snapshot, in Open; with fetching and restoring another node's, later. The goroutine that does the work
	// calls it, at most every progressPeriod (20 ms) and at the beginning of each piece of work: it must not block.
	Progress func(Progress)
	// Events, if not nil, is told which parts of Status have changed, after Status shows it. The node's loop calls it,
	// often (at each turn that applies something): it must not block. It may call Status and Submit.
	Events func(Event)

	// listensItself: PeerListener was made of PeerListen. portIsNew: the system has just chosen its port.
	listensItself, portIsNew bool
}

func (o Options) complete() (Options, error) {
	d := DefaultOptions()
	orDefault(&o.HeartbeatMillis, d.HeartbeatMillis)
	orDefault(&o.ElectionMillis, d.ElectionMillis)
	orDefault(&o.WaitMillis, d.WaitMillis)
	orDefault(&o.UncertainAfterMillis, d.UncertainAfterMillis)
	orDefault(&o.AbsentMillis, max(d.AbsentMillis, minAbsentHeartbeats*o.HeartbeatMillis))
	orDefault(&o.MaxEntryBytes, d.MaxEntryBytes)
	orDefault(&o.MaxWaitingBytes, d.MaxWaitingBytes)
	orDefault(&o.JournalFileBytes, d.JournalFileBytes)
	orDefault(&o.SnapshotLogBytes, d.SnapshotLogBytes)
	orDefault(&o.SnapshotBytesPerSecond, d.SnapshotBytesPerSecond)
	if o.SnapshotLogBytes > 0 {
		orDefault(&o.MaxHistoryBytes, historyFactor*o.SnapshotLogBytes)
	}
	orDefault(&o.MaxHistoryBytes, d.MaxHistoryBytes)
	orDefault(&o.Expect, d.Expect)
	orDefault(&o.CompareEntries, d.CompareEntries)
	orDefault(&o.MaxSubscriptions, d.MaxSubscriptions)
	orDefault(&o.SubscriptionBytes, d.SubscriptionBytes)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if err := o.validate(); err != nil {
		return o, err
	}
	return o, o.listen()
}

// listen takes the port for other nodes, before the directory is touched, and refuses what would be open to anyone or
// could never grow.
func (o *Options) listen() error {
	listener := o.PeerListener
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", o.PeerListen); err != nil {
			return fmt.Errorf("consensus: listen for other nodes: %w", err)
		}
		_, port, _ := net.SplitHostPort(o.PeerListen)
		o.PeerListener, o.listensItself, o.portIsNew = listener, true, port == "0" || port == ""
	}
	at := listener.Addr()
	var refused error
	switch tcp, is := at.(*net.TCPAddr); {
	case o.PeerAddress == "" && is && tcp.IP.IsUnspecified():
		refused = fmt.Errorf("consensus: PeerAddress is required where %s is listened on: the address, host:port, at which "+
			"other nodes reach this one", at)
	case len(o.Secret) == 0 && !o.InsecurePeers && !isLocal(at):
		refused = fmt.Errorf("consensus: Secret is required where %s is listened on: any program that reaches the port "+
			"could become a member, and read and write everything. Where the network itself keeps others out, set "+
			"InsecurePeers", at)
	}
	if refused != nil && o.listensItself {
		_ = listener.Close() // refused says more
	}
	return refused
}

func orDefault[T int | int64](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}

func (o *Options) validate() error {
	switch {
	case o.Directory == "":
		return errors.New("consensus: Directory is required")
	case o.Machine == nil:
		return errors.New("consensus: Machine is required")
	case o.PeerListener == nil && o.PeerListen == "":
		return errors.New("consensus: PeerListen is required: the address to listen on for other nodes, or 127.0.0.1:0 " +
			"for a cluster of one node")
	case o.Expect < 1 || o.Expect > transport.DefaultMaxConnections:
		return fmt.Errorf("consensus: Expect is %d, allowed are 1 to %d", o.Expect, transport.DefaultMaxConnections)
	case o.Bootstrap && len(o.Join) > 0 && o.Expect < 2:
		return errors.New("consensus: Bootstrap with Join needs Expect, the number of nodes that form the cluster: a node " +
			"that makes a cluster alone asks no other")
	case o.MaxEntryBytes < 1 || o.MaxEntryBytes > raftlog.MaxBodyBytes:
		return fmt.Errorf("consensus: MaxEntryBytes is %d, allowed are 1 to %d", o.MaxEntryBytes, raftlog.MaxBodyBytes)
	case o.MaxWaitingBytes < 1:
		return fmt.Errorf("consensus: MaxWaitingBytes is %d, must be positive", o.MaxWaitingBytes)
	case o.JournalFileBytes%4096 != 0 || o.JournalFileBytes/2 < 4*pieceBytes+journalSpareBytes:
		return fmt.Errorf("consensus: JournalFileBytes is %d, must be a multiple of 4096 and at least %d",
			o.JournalFileBytes, 2*(4*pieceBytes+journalSpareBytes))
	case o.SnapshotLogBytes > 0 && o.SnapshotLogBytes < minSnapshotLogBytes || o.SnapshotLogBytes > maxSnapshotLogBytes:
		return fmt.Errorf("consensus: SnapshotLogBytes is %d, allowed are %d to %d, and less than 0 for no snapshots",
			o.SnapshotLogBytes, minSnapshotLogBytes, int64(maxSnapshotLogBytes))
	case o.SnapshotBytesPerSecond < transport.MaxChunkBytes:
		return fmt.Errorf("consensus: SnapshotBytesPerSecond is %d, must be at least %d",
			o.SnapshotBytesPerSecond, transport.MaxChunkBytes)
	case len(o.Attributes) > membership.MaxAttributesBytes:
		return fmt.Errorf("consensus: Attributes are %d bytes, allowed are %d",
			len(o.Attributes), membership.MaxAttributesBytes)
	case o.CompareEntries < minCompareEntries || o.CompareEntries > maxCompareEntries:
		return fmt.Errorf("consensus: CompareEntries is %d, allowed are %d to %d", o.CompareEntries, minCompareEntries,
			maxCompareEntries)
	case o.MaxHistoryBytes < 0:
		return fmt.Errorf("consensus: MaxHistoryBytes is %d, must be positive", o.MaxHistoryBytes)
	}
	if o.MaxSubscriptions < 1 || o.MaxSubscriptions > maxSubscriptions {
		return fmt.Errorf("consensus: MaxSubscriptions is %d, allowed are 1 to %d", o.MaxSubscriptions, maxSubscriptions)
	}
	if o.SubscriptionBytes < minSubscriptionBytes || o.SubscriptionBytes > maxSubscriptionBytes {
		return fmt.Errorf("consensus: SubscriptionBytes is %d, allowed are %d to %d", o.SubscriptionBytes,
			minSubscriptionBytes, maxSubscriptionBytes)
	}
	return o.validateTimes()
}

// validateTimes is the part of validate that concerns time.
func (o *Options) validateTimes() error {
	for _, limit := range []struct {
		name  string
		value int
	}{
		{"HeartbeatMillis", o.HeartbeatMillis}, {"ElectionMillis", o.ElectionMillis},
		{"WaitMillis", o.WaitMillis}, {"UncertainAfterMillis", o.UncertainAfterMillis},
		{"AbsentMillis", o.AbsentMillis},
	} {
		if limit.value < int(tick.Milliseconds()) || limit.value > 3_600_000 {
			return fmt.Errorf("consensus: %s is %d, allowed are %d to 3600000",
				limit.name, limit.value, tick.Milliseconds())
		}
	}
	if err := o.validateLease(); err != nil {
		return err
	}
	// What the engine will refuse is refused here: a blank node starts its engine only after it has stored who it is.
	e := o.engineOptions()
	e.ID, e.Boot = 1, 1
	if err := e.Validate(); err != nil {
		return fmt.Errorf("consensus: HeartbeatMillis is %d, ElectionMillis is %d, AbsentMillis is %d, in ticks of %v: %w",
			o.HeartbeatMillis, o.ElectionMillis, o.AbsentMillis, tick, err)
	}
	return nil
}

// validateLease refuses leases that would end before the next heartbeat, and promises that would last longer than
// voters wait for their leader: then elections would take longer.
func (o *Options) validateLease() error {
	shortest, longest := 2*o.HeartbeatMillis, min(o.ElectionMillis-o.HeartbeatMillis, maxReadLeaseMillis)
	switch {
	case o.ReadLeaseMillis == 0:
		return nil
	case o.ReadLeaseMillis < shortest || o.ReadLeaseMillis > longest:
		return fmt.Errorf("consensus: ReadLeaseMillis is %d; with HeartbeatMillis %d and ElectionMillis %d allowed are 0 "+
			"and %d to %d", o.ReadLeaseMillis, o.HeartbeatMillis, o.ElectionMillis, shortest, longest)
	case !pump.CountsSleep():
		return errors.New("consensus: ReadLeaseMillis must be 0 on this system: its monotonic clock does not count the " +
			"time for which the machine sleeps")
	}
	return nil
}

// segmentsOfHistory is how many files MaxHistoryBytes is made of, at least: history goes away by whole files.
const segmentsOfHistory = 16

// segmentBytes is the size of a file of history.
func (o *Options) segmentBytes() int {
	const minBytes = 64 << 10
	return int(min(max(o.MaxHistoryBytes/segmentsOfHistory, minBytes), wal.DefaultSegmentBytes))
}

// engineOptions translates into ticks.
func (o *Options) engineOptions() engine.Options {
	ticks := func(millis int) int { return (millis + int(tick.Milliseconds()) - 1) / int(tick.Milliseconds()) }
	e := engine.DefaultOptions()
	e.HeartbeatTicks = ticks(o.HeartbeatMillis)
	e.ElectionTicks = ticks(o.ElectionMillis)
	e.LeaseMillis = raftlog.Stamp(o.ReadLeaseMillis)
	e.WaitTicks = ticks(o.WaitMillis)
	e.UncertainTicks = ticks(o.UncertainAfterMillis)
	e.AbsentTicks = ticks(o.AbsentMillis)
	e.SnapshotLogBytes, e.MaxHistoryBytes = max(o.SnapshotLogBytes, 0), o.MaxHistoryBytes
	if e.MaxWaitingBytes = o.MaxWaitingBytes; o.MaxWaitingBytes < DefaultOptions().MaxWaitingBytes {
		e.MaxLargeBytes = min(e.MaxLargeBytes, o.MaxWaitingBytes) // or one of any size
	}
	e.MaxWaitingReads, e.MaxUnmetBytes = max(o.MaxWaitingBytes/waitingReadBytes, 1), o.unmetBytes()
	e.ResendTicks = 2 * e.ElectionTicks
	e.ReadRetryTicks = e.ElectionTicks
	e.JournalRoomBytes = o.journalRoomBytes()
	e.PieceBytes = pieceBytes
	e.CompareEntries = o.CompareEntries
	return e
}

const (
	// waitingReadBytes is what a read counts against MaxWaitingBytes: its own size, with what belongs to it.
	waitingReadBytes = 256
	// A node's commands that are under way to the leader take a sixteenth of MaxWaitingBytes, from a few pieces to what
	// every leader takes.
	unmetShare    = 16
	minUnmetBytes = 4 << 20
	// queuesPerUnmet is how many times that a queue between two nodes holds: all that is under way, sent twice, and
	// messages.
	queuesPerUnmet = 4
)

// unmetBytes bounds this node's commands that are under way to the leader.
func (o *Options) unmetBytes() int {
	return min(max(o.MaxWaitingBytes/unmetShare, minUnmetBytes), engine.LargestUnmetBytes)
}

// peerQueueBytes bounds each queue of messages to or from other nodes.
func (o *Options) peerQueueBytes() int { return queuesPerUnmet * o.unmetBytes() }

// journalRoomBytes is how many bytes of entries the journal has room for beside what is in history.
func (o *Options) journalRoomBytes() int { return int(o.JournalFileBytes/2) - journalSpareBytes }

// foundingWindow is how long a node that makes a cluster listens first: members that miss one at its address dial twice
// meanwhile. No member looks for one at a port that the system has just chosen.
func (o *Options) foundingWindow(listens net.Addr) time.Duration {
	const redials = 2
	switch {
	case o.portIsNew:
		return 0
	case isLocal(listens): // no dial waits for a network, but all processes may wait for a processor
		return redials*transport.LoopbackBackoffMax + 200*time.Millisecond
	}
	return redials*transport.DefaultBackoffMax + transport.DefaultDialTimeout
}

// isLocal reports whether only this machine reaches an address.
func isLocal(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}
