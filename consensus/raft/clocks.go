package raft

// Time is the one thing that an exploration cannot enumerate: there are too many counts of ticks. Safety depends on
// none of them. So an exploration stops the clocks of a node, and lets a timer fire whenever it likes, also when no run
// of a real clock could bring it there. What it finds to be safe is safe for all clocks.

// Timer is one of the clocks that Fire sets off.
type Timer uint8

// The timers.
const (
	// ElectionTimer: a node that does not lead campaigns, if it may; otherwise it forgets its leader.
	ElectionTimer Timer = iota
	// HeartbeatTimer: a leader sends heartbeats, and announces snapshots again.
	HeartbeatTimer
	// StallTimer: a leader takes all messages without an answer for lost.
	StallTimer
	// LonelyTimer: a leader has heard no follower for so long that it gives up.
	LonelyTimer
	// TransferTimer: a leader that hands over, or that was removed, waits no longer for another node.
	TransferTimer
)

// Fire lets the time of a timer come, by a tick of the clock. A timer that the node does not run has no effect.
func (r *Raft) Fire(timer Timer) {
	leads := r.role == Leader
	if leads == (timer == ElectionTimer) {
		return
	}
	switch timer {
	case ElectionTimer:
		r.electionTicks = r.electionTimeoutTicks
	case HeartbeatTimer:
		r.heartbeatTicks = r.options.HeartbeatTicks
		r.setPeers(func(p *progress) { p.announcedTicks = never })
	case StallTimer:
		r.setPeers(func(p *progress) { p.stalledTicks = r.options.ElectionTicks })
	case LonelyTimer:
		r.setPeers(func(p *progress) { p.silentTicks = lonelyElections * r.options.ElectionTicks })
	case TransferTimer:
		r.transferTicks, r.stepDownTicks = r.options.ElectionTicks, r.options.ElectionTicks
	}
	r.Tick()
}

// StopClocks sets all clocks to where they hinder nothing: the node has heard no leader for long, so it helps every
// candidate, as one does that suspects its leader; its followers were all heard just now; a probe may be repeated; a
// read asks all voters. Elections then depend on Fire alone. The owner calls it after each turn: a node whose clocks
// stand still is the same node whatever time has passed.
func (r *Raft) StopClocks() {
	r.electionTicks, r.electionTimeoutTicks = 0, 2*r.options.ElectionTicks
	r.leaderTicks = r.options.ElectionTicks
	r.disk.waited, r.disk.waitedBefore, r.summoned.ticks = 0, 0, 0
	r.suspicion = suspicion{}
	r.random = random{}
	r.heartbeatTicks, r.stepDownTicks, r.transferTicks, r.yieldTicks = 0, 0, 0, 0
	r.askAll, r.echoes = r.role == Leader, 0
	r.setPeers(func(p *progress) {
		p.asked, p.isLate, p.turn = 0, false, 0
		p.probeTicks, p.stalledTicks, p.silentTicks, p.leavingTicks = r.options.HeartbeatTicks, 0, 0, 0
		p.announcingTicks, p.stateTicks = 0, 0
		if !r.announces(p) {
			p.announcedTicks = 0
		}
	})
}

func (r *Raft) setPeers(set func(*progress)) {
	for _, p := range r.peers {
		set(p)
	}
}
