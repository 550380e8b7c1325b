package server

import (
	"fmt"
	"strings"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/resp"
)

// Raft says what the node knows of the log.
func (s *store) Raft() resp.RaftInfo {
	status := s.node.Status()
	info := resp.RaftInfo{
		Role: status.Role, Term: status.Term, Leader: uint64(status.Leader), VotedFor: uint64(status.Vote),
		Commit: status.CommitIndex, LastIndex: status.LastIndex,
		LogEntries: entriesOf(status),
		Fields: []resp.Field{
			{Name: "raft_durable_index", Value: number(status.DurableIndex)},
			{Name: "raft_history_index", Value: number(status.HistoryIndex)},
			{Name: "raft_waiting_batches", Value: number(status.WaitingRequests)},
			{Name: "raft_unmet_batches", Value: number(status.UnmetRequests)},
			{Name: "raft_journal_entry_bytes", Value: number(status.JournalBytes)},
			{Name: "raft_journal_limit_bytes", Value: number(status.JournalLimitBytes)},
			{Name: "raft_incarnation", Value: fmt.Sprintf("%016x", status.Incarnation)},
			{Name: "raft_configuration", Value: changeStage(status)},
			{Name: "raft_log_first_index", Value: number(status.FirstIndex)},
			{Name: "raft_history_bytes", Value: fmt.Sprint(status.HistoryBytes)},
			{Name: "raft_wall_offset_ms", Value: fmt.Sprint(status.WallOffsetMillis)},
			{Name: "raft_clock_ahead_seconds", Value: fmt.Sprint(status.ClockAheadSeconds)},
			{Name: "raft_clocks_apart", Value: yesNo(status.ClocksApart)},
			{Name: "raft_read_lease_millis", Value: number(s.config.node.ReadLeaseMillis)},
			{Name: "raft_read_lease_assumes", Value: leaseAssumption(s.config.node.ReadLeaseMillis)},
			{Name: "raft_read_lease_reads", Value: number(s.node.LeasedReads())},
			{Name: "raft_feature_level", Value: number(int(status.FeatureLevel))},
			{Name: "raft_feature_level_of_build", Value: number(int(status.BuildLevel))},
			{Name: "raft_feature_level_waits_for", Value: numbers(status.Holding)},
		},
	}
	if status.Snapshot != nil {
		info.SnapshotIndex, info.SnapshotTerm = uint64(status.Snapshot.Index), uint64(status.Snapshot.Term)
	}
	info.Fields = append(info.Fields, snapshotFields(status)...)
	info.Fields = append(info.Fields, stateFields(status)...)
	info.Fields = append(info.Fields, s.compared().fields()...)
	info.Fields = append(info.Fields,
		resp.Field{Name: "raft_shortages", Value: oneLine(strings.Join(status.Shortages, "; "))},
		resp.Field{Name: "raft_shortages_total", Value: number(status.ShortagesBegun)})
	info.Fields = append(info.Fields, s.obstacleFields(status)...)
	s.describeState(&info)
	return info
}

// leaseAssumption is what reads rest on besides majorities.
func leaseAssumption(millis int) string {
	if millis == 0 {
		return "nothing"
	}
	return "no node's monotonic clock is more than 11 % too fast or too slow, and each counts all time for which a " +
		"machine is stopped"
}

// snapshotFields are what the node knows of its snapshots, with the names that redisraft has for them.
func snapshotFields(status *consensus.Status) []resp.Field {
	fields := []resp.Field{
		{Name: "raft_snapshot_in_progress", Value: yesNo(status.SnapshotUnderway)},
		{Name: "raft_snapshots_created", Value: number(status.SnapshotsTaken)},
		{Name: "raft_snapshots_received", Value: number(status.SnapshotsInstalled)},
		{Name: "raft_snapshots_reserved", Value: number(len(status.Reserved))},
		{Name: "raft_snapshot_last_error", Value: oneLine(status.LastSnapshotError)},
		{Name: "raft_install_last_error", Value: oneLine(status.LastInstallError)},
	}
	if status.Snapshot != nil {
		fields = append(fields, resp.Field{Name: "raft_snapshot_size", Value: number(status.Snapshot.FileBytes)})
	}
	if status.Retained != nil {
		fields = append(fields, resp.Field{Name: "raft_snapshot_retained_idx", Value: number(status.Retained.Index)})
	}
	if len(status.Reserved) > 0 {
		fields = append(fields, resp.Field{Name: "raft_snapshot_reserved_idx", Value: number(status.Reserved[0].Index)})
	}
	if status.InstallFrom != 0 {
		fields = append(fields,
			resp.Field{Name: "raft_install_from", Value: number(status.InstallFrom)},
			resp.Field{Name: "raft_install_idx", Value: number(status.InstallIndex)},
			resp.Field{Name: "raft_install_size", Value: number(status.InstallBytes)})
	}
	return fields
}

// stateFields tell how the states of the nodes compare: who is quarantined since which index, and up to which index
// this node's state was the agreed one.
func stateFields(status *consensus.Status) []resp.Field {
	var others []string
	for _, q := range status.Quarantined {
		others = append(others, fmt.Sprintf("%d:%s", q.ID, quarantineText(q)))
	}
	return []resp.Field{
		{Name: "raft_state_agreed_index", Value: number(status.AgreedIndex)},
		{Name: "raft_state_quarantine", Value: quarantineText(status.Quarantine)},
		{Name: "raft_state_quarantined_nodes", Value: strings.Join(others, ";")},
		{Name: "raft_state_differing_nodes", Value: numbers(status.Differing)},
		{Name: "raft_state_undecided", Value: yesNo(status.Undecided)},
		{Name: "raft_state_undecided_index", Value: number(status.UndecidedIndex)},
		{Name: "raft_state_reinstalls", Value: number(status.Reinstalls)},
	}
}

// quarantineText is a quarantine as INFO has it: no, or at which index the state differed, where it agreed last, and
// from which snapshot it was reinstalled.
func quarantineText(q consensus.Quarantined) string {
	if q.Differs == 0 {
		return yesNo(false)
	}
	return fmt.Sprintf("differs=%d,agreed=%d,reinstalled=%d", q.Differs, q.Agreed, q.Reinstalled)
}

// describeState describes the key space at one index: the index up to which the log was applied, and the hash of the
// whole state then. Two nodes that show the same index show the same hash, or something is very wrong.
func (s *store) describeState(info *resp.RaftInfo) {
	info.Commit = max(info.Commit, s.Applied()) // see there
	if s.loading.on.Load() {
		return
	}
	var index, hash uint64
	err := s.node.View(func(m consensus.StateMachine) {
		space := m.(*machine)
		if space.Ready() { // before that there is no state
			index, hash = space.Index(), space.Hash()
		}
	})
	if err != nil { // the state is being replaced
		return
	}
	info.Commit = max(info.Commit, index)
	info.Fields = append(info.Fields,
		resp.Field{Name: "raft_state_index", Value: number(index)},
		resp.Field{Name: "raft_state_hash", Value: fmt.Sprintf("%016x", hash)})
}

// numbers are the numbers of nodes, with commas between them.
func numbers(ids []consensus.NodeID) string {
	var text []string
	for _, id := range ids {
		text = append(text, fmt.Sprint(id))
	}
	return strings.Join(text, ",")
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

// changeStage says whether a change of the members is under way: stable if none is. Otherwise the newest configuration
// is uncommitted, or new nodes catch up before they become voters (catching-up), or the voters of two halves both
// decide (joint).
func changeStage(status *consensus.Status) string {
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

func number[T ~int | ~uint64](v T) string { return fmt.Sprint(v) }
