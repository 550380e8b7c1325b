package resp

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/stepwise"
	"github.com/raftredis/raftredis/resp/info"
	"github.com/raftredis/raftredis/resp/topology"
)

// Store is what the server asks of the replicated state machine behind it. All methods may be called from many
// goroutines at once, and none of them waits for another node or for a disk.
type Store interface {
	// Write submits a run with at least one write. The store answers by one call of r.Complete, at once or later, from
	// any goroutine. With Done it has before appended the replies of all calls to r.Run.Reply, each read answered at its
	// place among the writes; with any other outcome Reply is not looked at. r.Body is the body of the log entry and the
	// store's for ever; r.Run is the store's until it calls Complete.
	Write(r *Request)
	// Read submits a run of reads only. The store answers by one call of r.Complete; Done means that its state is now
	// recent enough that executing the run from it is linearizable. The connection then calls View.
	Read(r *Request)
	// View executes a run of reads from the present state under the store's read lock and appends all replies to
	// r.Run.Reply, or those to its first calls if they are long: then r.Run.Left says how many calls are left. Long values
	// may be left to r.Run.Long, which the connection joins. False means that the state has to move on first (a deadline
	// has passed that it does not know of yet, or another state is taking its place): Reply is not looked at, and the
	// connection submits the run again by Read. A run with r.Stale set comes here without a Read before it: any state
	// will do.
	View(r *Request) bool
	// Settled reports whether RAFT.ONCE will never execute a sequence from now on: it was executed, say. The store looks
	// into its present state under the read lock. False says nothing, for that state may be old.
	Settled(session, sequence uint64) bool
	// Weigh is how much work it is to go through the value at a key of a database: see command.Stored. It looks into the
	// present state under the read lock: by that a connection estimates what its writes cost, and that state may be old.
	Weigh(database int, key []byte) int
	// Abandon says that the client of a submitted request has gone: if no part was sent or appended yet, it is
	// dropped and completed with NotDone; otherwise nothing changes. It may come after Complete was called. Complete is
	// called once in any case.
	Abandon(r *Request)
	// Phases says where the time went of a request that ended as Done and was submitted by Write or Read. It is asked
	// once at most, behind Complete, and only of what took long.
	Phases(r *Request) Phases
}

// Phases are parts of the time between the submission of a run and now. The rest of that time came before them.
type Phases struct {
	// Disk is how long the node's own disk took, Replicate what else it took until a majority of disks had the run's
	// writes; of a run of reads, Replicate is the confirmation that the state is recent, and Disk is 0.
	Disk, Replicate time.Duration
	// Apply is the time until the run was executed, Reply what has passed since.
	Apply, Reply time.Duration
}

// Outcome is how a run ended. Each is said to the client in words that make its library do the right thing: the
// prefixes that libraries answer by sending the command again stand only where nothing was done.
type Outcome uint8

const (
	// Done: all calls were executed, all writes are durable on a majority.
	Done Outcome = iota
	// NotDone: no call was executed, and none will be. The client is told CLUSTERDOWN and may send it again.
	NotDone
	// Uncertain: the writes may have been executed, or may yet be. The client is told UNCERTAIN, which no library
	// retries.
	Uncertain
	// Overloaded: as NotDone, because the node has too much in hand. The client is told TRYAGAIN.
	Overloaded
	outcomes
)

var outcomeTexts = [outcomes]string{
	NotDone: "CLUSTERDOWN The command was not executed: no leader took it in time",
	Uncertain: "UNCERTAIN The command may or may not have been executed: this node does not know. " +
		"Look whether it was before you send it again",
	Overloaded: "TRYAGAIN The command was not executed: the node has too much in hand",
}

// String names the outcome.
func (o Outcome) String() string {
	return [...]string{"done", "not done", "uncertain", "overloaded"}[o]
}

// Request is one run on its way through the store. A connection has one and uses it again when it is answered.
type Request struct {
	// Run holds the calls; its arguments alias the connection's buffer and are valid until Complete.
	Run command.Run
	// Body is the body of the log entry: the run's writes in order, in the encoding of package argv. Nil for a run of
	// reads. It belongs to the store.
	Body []byte

	// Stale says that the run is to be viewed in whatever state there is: its client asked for that: see Conn.mayReadOld.
	Stale bool

	// Ticket is the store's own: what it has to remember of the request between its calls. The server never looks at
	// it, and calls Write, Read, View and Abandon for one request from one goroutine at a time.
	Ticket any

	// outcome is how it ended last.
	outcome Outcome
	// state is idle, waiting or, above that, waiting+1+outcome. Only Complete moves it away from waiting.
	state atomic.Uint32
	// wake makes the owner of the connection call Advance. It never blocks and may be called when there is nothing new.
	wake func()
}

