package resp

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/metrics"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/channels"
	"github.com/raftredis/raftredis/resp/info"
	"github.com/raftredis/raftredis/resp/topology"
)

// section is one part of INFO.
type section struct {
	name, title string
	// extra ones are shown only if they are asked for, or all.
	extra bool
	write func(b *strings.Builder, s *Server)
}

// sections are in the order of Redis; raft stands at the end, where Redis has what modules add.
var sections = []section{
	{"server", "Server", false, infoServer},
	{"clients", "Clients", false, infoClients},
	{"memory", "Memory", false, infoMemory},
	{"persistence", "Persistence", false, infoPersistence},
	{"stats", "Stats", false, infoStats},
	{"replication", "Replication", false, infoReplication},
	{"cpu", "CPU", false, infoCPU},
	{"modules", "Modules", false, func(*strings.Builder, *Server) {}},
	{"commandstats", "Commandstats", true, infoCommandStats},
	{"errorstats", "Errorstats", false, infoErrorStats},
	{"latencystats", "Latencystats", true, infoLatencyStats},
	{"cluster", "Cluster", false, infoCluster},
	{"keyspace", "Keyspace", false, infoKeyspace},
	{"raft", "Raft", false, infoRaft},
}

// showInfo is INFO [section ...]. It tells what this node knows: no other node is asked.
func showInfo(c *Conn, dst []byte, args [][]byte) []byte {
	wanted := make(map[string]bool)
	for _, arg := range args[1:] {
		wanted[strings.ToLower(string(arg))] = true
	}
	everything := wanted["all"] || wanted["everything"]
	all := len(args) == 1 || wanted["default"] || everything
	var text strings.Builder
	for _, part := range sections {
		if !wanted[part.name] && !everything && (!all || part.extra) {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("\r\n")
		}
		text.WriteString("# " + part.title + "\r\n")
		part.write(&text, c.server)
	}
	return reply.Verbatim(dst, c.protocol(), "txt", text.String())
}

// line writes one field.
func line(b *strings.Builder, name string, value any) { fmt.Fprintf(b, "%s:%v\r\n", name, value) }

func infoServer(b *strings.Builder, s *Server) {
	facts := info.Server{
		RedisVersion: redisVersion, OwnVersion: s.version, Mode: s.mode(), RunID: s.node.Cluster().Name,
		ProcessID: s.processID, Listeners: s.listenerAddresses(), Port: s.port.Load(), Now: s.now(),
		Uptime: time.Since(s.started), ConfigFile: s.configFile,
	}
	facts.Executable, _ = os.Executable() // empty where the system does not tell
	facts.Write(info.Text{Builder: b})
}

// listenerAddresses are the places where clients connect, in order.
func (s *Server) listenerAddresses() (all []info.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for listener := range s.listeners {
		host, port := address.Split(listener.Addr().String())
		all = append(all, info.Listener{Host: host, Port: port})
	}
	slices.SortFunc(all, func(a, b info.Listener) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
	})
	return all
}

func infoClients(b *strings.Builder, s *Server) {
	facts := info.Clients{
		Connected: s.metrics.Clients.Value(), Max: s.tuning.MaxClients.Load(), Blocked: s.metrics.Blocked.Value(),
		Tracking: s.tracker.clients.Load(),
	}
	s.sessions.each(func(one *session) {
		if one.kind() == listeningClient {
			facts.Listening++
		}
		facts.LongestInput = max(facts.LongestInput, one.unread.Load()+one.room.Load())
		facts.LongestOutput = max(facts.LongestOutput, one.unsent.Load()+int64(one.mailBytes()))
	})
	facts.Write(info.Text{Builder: b})
}

func infoMemory(b *strings.Builder, s *Server) {
	now, used, m := s.readMemory(), s.usedMemory(), &s.memory
	facts := info.Memory{
		Used: used, Dataset: uint64(max(s.node.DataBytes(), 0)), Peak: s.peak(used), Startup: startMemory,
		Allocated: now.used, Live: now.live, Active: now.active, Heap: now.heap, Process: now.process,
		Clients: s.clientBytes(), System: uint64(m.SystemBytes), HeapLimit: uint64(m.HeapBytes), Short: m.short.Load(),
		Limit: uint64(m.bytes.Load()), ClusterLimit: uint64(s.minMaxMemory()), Policy: s.tuning.MemoryPolicy.Load(),
	}
	facts.Write(info.Text{Builder: b})
}

// clientBytes is what connections hold in requests, replies and mail.
func (s *Server) clientBytes() (held uint64) {
	s.sessions.each(func(one *session) {
		held += uint64(one.unread.Load()+one.room.Load()+one.unsent.Load()) + uint64(one.mailBytes())
	})
	return held
}

