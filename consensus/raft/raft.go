package raft

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Raft is one node's view of the protocol: a value that changes only when one of its methods is called, and says what
// must be done only through Ready. It is not safe for concurrent use: its owner calls it from one place.
type Raft struct {
	options Options
	random  random

	// role, term, vote and leader are the node's place in the present term; leader is 0 while it knows of none.
	role   Role
	term   raftlog.Term
	vote   raftlog.NodeID
	leader raftlog.NodeID
	// commit never goes back. It may run ahead of what is durable here: a majority of others is enough.
	commit     raftlog.Index
	log        window
	disk       disk
	membership configurations
	// written is what Written reported, to be applied as commit and durability catch up. applied is what Applied did.
	written, applied raftlog.Index
	// switching is the snapshot that comes into force with the next operation; nil for none.
	switching *raftlog.SnapshotSwitch
	// fetched is the snapshot that the owner was asked to fetch, until it answers. part is the one that it was last asked
	// for, of which a part may be here, until the log begins behind it; only mark and hash of it count.
	fetched, part *raftlog.SnapshotMark
	// trimmed is the first entry that may be left of the log: see Trimmed.
	trimmed raftlog.Index
	// quarantine is that of the node's state; quarantineChanged means that the next operation carries it.
	quarantine        raftlog.Quarantine
	quarantineChanged bool
	// clock is the time of the turn.
	clock Clock

	// electionTicks counts since the election timer was last reset, up to electionTimeoutTicks, drawn anew each time.
	electionTicks        int
	electionTimeoutTicks int
	// leaderTicks counts since a leader of this term was last heard.
	leaderTicks int
	ballots     []ballot
	summoned    summons
	suspicion   suspicion
	// echoed is the newest read epoch that this follower echoed in this term.
	echoed Epoch
	// proven is the last index that this term's leader has proven to match: nothing up to it is ever truncated in it.
	proven raftlog.Index
	// promisedUntil is when the last promise to a leader ends, by Clock.Elapsed; promisedBefore is for how long an earlier
	// process may have promised, until the first turn has come: see lease.go.
	promisedUntil, promisedBefore raftlog.Stamp

	leadership

	// header is room for sealing entries.
	header [raftlog.EntryHeaderBytes]byte

	messages []Message
	promises []Message
	fetches  []FetchRequest
	install  *InstallRequest
	offer    *InstallRequest
	// shownCommit and shownConfirmed are what the last Ready said.
	shownCommit    raftlog.Index
	shownConfirmed Epoch
}

// leadership is what only a leader has; it is zero in every other role.
type leadership struct {
	// peers are all other nodes that receive the log, in order of ID.
	peers []*progress
	// noOp is the index of the entry that began the term.
	noOp           raftlog.Index
	heartbeatTicks int
	// epoch is the newest read epoch, confirmed the newest that a quorum echoed.
	epoch     Epoch
	confirmed Epoch
	// echoes counts the newer epochs that voters echoed in this term.
	echoes uint64
	// askAll means that the next read spares no voter: one waited for its confirmation when time passed last, or it is
	// time to find the promptest voter anew.
	askAll bool
	// stepped is the index of the configuration whose successor Ready asked for.
	stepped raftlog.Index
	// committedAtBeat is the commit index as it was when the last heartbeat was due.
	committedAtBeat raftlog.Index
	// lease is what the voters have promised: see lease.go.
	lease lease
	transfer
	// steppingDown means that this removed leader has chosen a successor; stepDownTicks counts since its removal is
	// committed.
	steppingDown  bool
	stepDownTicks int
	// yieldTicks counts since this leader began to give its place up, for its disk hangs; 0 if it does not.
	yieldTicks int
}

// New makes a node from its options and what it remembers, as a follower. It panics on options out of range and on a
// past that cannot be.
func New(o Options, s Restored) *Raft {
	o.validate()
	s.validate()
	r := &Raft{
		options: o,
		random:  newRandom(o.Seed, o.ID),
		term:    s.Term,
		vote:    s.Vote,
		commit:  s.Floor.Index,
		log:     newWindow(s.Floor, s.FloorTime, s.Entries, o.MaxInflightMessages*o.MaxMessageBytes),
		written: s.Floor.Index,

		quarantine: s.Quarantine,
		part:       s.Part,

		promisedBefore: s.PromisedMillis,
	}
	r.disk = newDisk(flight{
		term: s.Term, vote: s.Vote, last: r.log.last().Index, snapshot: s.Snapshot, retained: s.Retained,
	})
	if s.Snapshot != nil {
		r.commit = max(r.commit, s.Snapshot.Index)
	}
	if s.Configuration != nil {
		r.membership.list = append(r.membership.list, configured{index: s.ConfigurationIndex, configuration: s.Configuration})
	}
	r.membership.add(s.Entries)
	r.resetElectionTimer()
	if r.onlyVoter() {
		r.electionTimeoutTicks = 1
	}
	r.shownCommit = r.commit
	return r
}

