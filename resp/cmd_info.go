package resp

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/metrics"
	"github.com/raftredis/raftredis/internal/reply"
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
	{"commandstats", "Commandstats", true, infoCommandStats},
	{"errorstats", "Errorstats", false, infoErrorStats},
	{"latencystats", "Latencystats", true, infoLatencyStats},
	{"cluster", "Cluster", false, infoCluster},
	{"keyspace", "Keyspace", false, infoKeyspace},
	{"raft", "Raft", false, infoRaft},
}

// info is INFO [section ...]. It tells what this node knows: no other node is asked.
func info(c *Conn, dst []byte, args [][]byte) []byte {
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
	uptime := time.Since(s.started)
	line(b, "redis_version", redisVersion)
	line(b, "raftredis_version", s.version)
	line(b, "redis_mode", s.mode())
	line(b, "os", runtime.GOOS+" "+runtime.GOARCH)
	line(b, "arch_bits", 32<<(^uint(0)>>63))
	line(b, "go_version", runtime.Version())
	line(b, "process_id", s.processID)
	line(b, "run_id", s.node.Cluster().Name)
	line(b, "tcp_port", s.port.Load())
	line(b, "server_time_usec", time.Now().UnixMicro())
	line(b, "uptime_in_seconds", int64(uptime/time.Second))
	line(b, "uptime_in_days", int64(uptime/(24*time.Hour)))
	line(b, "config_file", s.configFile)
}

func infoClients(b *strings.Builder, s *Server) {
	line(b, "connected_clients", s.metrics.Clients.Value())
	line(b, "cluster_connections", 0)
	line(b, "maxclients", s.tuning.MaxClients.Load())
	line(b, "blocked_clients", s.metrics.Blocked.Value())
	line(b, "tracking_clients", s.tracker.clients.Load())
}

func infoMemory(b *strings.Builder, s *Server) {
	now, used := s.readMemory(), s.usedMemory()
	line(b, "used_memory", used)
	line(b, "used_memory_human", humanBytes(used))
	line(b, "used_memory_rss", now.process)
	line(b, "used_memory_rss_human", humanBytes(now.process))
	peak := s.peak(used)
	line(b, "used_memory_peak", peak)
	line(b, "used_memory_peak_human", humanBytes(peak))
	line(b, "used_memory_startup", startMemory)
	line(b, "used_memory_dataset", s.node.DataBytes())
	line(b, "used_memory_heap", now.used)
	line(b, "used_memory_live", now.live)
	infoMemoryLimits(func(name string, value any) { line(b, name, value) }, &s.memory)
	line(b, "mem_fragmentation_ratio", fmt.Sprintf("%.2f", ratio(now.process, used)))
	line(b, "mem_clients_normal", s.input.Used())
	limit := s.memory.bytes.Load()
	line(b, "maxmemory", limit)
	line(b, "maxmemory_human", humanBytes(uint64(limit)))
	line(b, "maxmemory_cluster", s.minMaxMemory())
	line(b, "maxmemory_policy", "noeviction")
	line(b, "mem_allocator", "go")
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

// humanBytes writes a size as Redis does.
func humanBytes(n uint64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%dB", n)
	case n < 1<<20:
		return fmt.Sprintf("%.2fK", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.2fM", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2fG", float64(n)/(1<<30))
}

func infoStats(b *strings.Builder, s *Server) {
	line(b, "total_connections_received", s.metrics.Accepted.Since())
	all := s.calls.Traffic()
	line(b, "total_commands_processed", all.Commands)
	line(b, "total_net_input_bytes", all.InputBytes)
	line(b, "total_net_output_bytes", all.OutputBytes)
	commands, inputBytes, outputBytes := s.rates.Present()
	line(b, "instantaneous_ops_per_sec", int64(commands))
	line(b, "instantaneous_input_kbps", fmt.Sprintf("%.2f", inputBytes/1024))
	line(b, "instantaneous_output_kbps", fmt.Sprintf("%.2f", outputBytes/1024))
	line(b, "rejected_connections", s.metrics.Rejected.Since())
	line(b, "evicted_keys", 0)
	keys, items, prefixes := s.tracker.counts()
	line(b, "tracking_total_keys", keys)
	line(b, "tracking_total_items", items)
	line(b, "tracking_total_prefixes", prefixes)
	line(b, "total_error_replies", s.calls.AllErrors()+s.metrics.ProtocolErrors.Since())
	line(b, "client_query_protocol_errors", s.metrics.ProtocolErrors.Since())
	line(b, "client_query_buffer_limit_disconnections", s.metrics.InputLimit.Since())
	line(b, "client_output_buffer_limit_disconnections", s.metrics.OutputLimit.Since())
	line(b, "client_write_timeout_disconnections", s.metrics.WriteTimeouts.Since())
	line(b, "client_abandoned_runs", s.metrics.AbandonedRuns.Since())
	line(b, "accept_errors", s.metrics.AcceptErrors.Since())
	line(b, "accept_waits_for", strings.Join(s.shortages.Now(), "; "))
}

func infoReplication(b *strings.Builder, s *Server) {
	cluster, applied := s.node.Cluster(), s.node.Applied()
	if cluster.Leads {
		infoLeader(b, &cluster)
	} else {
		infoFollower(b, &cluster, applied)
	}
	line(b, "master_repl_offset", applied)
}

func infoLeader(b *strings.Builder, cluster *topology.Cluster) {
	line(b, "role", "master")
	line(b, "connected_slaves", max(len(cluster.Nodes)-1, 0))
	number := 0
	for i := range cluster.Nodes {
		member := &cluster.Nodes[i]
		if member.ID == cluster.Self {
			continue
		}
		state := "offline"
		if member.Up {
			state = "online"
		}
		fmt.Fprintf(b, "slave%d:ip=%s,port=%d,state=%s,offset=%d,lag=0\r\n",
			number, member.Host, member.Port, state, member.Match)
		number++
	}
}

func infoFollower(b *strings.Builder, cluster *topology.Cluster, applied uint64) {
	line(b, "role", "slave")
	host, port, status := "", 0, "down"
	if leader := cluster.Node(cluster.Leader); leader != nil {
		host, port, status = leader.Host, leader.Port, "up"
	}
	line(b, "master_host", host)
	line(b, "master_port", port)
	line(b, "master_link_status", status)
	line(b, "slave_repl_offset", applied)
	line(b, "slave_read_only", 0)
	line(b, "connected_slaves", 0)
}

func infoCPU(b *strings.Builder, _ *Server) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return // the section is empty where the system does not tell
	}
	fmt.Fprintf(b, "used_cpu_sys:%d.%06d\r\n", usage.Stime.Sec, usage.Stime.Usec)
	fmt.Fprintf(b, "used_cpu_user:%d.%06d\r\n", usage.Utime.Sec, usage.Utime.Usec)
}