// peak is the most memory that was in use at any look.
func (s *Server) peak(used uint64) uint64 {
	for {
		before := s.peakMemory.Load()
		if used <= before || s.peakMemory.CompareAndSwap(before, used) {
			return max(used, before)
		}
	}
}

func infoStats(b *strings.Builder, s *Server) {
	traffic, m, keys := s.calls.Traffic(), s.metrics, s.node.Keyspace()
	facts := info.Stats{
		Connections: m.Accepted.Since(), Commands: traffic.Commands, Rejected: m.Rejected.Since(),
		InputBytes: traffic.InputBytes, OutputBytes: traffic.OutputBytes, Hits: traffic.Hits, Misses: traffic.Misses,
		Expired:      keys.Expired - s.expiredBefore.Load(),
		Overdue:      float64(keys.Overdue) / float64(max(keys.Deadlines+keys.Overdue, 1)),
		ErrorReplies: s.calls.AllErrors() + m.ProtocolErrors.Since(), AuthDenied: m.AuthDenied.Since(),
		ProtocolErrors: m.ProtocolErrors.Since(), InputLimit: m.InputLimit.Since(), OutputLimit: m.OutputLimit.Since(),
		WriteTimeouts: m.WriteTimeouts.Since(), RefusedTooLong: m.RefusedTooLong.Since(),
		AbandonedRuns: m.AbandonedRuns.Since(), AcceptErrors: m.AcceptErrors.Since(),
	}
	facts.AcceptWaitsFor = strings.Join(s.shortages.Now(), "; ")
	facts.CommandsPerSecond, facts.InputPerSecond, facts.OutputPerSecond = s.rates.Present()
	facts.TrackedKeys, facts.TrackedItems, facts.TrackedPrefixes = s.tracker.counts()
	facts.Channels, facts.Patterns = s.channels.Count(channels.Plain), s.channels.Count(channels.Pattern)
	facts.ShardChannels = s.channels.Count(channels.Shard)
	facts.Write(info.Text{Builder: b})
}

func infoReplication(b *strings.Builder, s *Server) {
	shown, cluster := s.clusterMap()
	facts := info.Replication{
		Map: shown, Cluster: cluster.ID, Applied: s.node.Applied(), Installing: s.persistence().Installing,
		Leaderless: s.leaderless(),
	}
	facts.Write(info.Text{Builder: b})
}

// noteLeader is called again and again by the watch.
func (s *Server) noteLeader() {
	if s.node.Leader().Known {
		s.leaderlessAt.Store(0)
		return
	}
	s.leaderlessAt.CompareAndSwap(0, int64(max(s.monotonic(), 1)))
}

// leaderless is for how long the node has known of no leader.
func (s *Server) leaderless() time.Duration {
	at := monotonic(s.leaderlessAt.Load())
	if at == 0 {
		return 0
	}
	return s.since(at)
}

func infoCPU(b *strings.Builder, _ *Server) {
	var facts info.CPU
	facts.System, facts.User = cpuTimes(syscall.RUSAGE_SELF)
	facts.ChildrenSystem, facts.ChildrenUser = cpuTimes(syscall.RUSAGE_CHILDREN)
	facts.Write(info.Text{Builder: b})
}

// cpuTimes are 0 where the system does not tell.
func cpuTimes(of int) (system, user time.Duration) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(of, &usage); err != nil {
		return 0, 0
	}
	return time.Duration(usage.Stime.Nano()), time.Duration(usage.Utime.Nano())
}

func infoCluster(b *strings.Builder, s *Server) {
	line(b, "cluster_enabled", digit(s.view != topology.NoView))
}

func infoKeyspace(b *strings.Builder, s *Server) {
	info.Keyspace(s.node.Keyspace().Databases).Write(info.Text{Builder: b})
}

