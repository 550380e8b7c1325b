package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Info says what the node knows of itself and its cluster, in the words of the front end.
func (s *store) Info() resp.Info {
	status := s.node.Status()
	info := resp.Info{
		NodeID: uint64(status.ID), Name: status.Name, ClusterID: status.ClusterID,
		State: s.state(&status), Role: role(status.Role), Leader: uint64(status.Leader),
		Term: uint64(status.Term), VotedFor: uint64(status.Vote),
		Commit: uint64(status.Commit), Applied: uint64(status.Applied),
		LastIndex:  uint64(status.Last.Index),
		LogEntries: uint64(status.Last.Index + 1 - min(status.Log.HistoryFirst, status.Last.Index+1)),
		Nodes:      members(&status),
		Fields: []resp.Field{
			{Name: "raft_durable_index", Value: number(status.Durable)},
			{Name: "raft_history_index", Value: number(status.Written)},
			{Name: "raft_waiting_batches", Value: number(status.WaitingBatches)},
			{Name: "raft_unmet_batches", Value: number(status.UnmetBatches)},
			{Name: "raft_journal_entry_bytes", Value: number(status.JournalBytes)},
			{Name: "raft_journal_limit_bytes", Value: number(status.ProposalRoomBytes)},
			{Name: "raft_incarnation", Value: fmt.Sprintf("%016x", status.Incarnation)},
			{Name: "raft_configuration", Value: progress(&status)},
			{Name: "raft_log_first_index", Value: number(status.Log.HistoryFirst)},
			{Name: "raft_history_bytes", Value: fmt.Sprint(status.Log.HistoryBytes)},
		},
	}
	if status.Snapshot != nil {
		info.SnapshotIndex, info.SnapshotTerm = uint64(status.Snapshot.Index), uint64(status.Snapshot.Term)
	}
	info.Fields = append(info.Fields, snapshotFields(&status)...)
	s.describeState(&info)
	return info
}

// snapshotFields are what the node knows of its snapshots, with the names that redisraft has for them.
func snapshotFields(status *consensus.Status) []resp.Field {
	fields := []resp.Field{
		{Name: "raft_snapshot_in_progress", Value: yesNo(status.SnapshotUnderway)},
		{Name: "raft_snapshots_created", Value: number(status.SnapshotsTaken)},
		{Name: "raft_snapshots_received", Value: number(status.SnapshotsInstalled)},
		{Name: "raft_snapshot_last_error", Value: oneLine(status.LastSnapshotError)},
		{Name: "raft_install_last_error", Value: oneLine(status.LastFetchError)},
	}
	if status.Snapshot != nil {
		fields = append(fields, resp.Field{Name: "raft_snapshot_size", Value: number(status.Snapshot.FileBytes)})
	}
	if status.Retained != nil {
		fields = append(fields, resp.Field{Name: "raft_snapshot_retained_idx", Value: number(status.Retained.Index)})
	}
	if underway := status.Install; underway != (engine.InstallStatus{}) {
		fields = append(fields,
			resp.Field{Name: "raft_install_from", Value: number(underway.From)},
			resp.Field{Name: "raft_install_idx", Value: number(underway.Mark.Index)},
			resp.Field{Name: "raft_install_size", Value: number(underway.FileBytes)})
	}
	return fields
}

// describeState tells of the key space, at one moment: the index up to which the log was applied, and the hash of the
// whole state then. Two nodes that show the same index show the same hash, or something is very wrong.
func (s *store) describeState(info *resp.Info) {
	var index, hash uint64
	var stats fsm.Stats
	s.node.View(func(m consensus.StateMachine) {
		space := m.(machine)
		if space.Ready() { // before that there is no state
			index, hash, stats = space.Index(), space.Hash(), space.Stats()
		}
	})
	info.Keys, info.Expires = int64(stats.Keys), int64(stats.Deadlines)
	// Clients are woken before the loop hears of what was applied: the status may not have come as far as a client that
	// was answered and asks now, by WAIT, who else has its write.
	info.Applied = max(info.Applied, index)
	info.Commit = max(info.Commit, index)
	info.Fields = append(info.Fields,
		resp.Field{Name: "raft_state_index", Value: number(index)},
		resp.Field{Name: "raft_state_hash", Value: fmt.Sprintf("%016x", hash)})
}

func yesNo(truth bool) string {
	if truth {
		return "yes"
	}
	return "no"
}

// oneLine makes a text fit for a line of INFO.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

// Leader is the member that the node believes to lead.
func (s *store) Leader() resp.Leader {
	leader, self := s.node.Leader()
	answer := resp.Leader{Known: leader != nil, Self: self, Removed: s.node.Removed()}
	if leader != nil {
		answer.Host, answer.Port = address.Split(leader.ClientAddress)
	}
	return answer
}

// TakeOver asks the leader to hand over to this node.
func (s *store) TakeOver() error { return s.node.TakeOver() }

// state is how far the node has come, in redisraft's words.
func (s *store) state(status *consensus.Status) string {
	switch {
	case status.Blank && status.Expect > 1:
		return "initializing"
	case status.Blank:
		return "joining"
	case status.Removed:
		return "removed"
	case !s.serving.Load():
		return "loading"
	}
	return "up"
}

// members lists the nodes of the newest configuration. A node vouches for itself, and for those it is linked
// to.
func members(status *consensus.Status) []resp.NodeInfo {
	if status.Configuration == nil {
		return nil
	}
	nodes := make([]resp.NodeInfo, 0, len(status.Configuration.Members))
	for i := range status.Configuration.Members {
		m := &status.Configuration.Members[i]
		host, port := address.Split(m.ClientAddress)
		_, peerPort := address.Split(m.PeerAddress)
		node := resp.NodeInfo{
			ID: uint64(m.ID), Name: m.Name, Host: host, Port: port, PeerPort: peerPort,
			Voter:   status.Configuration.Votes(m.ID),
			Leaving: leaves(status.Configuration, m.ID),
			Up:      m.ID == status.ID || slices.Contains(status.Linked, m.ID),
			Absent:  slices.Contains(status.Absent, m.ID),
		}
		if m.ID == status.ID {
			node.Match = uint64(status.Durable)
		}
		for k := range status.Followers {
			if status.Followers[k].ID == m.ID {
				node.Match = uint64(status.Followers[k].Match)
			}
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// progress says whether a change of the members is under way: stable if none is. Otherwise the newest configuration is
// uncommitted, or new nodes catch up before they become voters (catching-up), or the voters of two halves both decide
// (joint).
func progress(status *consensus.Status) string {
	switch c := status.Configuration; {
	case c == nil:
		return "none"
	case c.Joint():
		return "joint"
	case c != status.Committed:
		return "uncommitted"
	case len(c.Promote) > 0:
		return "catching-up"
	case len(c.Retire) > 0:
		return "retiring"
	}
	return "stable"
}

// leaves reports whether a member is one only as long as voters are being exchanged. One that is to leave when others
// have caught up serves its clients until then like any other.
func leaves(c *membership.Configuration, id raftlog.NodeID) bool {
	return c.Joint() && !slices.Contains(c.Voters, id) && !slices.Contains(c.Learners, id)
}

// role is the node's in the words of INFO, which know nothing of asking before campaigning.
func role(r raft.Role) string {
	if r == raft.PreCandidate {
		r = raft.Candidate
	}
	return r.String()
}

func number[T ~int | ~uint64](v T) string { return fmt.Sprint(v) }