const (
	idle uint32 = iota
	waiting
)

// Complete ends the request. It is called exactly once for each Write and Read, by any goroutine, and does not block;
// the store must not touch the request afterwards. A second call panics.
func (r *Request) Complete(outcome Outcome) {
	wake := r.wake // the request may be submitted again as soon as the state has changed
	if outcome >= outcomes || !r.state.CompareAndSwap(waiting, waiting+1+uint32(outcome)) {
		panic(fmt.Sprintf("resp: request completed twice, or with no outcome (%d)", outcome))
	}
	wake()
}

// begin makes the request wait for its completion.
func (r *Request) begin() {
	if !r.state.CompareAndSwap(idle, waiting) {
		panic("resp: a request was submitted before the last one was answered")
	}
}

// completed reports whether the request is answered.
func (r *Request) completed() bool { return r.state.Load() > waiting }

// end returns the outcome of a completed request and makes it ready for the next one.
func (r *Request) end() Outcome {
	state := r.state.Swap(idle)
	if state <= waiting {
		panic("resp: a request ended before it was completed")
	}
	r.outcome = Outcome(state - waiting - 1)
	return r.outcome
}

// refusalPrefix begins what a node answers that takes no part in a cluster.
const refusalPrefix = "CLUSTERDOWN The command was not executed: "

// What is said instead of the text of NotDone by a node that is no member any more, or none yet.
const (
	removedText = refusalPrefix + "this node was removed from its cluster"
	blankText   = refusalPrefix + "this node belongs to no cluster yet"
)

// notDoneText is what a run is answered that was not done by a member, or by a node that is none yet.
func (s *Server) notDoneText(state topology.State) string {
	if s.loading.Load() {
		return reply.Loading
	}
	why := s.node.Leader().Refusal
	switch {
	case why != "":
		return refusalPrefix + why
	case state == topology.Removed:
		return removedText
	case state.Blank():
		return blankText
	}
	return outcomeTexts[NotDone]
}

// refuse appends the same error for every call of the run; calls that needed no state keep their replies.
func refuse(dst []byte, calls []command.Call, text string) []byte {
	for i := range calls {
		if calls[i].Spec == nil {
			dst = stepwise.Append(dst, calls[i].Fixed)
		} else {
			dst = reply.Error(dst, text)
		}
	}
	return dst
}

// Node is the node that the server stands before. Its parts are declared where they are used. All methods may be called
// from many goroutines at once, answer from what the node knows at the moment, and wait for nothing.
type Node interface {
	Leadership
	Membership
	Facts
	Probed
	Notifier
}

// Facts are what commands ask about the node. Each method answers one question; only INFO asks for all of them. What it
// returns belongs to the caller. It is local knowledge: no other node is asked.
type Facts interface {
	// Standing is what the node is in its cluster. It is cheap: clients ask by HELLO on each connection.
	Standing() topology.Standing
	// Applied is the last entry of the log that the node has applied. It has every write that the node has answered.
	Applied() uint64
	// Cluster is what the node knows of its cluster.
	Cluster() topology.Cluster
	// Progress is how far the log has come on this node's disk and on others.
	Progress() Progress
	// Keyspace counts the keys. It waits for the entry that is being applied.
	Keyspace() Keyspace
	// Sessions is the number of sessions of clients, and about how many bytes they occupy with their replies. It is cheap.
	Sessions() (count, bytes int64)
	// DataBytes is about how many bytes of this node's memory the keys and values occupy. It is cheap.
	DataBytes() int64
	// LogBytes is about how many bytes of the log are in memory.
	LogBytes() int64
	// SettingsDiffer names the settings that should be the same on all nodes and are not, as far as the node knows.
	SettingsDiffer() []string
	// MinMaxMemory is the least maxmemory of all members, as far as the node knows; 0 if none has one. It is cheap.
	MinMaxMemory() int64
	// Raft is what INFO tells of the log.
	Raft() RaftInfo
	// Loading says how far the node is with loading its state.
	Loading() LoadProgress
}

// LoadProgress is how far a node is with loading its state.
type LoadProgress struct {
	// Active is false while the node does not load; then the rest is zero.
	Active bool
	// Began is when it began.
	Began time.Time
	// DoneBytes of TotalBytes are read, of the log, of a snapshot, or from another node. TotalBytes is 0 while it is not
	// known.
	DoneBytes, TotalBytes uint64
}

