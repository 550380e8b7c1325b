package server

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/resp"
)

const (
	// stallPeriod is how long a disk may complete nothing, with entries waiting for it, before the node calls itself
	// overloaded. A leader gives leadership away before that.
	stallPeriod = 2 * time.Second
	// stallLook is how often the disk is looked at.
	stallLook = 250 * time.Millisecond
)

// stall follows whether this node's disk completes what it is given. One goroutine calls look.
type stall struct {
	durable uint64
	since   time.Time
	// nanos is how long the disk has completed nothing, 0 while it has nothing to do.
	nanos atomic.Int64
}

// look looks at the node once more.
func (s *stall) look(status *consensus.Status, now time.Time) {
	if status.DurableIndex != s.durable || status.DurableIndex >= status.LastIndex || s.since.IsZero() {
		s.durable, s.since = status.DurableIndex, now
	}
	s.nanos.Store(int64(now.Sub(s.since)))
}

// Health is what the node knows of itself. The causes that last stand before those that pass.
func (s *store) Health() resp.Health {
	status := s.node.Status()
	switch state, reason := s.state(status); {
	case s.stopping.Load():
		return resp.Health{State: resp.HealthStopping, Reason: "it was told to stop"}
	case state != resp.HealthReady:
		return resp.Health{State: state, Reason: reason}
	}
	if stalled := time.Duration(s.stall.nanos.Load()); stalled >= stallPeriod {
		return resp.Health{State: resp.HealthOverloaded, Reason: fmt.Sprintf(
			"its disk has completed no write for %v", stalled.Round(100*time.Millisecond))}
	}
	if status.JournalLimitBytes > 0 && status.JournalBytes >= status.JournalLimitBytes {
		return resp.Health{State: resp.HealthOverloaded, Reason: "the journal is full: the disk takes no more " +
			"history, or is slower than the clients; writes wait"}
	}
	return resp.Health{State: resp.HealthReady, Reason: "it serves"}
}

// state is the health of a node whose disk works and that is not told to stop.
func (s *store) state(status *consensus.Status) (state resp.HealthState, reason string) {
	obstacle := obstacleOf(status)
	switch {
	case !s.node.isOpen():
		return resp.HealthLoading, s.loading.stage().String()
	case status.Removed && obstacle == nil:
		return resp.HealthRemoved, "it was removed from its cluster: stop it, and give it an empty directory to use it again"
	case obstacle != nil:
		return resp.HealthState(obstacle.Kind), s.config.obstacleText(status, obstacle)
	case status.Blank && status.Expect > 1:
		return resp.HealthForming, fmt.Sprintf("it waits for %d of %d nodes to form a cluster with: %s",
			max(status.Expect-1-status.Joiners, 0), status.Expect, s.config.blankText(status))
	case status.Blank:
		return resp.HealthBlank, "it belongs to no cluster: CLUSTER ADDNODE on a member adds it"
	case status.Quarantine.Differs != 0:
		return resp.HealthQuarantined, fmt.Sprintf("its state differed from the others' at entry %d, and agreed at entry "+
			"%d: it takes over the state of another node by itself; %s", status.Quarantine.Differs,
			status.Quarantine.Agreed, s.loading.stage())
	case status.InstallFrom != 0 && !status.InstallHere:
		return resp.HealthFetching, s.loading.stage().String()
	case status.InstallFrom != 0:
		return resp.HealthLoading, s.loading.stage().String()
	case s.loading.on.Load():
		return resp.HealthLoading, fmt.Sprintf("applying the log: entry %d of %d", status.AppliedIndex, status.CommitIndex)
	case status.Leader == 0:
		return resp.HealthNoLeader, "it knows of no leader: a majority of the cluster's nodes must run and reach each other"
	case !s.serving.Load():
		return resp.HealthCatchingUp, fmt.Sprintf("it follows the leader's log: entry %d of %d", status.AppliedIndex,
			status.CommitIndex)
	case status.Configuration != nil && leaves(status.Configuration, status.ID):
		return resp.HealthLeaving, "the cluster is changing to one without it"
	}
	return resp.HealthReady, ""
}

// Confirm asks for a linearizable read of nothing.
func (s *store) Confirm(done func(confirmed bool)) {
	s.node.Submit(&consensus.Request{Read: true, Done: func(r *consensus.Request) { done(r.Err == nil) }})
}