func infoCluster(b *strings.Builder, s *Server) {
	enabled := 1
	if s.view == topology.NoView {
		enabled = 0
	}
	line(b, "cluster_enabled", enabled)
}

func infoKeyspace(b *strings.Builder, s *Server) {
	if keys, deadlines := s.node.Keys(); keys > 0 {
		fmt.Fprintf(b, "db0:keys=%d,expires=%d,avg_ttl=0\r\n", keys, deadlines)
	}
}

// infoRaft uses the names of redisraft where the meaning is the same, so that its dashboards work.
func infoRaft(b *strings.Builder, s *Server) {
	cluster, log, applied := s.node.Cluster(), s.node.Raft(), s.node.Applied()
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
	line(b, "raft_leader_id", cluster.Leader)
	line(b, "raft_current_term", cluster.Term)
	line(b, "raft_num_nodes", len(cluster.Nodes))
	line(b, "raft_num_voting_nodes", voters)
	infoMembers(b, &cluster)
	line(b, "raft_waiting_clients", max(s.metrics.Parked.Value()-s.metrics.Blocked.Value(), 0))
	line(b, "raft_log_entries", log.LogEntries)
	line(b, "raft_current_index", log.LastIndex)
	line(b, "raft_commit_index", log.Commit)
	line(b, "raft_last_applied_index", applied)
	line(b, "raft_snapshot_last_idx", log.SnapshotIndex)
	line(b, "raft_snapshot_last_term", log.SnapshotTerm)
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
		fmt.Fprintf(b, "raft_node%d:id=%d,name=%s,state=%s,voting=%s,addr=%s,port=%d\r\n",
			i, member.ID, member.Name, state, voting, member.Host, member.Port)
	}
}

// newCalls makes the counts of all commands and subcommands.
func newCalls() *metrics.Calls {
	names := make([]string, command.IDs())
	for _, spec := range command.All() {
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
	for _, spec := range command.All() {
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
}
