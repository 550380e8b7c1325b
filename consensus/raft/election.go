package raft

import (
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ballot is a voter's answer in the present campaign.
type ballot struct {
	voter  raftlog.NodeID
	answer quorum.Answer
}

// hearsLeader reports whether this node leads, or heard its leader within an election timeout and has not been told
// since that the leader's process is gone.
func (r *Raft) hearsLeader() bool {
	if r.role == Leader {
		return !r.down(guard.LeaderSticks)
	}
	hears := r.leader != 0 && r.leaderTicks < r.options.ElectionTicks && !r.suspects()
	return hears && !r.down(guard.FollowerSticks)
}

// transfer reports whether a Vote asks on behalf of a leader that hands over: it carries the mark at which the leader
// gave its place away.
func (m *Message) transfer() bool { return m.Kind == Vote && m.Hint != raftlog.Mark{} }

// becomePreCandidate asks whether an election could be won, without disturbing other nodes: no term is raised (thesis
// section 9.6). The node gives up its leader, so that it does not defend one that it no longer hears (A8).
func (r *Raft) becomePreCandidate() {
	if r.down(guard.PreVote) {
		r.becomeCandidate(raftlog.Mark{})
		return
	}
	r.role, r.leader = PreCandidate, 0
	r.ballots = r.ballots[:0]
	last := r.log.last()
	for _, id := range r.inForce().Nodes() {
		if r.asksForVote(id) {
			r.send(Message{Kind: PreVote, To: id, Term: r.term + 1, Previous: last})
		}
	}
	r.count(r.options.ID, quorum.Yes)
}

// becomeCandidate campaigns in a new term (Raft paper, section 5.2).
//
// The requests are promises as well: they say "this is my log and my term". If they left before both are durable:
//
//  1. C, with its entry 5 not yet synced, asks V for a vote in term 3; V grants it, for C's log ends at 5 like its own.
//  2. C crashes and comes back in term 2, with a log that ends at 4.
//  3. C campaigns in term 3 again; V's old answer arrives. C leads without entry 5, which V and another may have
//     committed.
//
// So they wait for the disk, with the candidate's own vote. The cost is one sync per election.
func (r *Raft) becomeCandidate(transferredAt raftlog.Mark) {
	r.raiseTerm(r.term + 1)
	r.role, r.vote = Candidate, r.options.ID
	r.ballots = r.ballots[:0]
	last := r.log.last()
	for _, id := range r.inForce().Nodes() {
		if r.asksForVote(id) {
			r.askForVote(Message{Kind: Vote, To: id, Previous: last, Hint: transferredAt})
		}
	}
	r.countOwnVote()
}

func (r *Raft) askForVote(m Message) {
	if r.down(guard.OwnVoteDurable) {
		r.send(m)
		return
	}
	r.promise(m)
}

func (r *Raft) asksForVote(id raftlog.NodeID) bool {
	return id != r.options.ID && r.inForce().Votes(id)
}

// countOwnVote counts the candidate's own vote once it is durable. A candidate that won with a vote it can forget could
// give it to another after a crash, in the same term (S12).
func (r *Raft) countOwnVote() {
	durable := r.disk.done.term == r.term && r.disk.done.vote == r.options.ID
	if durable || r.down(guard.OwnVoteDurable) {
		r.count(r.options.ID, quorum.Yes)
	}
}

// count notes an answer, the first of each voter, and draws the consequence.
func (r *Raft) count(voter raftlog.NodeID, answer quorum.Answer) {
	if r.answerOf(voter) == quorum.Silent {
		r.ballots = append(r.ballots, ballot{voter, answer})
	}
	outcome := quorum.Decide(r.deciders(), r.answerOf)
	switch {
	case outcome == quorum.Lost:
		r.becomeFollower(r.term, 0)
	case outcome == quorum.Won && r.role == PreCandidate:
		r.becomeCandidate(raftlog.Mark{})
	case outcome == quorum.Won:
		r.becomeLeader()
	}
}

func (r *Raft) answerOf(id raftlog.NodeID) quorum.Answer {
	for _, b := range r.ballots {
		if b.voter == id {
			return b.answer
		}
	}
	return quorum.Silent
}

// handlePreVote answers whether a vote would be granted. It changes nothing here: neither term nor vote nor timer.
func (r *Raft) handlePreVote(m *Message) {
	if r.hearsLeader() || r.isBound() {
		return
	}
	free := m.Term > r.term || r.vote == 0 || r.vote == m.From
	if !free || m.Previous.Before(r.log.last()) {
		r.send(Message{Kind: PreVoteReply, To: m.From, Reject: true, Clock: r.clock.Wall, LogTime: r.clock.LogTime})
		return
	}
	r.send(Message{Kind: PreVoteReply, To: m.From, Term: m.Term, Clock: r.clock.Wall, LogTime: r.clock.LogTime})
}

// handleVote grants at most one vote in a term, for good, to a candidate whose log is at least as up to date as this
// one (Raft paper, sections 5.2 and 5.4.1). Asked again by the same candidate it says the same again, for the answer
// may have been lost (A6). Whether the candidate, or this node, is a voter is not asked: this node's view of that may
// be older than the candidate's (D4).
func (r *Raft) handleVote(m *Message) {
	if r.isBound() && !m.transfer() { // another message may have brought the term
		return
	}
	free := r.vote == 0 || r.vote == m.From || r.down(guard.OneVotePerTerm)
	if r.down(guard.VoteByLogAlone) {
		free = free && r.inForce().Votes(r.options.ID)
	}
	grant := free && (!m.Previous.Before(r.log.last()) || r.down(guard.VoteUpToDate))
	if grant {
		r.becomeFollower(r.term, r.leader)
		r.vote = m.From
		r.resetElectionTimer()
	}
	reply := Message{Kind: VoteReply, To: m.From, Reject: !grant, Clock: r.clock.Wall, LogTime: r.clock.LogTime}
	if r.down(guard.VoteDurable) {
		r.send(reply)
		return
	}
	r.promise(reply)
}

// handleBallot counts a reply to the present campaign. A reply to an earlier one has another term: a PreVoteReply that
// grants carries the term asked for, a rejection the voter's own.
func (r *Raft) handleBallot(m *Message) {
	answer := quorum.Yes
	if m.Reject {
		answer = quorum.No
	}
	switch {
	case m.Kind == VoteReply && r.role == Candidate:
		r.count(m.From, answer)
	case m.Kind == PreVoteReply && r.role == PreCandidate && (m.Reject || m.Term == r.term+1):
		r.count(m.From, answer)
	}
}

// summons is the leader's word to campaign, until the disk has proven that it moves. Otherwise a disk that has begun to
// hang makes a hand-over cost an election:
//
//  1. N's log is level. L tells it to campaign. N enters the next term; its requests for votes wait for its disk.
//  2. L's heartbeats are answered with that term. L steps down, and no node leads until the others' timers end.
//  3. Or L hears nothing of it, and leads on. Much later N's disk comes back, and its requests leave. Voters do not
//     hold a leader's own wish against them, and depose it.
//
// So an empty operation goes to the disk first. If it does not come back in time, nothing has happened: N follows L.
// The price is one sync per hand-over.
type summons struct {
	// from leads term, its log ends at mark; from is 0 for none.
	from raftlog.NodeID
	term raftlog.Term
	mark raftlog.Mark
	// operation is the one that proves that the disk moves, 0 until it leaves. ticks counts since the word came.
	operation raftlog.OperationNumber
	ticks     int
}

// wantsOperation reports whether an operation has to leave.
func (s *summons) wantsOperation() bool { return s.from != 0 && s.operation == 0 }

// handleTimeoutNow notes the leader's word to campaign at once (thesis section 3.10).
func (r *Raft) handleTimeoutNow(m *Message) {
	s := summons{from: m.From, term: r.term, mark: m.Previous}
	if r.follows(&s) && r.down(guard.SummonsWaitForTheDisk) {
		r.becomeCandidate(s.mark)
	} else if r.follows(&s) && !r.waitsForDisk() {
		r.summoned = s
	}
}

// follows reports whether a word to campaign counts: one that comes late, when leader, term or log have moved on, does
// not (A13).
func (r *Raft) follows(s *summons) bool {
	current := r.leader == s.from && r.term == s.term && r.log.last() == s.mark || r.down(guard.LateWord)
	return r.role == Follower && current && r.mayCampaign() && !r.quarantine.On()
}

// tickSummons forgets the leader's word when the leader is about to give up waiting.
func (r *Raft) tickSummons() {
	if r.summoned.ticks++; r.summoned.ticks >= r.options.ElectionTicks/2 {
		r.summoned = summons{}
	}
}

// heedSummons campaigns when the disk has proven that it moves.
func (r *Raft) heedSummons() {
	s := r.summoned
	if s.operation == 0 || r.disk.done.number < s.operation {
		return
	}
	r.summoned = summons{}
	if r.follows(&s) {
		r.becomeCandidate(s.mark)
	}
}