func (o *Options) validate() {
	switch {
	case o.ID == 0:
		panic("raft: Options.ID is 0")
	case o.HeartbeatTicks < 1:
		panic("raft: Options.HeartbeatTicks must be at least 1")
	case o.ElectionTicks <= o.HeartbeatTicks:
		panic("raft: Options.ElectionTicks must exceed HeartbeatTicks")
	case o.HungTicks < 0:
		panic("raft: Options.HungTicks must not be negative")
	case o.LeaseMillis < 0:
		panic("raft: Options.LeaseMillis must not be negative")
	case o.MaxInflightMessages < 1:
		panic("raft: Options.MaxInflightMessages must be at least 1")
	case o.MaxMessageBytes < 1:
		panic("raft: Options.MaxMessageBytes must be at least 1")
	}
}

func (s *Restored) validate() {
	last := s.Floor
	for i := range s.Entries {
		last = s.Entries[i].Mark()
	}
	switch {
	case last.Term > s.Term:
		panic(fmt.Sprintf("raft: the restored log ends at %v, after the restored term %d", last, s.Term))
	case s.ConfigurationIndex > s.Floor.Index:
		panic("raft: the restored configuration lies above the floor")
	case s.Floor.Index == 0 && s.Floor.Term != 0:
		panic("raft: the restored floor has a term and no index")
	case s.Snapshot != nil && last.Before(s.Snapshot.Mark):
		panic(fmt.Sprintf("raft: the restored log ends at %v, before the snapshot at %v", last, s.Snapshot.Mark))
	case s.Retained != nil && (s.Snapshot == nil || s.Retained.Index >= s.Snapshot.Index):
		panic("raft: the restored snapshot is not beyond the one before it")
	}
}

// Tick lets one unit of logical time pass.
func (r *Raft) Tick() {
	r.disk.tick()
	if r.role == Leader {
		r.tickLeader()
		return
	}
	r.leaderTicks++
	r.tickSummons()
	r.electionTicks++
	r.tickSuspicion()
	if r.electionTicks < r.electionTimeoutTicks || r.isBound() {
		return
	}
	r.resetElectionTimer()
	switch {
	case !r.mayCampaign():
		r.loseLeader()
	case !r.waitsForDisk():
		r.becomePreCandidate()
	case r.role != Candidate: // whose requests for votes are still to leave
		r.becomeFollower(r.term, 0)
	}
}

// loseLeader makes a follower that cannot campaign forget a silent leader. Other nodes forget it when they campaign.
// This node must forget it too, because it tells clients where the leader is and sends their batches there.
func (r *Raft) loseLeader() {
	if r.role == Follower {
		r.leader = 0
	}
}

// Clock is the time of a turn. It goes into messages and new entries. It decides nothing but how long leases and
// promises last, where there are any.
type Clock struct {
	// Elapsed is this process's monotonic clock in milliseconds, read after everything that the turn takes had arrived. It
	// is above 0, counts the time for which the machine sleeps, and only differences mean something.
	Elapsed raftlog.Stamp
	// Wall is this node's wall clock. LogTime is the log time that this node knows of, 0 for none.
	Wall, LogTime raftlog.Stamp
	// Entry is the time of entries that this node appends if it leads.
	Entry raftlog.Time
}

// SetClock tells the time of the turn.
func (r *Raft) SetClock(now Clock) {
	r.clock = now
	if r.promisedBefore > 0 {
		r.recallPromise()
	}
}

// LastTime is the time of the last entry of the log.
func (r *Raft) LastTime() raftlog.Time { return r.log.lastTime() }