// Notifier tells that facts have changed, so that connections which wait for one look again.
type Notifier interface {
	// Notify is called once, by New. From then on the node calls progressed after Applied, Progress or the leader has
	// changed, and saved after Persistence has changed. Both may be called from any goroutine, also when nothing has
	// changed, and block nothing.
	Notify(progressed, saved func())
}

// Progress is how far the log has come on disks.
type Progress struct {
	// Leads says that this node leads: only a leader knows how far others are.
	Leads bool
	// Voters counts the voters that do not leave.
	Voters int
	// Own is the last index on this node's own disk; 0 if the node is no member.
	Own uint64
	// Others are the last indices that the other members are known to hold; nil unless this node leads.
	Others []uint64
}

// Keyspace is what a node knows of its keys.
type Keyspace struct {
	// Databases are those with keys, in the order of their numbers.
	Databases []info.Database
	// Keys are there now, in all databases; Deadlines is how many of them have a deadline. Overdue keys have ended and are
	// not removed yet.
	Keys, Deadlines, Overdue int64
	// Expired is how many keys this node has removed at their end since it started.
	Expired int64
}

// RaftInfo is what a node tells of the log, in the names of redisraft.
type RaftInfo struct {
	// Role is leader, follower, candidate or learner. Term and Leader are of the same moment: one reading of the node,
	// since a role beside another moment's term would show two leaders of one term. Leader is 0 if none is known.
	Role         string
	Term, Leader uint64
	// VotedFor, Commit and LastIndex are Raft's; LogEntries is how many entries the log holds.
	VotedFor, Commit, LastIndex, LogEntries uint64
	// SnapshotIndex and SnapshotTerm name the snapshot in force, 0 if there is none.
	SnapshotIndex, SnapshotTerm uint64
	// Fields are further lines for the raft section of INFO, in order, names with their prefix raft_.
	Fields []Field
}

// Field is a name with a value, both as text.
type Field struct{ Name, Value string }

// HealthState is the word for what a node is to those who probe it. The words do not change: monitors compare them.
type HealthState string

// The states. Only the first is ready.
const (
	// HealthReady: the node serves.
	HealthReady HealthState = "ready"
	// HealthLoading: it reads its log and its snapshot, or applies what was committed before it may serve.
	HealthLoading HealthState = "loading"
	// HealthFetching: it fetches a snapshot from another node.
	HealthFetching HealthState = "fetching"
	// HealthQuarantined: its state differs from the others'. It takes over the state of another node.
	HealthQuarantined HealthState = "quarantined"
	// HealthBlank: it belongs to no cluster. HealthForming: it waits for other nodes to form one with.
	HealthBlank   HealthState = "blank"
	HealthForming HealthState = "forming"
	// HealthNoLeader: it knows of no leader, because no majority is there, or because one is being elected.
	HealthNoLeader HealthState = "no-leader"
	// HealthCatchingUp: it has served nothing since its start, and follows the leader's log.
	HealthCatchingUp HealthState = "catching-up"
	// HealthUnconfirmed: it knows of a leader, and no majority confirmed a read in time.
	HealthUnconfirmed HealthState = "unconfirmed"
	// HealthOverloaded: a disk completes nothing, so that writes wait.
	HealthOverloaded HealthState = "overloaded"
	// HealthLeaving: the cluster is changing to one without it. HealthStopping: it was told to stop.
	HealthLeaving  HealthState = "leaving"
	HealthStopping HealthState = "stopping"
	// HealthRemoved: it was removed from its cluster. HealthRolledBack: its disk has lost what it had confirmed. It never
	// serves again with this directory.
	HealthRemoved    HealthState = "removed"
	HealthRolledBack HealthState = "rolled-back"
	// HealthReplaced: another directory has its place in the cluster. HealthCopied: another process has its identity.
	// HealthWiped: it is blank, and members look for another directory at its address. HealthSecret: it is blank, and a
	// node with another cluster secret dialled it. HealthOutdated: its build is older than the cluster's feature level.
	HealthReplaced HealthState = "replaced"
	HealthCopied   HealthState = "copied"
	HealthWiped    HealthState = "wiped"
	HealthSecret   HealthState = "secret"
	HealthOutdated HealthState = "outdated"
)

// Health is what a node says of itself to those who probe it.
type Health struct {
	State HealthState
	// Reason says more, in one line for people.
	Reason string
}

// Probed is what probes ask of the node.
type Probed interface {
	// Health is what the node knows of itself.
	Health() Health
	// Confirm asks for a linearizable read of nothing. done is called once, from any goroutine, and says whether a
	// majority confirmed it; it must not block.
	Confirm(done func(confirmed bool))
}