// infoRaft uses the names of redisraft where the meaning is the same, so that its dashboards work.
func infoRaft(b *strings.Builder, s *Server) {
	// Applied is read first: what is committed may go on between the readings, and is never shown below it.
	applied := s.node.Applied()
	cluster, log := s.node.Cluster(), s.node.Raft()
	sessions, sessionBytes := s.node.Sessions()
	voting, voters := "no", 0
	for i := range cluster.Nodes {
		if !cluster.Nodes[i].Voter {
			continue
		}
		voters++
		if cluster.Nodes[i].ID == cluster.Self {
			voting = "yes"
		}
	}
	line(b, "raft_version", s.version)
	line(b, "raft_dbid", fmt.Sprintf("%016x", cluster.ID))
	line(b, "raft_node_id", cluster.Self)
	line(b, "raft_node_name", cluster.Name)
	line(b, "raft_state", cluster.State)
	line(b, "raft_role", log.Role)
	line(b, "raft_is_voting", voting)
	line(b, "raft_voted_for", log.VotedFor)
	line(b, "raft_leader_id", log.Leader)
	line(b, "raft_current_term", log.Term)
	line(b, "raft_num_nodes", len(cluster.Nodes))
	line(b, "raft_num_voting_nodes", voters)
	infoMembers(b, &cluster)
	loop, taken := "no", int64(0)
	if s.reactor != nil {
		loop, taken = "yes", s.reactor.TakenAway()
	}
	line(b, "raft_event_loop", loop)
	line(b, "raft_event_loop_taken_away", taken)
	line(b, "raft_waiting_clients", max(s.metrics.Parked.Value()-s.metrics.Blocked.Value(), 0))
	line(b, "raft_log_entries", log.LogEntries)
	line(b, "raft_current_index", log.LastIndex)
	line(b, "raft_commit_index", log.Commit)
	line(b, "raft_last_applied_index", applied)
	line(b, "raft_snapshot_last_idx", log.SnapshotIndex)
	line(b, "raft_snapshot_last_term", log.SnapshotTerm)
	line(b, "raft_sessions", sessions)
	line(b, "raft_session_bytes", sessionBytes)
	for _, field := range log.Fields {
		line(b, field.Name, field.Value)
	}
}

func infoMembers(b *strings.Builder, cluster *topology.Cluster) {
	for i := range cluster.Nodes {
		member := &cluster.Nodes[i]
		state, voting := "disconnected", "no"
		if member.Up {
			state = "connected"
		}
		if member.Voter {
			voting = "yes"
		}
		match := ""
		if cluster.Leads { // only a leader knows
			match = fmt.Sprintf("match=%d,", member.Match)
		}
		fmt.Fprintf(b, "raft_node%d:id=%d,name=%s,state=%s,voting=%s,%saddr=%s,port=%d\r\n",
			i, member.ID, member.Name, state, voting, match, member.Host, member.Port)
	}
}

// newCalls makes the counts of all commands and subcommands.
func newCalls() *metrics.Calls {
	names := make([]string, commands.IDs())
	for _, spec := range commands.All() {
		names[spec.ID()] = spec.Name
		for _, subcommand := range spec.Subcommands {
			names[subcommand.ID()] = subcommand.Name
		}
	}
	return metrics.NewCalls(names)
}

// everyCommand visits the commands and subcommands that have been called, or refused, by name.
func (s *Server) everyCommand(visit func(spec *command.Spec, all *metrics.Total)) {
	tell := func(spec *command.Spec) {
		if all := s.calls.Since(spec.ID()); all.Calls+all.Rejected > 0 {
			visit(spec, all)
		}
	}
	for _, spec := range commands.All() {
		tell(spec)
		for _, subcommand := range spec.Subcommands {
			tell(subcommand)
		}
	}
}

func infoCommandStats(b *strings.Builder, s *Server) {
	s.everyCommand(func(spec *command.Spec, all *metrics.Total) {
		fmt.Fprintf(b, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n", spec.Name,
			all.Calls, all.Micros, float64(all.Micros)/float64(max(all.Calls, 1)), all.Rejected, all.Failed)
	})
}

func infoErrorStats(b *strings.Builder, s *Server) {
	errors := maps.Collect(s.calls.Errors())
	for _, word := range slices.Sorted(maps.Keys(errors)) {
		fmt.Fprintf(b, "errorstat_%s:count=%d\r\n", word, errors[word])
	}
}

func infoLatencyStats(b *strings.Builder, s *Server) {
	s.everyCommand(func(spec *command.Spec, all *metrics.Total) {
		if all.Times.Count() > 0 {
			fmt.Fprintf(b, "latency_percentiles_usec_%s:%s\r\n", spec.Name, s.tuning.Percentiles.Of(&all.Times))
		}
	})
}

// initMetrics fills the rows of the set that are about clients and commands.
func (s *Server) initMetrics(set *metrics.Set) {
	if set == nil {
		set = metrics.New()
	}
	s.metrics, s.calls = set, newCalls()
	s.calls.Fill(set)
	set.TrackingClients = s.tracker.clients.Load
	set.InputHeld = s.input.Used
	set.MemoryUsed = func() int64 { return int64(s.usedMemory()) }
	set.MemoryProcess = func() int64 { return int64(s.readMemory().process) }
	set.MemoryLimit = s.memory.bytes.Load
	set.Quarantined = s.quarantined
	if s.reactor != nil {
		set.LoopTaken = s.reactor.TakenAway
	}
	set.Sessions = func() int64 { count, _ := s.node.Sessions(); return count }
	set.SessionBytes = func() int64 { _, bytes := s.node.Sessions(); return bytes }
}

// quarantined is 1 while the state of this node is quarantined.
func (s *Server) quarantined() int64 {
	if s.node.Health().State == HealthQuarantined {
		return 1
	}
	return 0
}