// Step takes a message from a peer. It drops messages that are not for this node or contradict themselves, because the
// network may do anything. It panics at a message that proves two leaders in one term, or that a node lost what it
// promised.
func (r *Raft) Step(m *Message) {
	if m.To != r.options.ID || m.From == r.options.ID || m.From == 0 || !m.coherent() || !r.stepTerm(m) {
		return
	}
	if p := r.peer(m.From); p != nil && m.Kind != PreVote { // a node that asks for votes does not hear this leader
		p.silentTicks = 0
	}
	switch m.Kind {
	case PreVote:
		r.handlePreVote(m)
	case Vote:
		r.handleVote(m)
	case PreVoteReply, VoteReply:
		r.handleBallot(m)
	case Append:
		r.handleAppend(m)
	case Heartbeat:
		r.handleHeartbeat(m)
	case AppendReply:
		r.handleAppendReply(m)
	case HeartbeatReply:
		r.handleHeartbeatReply(m)
	case TimeoutNow:
		r.handleTimeoutNow(m)
	case Install:
		r.handleInstall(m)
	case InstallReply:
		r.handleInstallReply(m)
	}
}

// Hear takes the sender and the term of a message that is not the protocol's but travels between the same nodes: its
// sender is alive, and the rule of terms (Raft paper, section 5.1) holds for it as well.
func (r *Raft) Hear(from raftlog.NodeID, term raftlog.Term) {
	if from == r.options.ID || from == 0 || term < r.term {
		return
	}
	if term > r.term {
		r.becomeFollower(term, 0)
	}
	if p := r.peer(from); p != nil {
		p.silentTicks = 0
	}
}

// coherent reports whether the entries of a message are a piece of a log that its sender can have, or the snapshot one
// of its state.
func (m *Message) coherent() bool {
	previous := m.Previous
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Index != previous.Index+1 || e.Term < previous.Term {
			return false
		}
		previous = e.Mark()
	}
	if m.Kind == Install || m.Kind == InstallReply && m.Reject {
		return m.Snapshot != nil && m.Snapshot.Index > 0 && m.Snapshot.Term <= m.Term
	}
	return m.Kind != Append || previous.Term <= m.Term
}

// stepTerm applies the rule of terms (Raft paper, section 5.1) and reports whether Step goes on with the message.
func (r *Raft) stepTerm(m *Message) bool {
	switch {
	case m.Term < r.term:
		r.answerStale(m)
		return r.down(guard.OldTermDropped)
	case m.Term == r.term:
		return true
	case m.Kind == PreVote, m.Kind == PreVoteReply && !m.Reject:
		// The term is one that the candidate may enter, not one that a node has entered.
		return true
	case m.Kind == Vote && (r.hearsLeader() || r.isBound()) && !m.transfer():
		// Stickiness (thesis section 4.2.3): a node that hears its leader does not help to depose it.
		return false
	default:
		r.becomeFollower(m.Term, 0)
		return true
	}
}

// answerStale tells a sender of an old term about the present one, if it waits for an answer: a stale leader steps
// down, a candidate moves on (A7). The answer promises nothing.
func (r *Raft) answerStale(m *Message) {
	if r.down(guard.StaleAnswered) {
		return
	}
	switch m.Kind {
	case Append, Heartbeat, Install:
		r.send(Message{Kind: HeartbeatReply, To: m.From, Clock: r.clock.Wall})
	case PreVote:
		r.send(Message{Kind: PreVoteReply, To: m.From, Reject: true, Clock: r.clock.Wall, LogTime: r.clock.LogTime})
	case Vote:
		r.promise(Message{Kind: VoteReply, To: m.From, Reject: true, Clock: r.clock.Wall, LogTime: r.clock.LogTime})
	}
}

// raiseTerm enters a later term. Promises of the old term are dropped: no node waits for them.
func (r *Raft) raiseTerm(term raftlog.Term) {
	if term <= r.term {
		panic(fmt.Sprintf("raft: term %d cannot follow term %d", term, r.term))
	}
	r.term, r.vote, r.leader = term, 0, 0
	r.echoed, r.proven = 0, 0
	r.promises = reuse(r.promises)
	r.suspicion = suspicion{}
}

// becomeFollower follows leader (0: not known yet) in the present term or a later one. Within a term the vote stays
// (A3).
func (r *Raft) becomeFollower(term raftlog.Term, leader raftlog.NodeID) {
	if term > r.term {
		r.raiseTerm(term)
	}
	if r.role != Follower {
		r.resetElectionTimer()
	}
	if r.down(guard.VoteKept) {
		r.vote = 0
	}
	r.role, r.leader = Follower, leader
	r.leadership = leadership{}
	r.shownConfirmed = 0
	r.fetches = reuse(r.fetches)
}

func (r *Raft) resetElectionTimer() {
	r.electionTicks = 0
	if r.electionTimeoutTicks == 0 || !r.down(guard.NewTimeouts) {
		r.electionTimeoutTicks = r.options.ElectionTicks + r.random.below(r.options.ElectionTicks)
	}
	if r.quarantine.On() {
		r.electionTimeoutTicks += quarantineElections * r.options.ElectionTicks
	}
}

// send puts a message into the next Ready. It leaves at once.
func (r *Raft) send(m Message) {
	m.From = r.options.ID
	if m.Term == 0 {
		m.Term = r.term
	}
	r.messages = append(r.messages, m)
}

// promise puts a message into the next Ready that leaves only when everything that the node now knows is durable. One
// that says no more than another, which waits for the disk already, is not made.
func (r *Raft) promise(m Message) {
	m.From, m.Term = r.options.ID, r.term
	if r.disk.promises(&m) {
		return
	}
	for i := range r.promises {
		if old := &r.promises[i]; old.sameUpToIndex(&m) {
			old.Index, old.Epoch = max(old.Index, m.Index), max(old.Epoch, m.Epoch)
			return
		}
	}
	r.promises = append(r.promises, m)
}

// sameUpToIndex reports whether two promises differ in nothing but how much of the log they acknowledge. The epoch in
// an acknowledgement was echoed at once, in a message of its own.
func (m *Message) sameUpToIndex(other *Message) bool {
	return m.Kind == other.Kind && m.To == other.To && m.Term == other.Term && m.Reject == other.Reject
}

// truncate drops the log from index from on, to make room for a leader's entries.
func (r *Raft) truncate(from raftlog.Index) {
	if (from <= r.commit || from <= r.proven) && !r.down(guard.TruncateAboveCommit) {
		panic(fmt.Sprintf("raft: truncation at %d: entries up to %d are committed, up to %d proven in term %d",
			from, r.commit, r.proven, r.term))
	}
	r.log.truncate(from)
	r.disk.truncated(from)
	r.membership.truncate(from)
}

// advanceCommit raises the commit index; lower values are old news.
func (r *Raft) advanceCommit(to raftlog.Index) {
	if last := r.log.last(); to > last.Index && !r.down(guard.CommitInLog) {
		panic(fmt.Sprintf("raft: commit index %d, but the log ends at %v: entries that this node promised to keep "+
			"are gone", to, last))
	}
	r.commit = max(r.commit, to)
}

// Ready fills rd with everything that must be done and reports whether there is anything. It says nothing twice.
func (r *Raft) Ready(rd *Ready) bool {
	if r.role == Leader {
		r.buildMessages()
		if r.mustStepDown() {
			r.stepDown()
		}
	}
	r.releaseMemory()
	r.takeOperation(&rd.Append)
	rd.Messages, r.messages = r.messages, reuse(rd.Messages)
	rd.Fetch, r.fetches = r.fetches, reuse(rd.Fetch)
	rd.Install, r.install = r.install, nil
	rd.Offer, r.offer = r.offer, nil
	rd.Propose = r.nextStep()
	news := r.commit != r.shownCommit || r.confirmed != r.shownConfirmed
	rd.Commit, r.shownCommit = r.commit, r.commit
	rd.Confirmed, r.shownConfirmed = r.confirmed, r.confirmed
	return news || len(rd.Messages) > 0 || rd.Append.Number > 0 || len(rd.Fetch) > 0 || rd.Propose != nil ||
		rd.Install != nil || rd.Offer != nil
}

// down reports whether a mutation test switched a rule off.
func (r *Raft) down(g guard.Guard) bool { return r.options.Weakened.Down(g) }

// onlyVoter reports whether this node is the only voter.
func (r *Raft) onlyVoter() bool {
	return r.membership.newest().configuration != nil && quorum.Decide(r.deciders(), r.onlySelf) == quorum.Won
}

func (r *Raft) onlySelf(id raftlog.NodeID) quorum.Answer {
	if id == r.options.ID {
		return quorum.Yes
	}
	return quorum.No
}
