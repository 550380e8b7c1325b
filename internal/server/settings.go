package server

import (
	"math"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/wal/journal"
)

// Bounds of settings. A package that checks a value itself has the same bounds; TestSettings_BoundsAreThoseOfTheLibrary
// compares them.
const (
	minMillis, maxMillis       = 10, 3_600_000
	minEntryBytes              = 1 << 10
	maxEntryBytes              = 1 << 30
	minJournalBytes            = 10 << 20
	minSnapshotLogBytes        = 64 << 10
	minSnapshotRate            = 512 << 10
	minCompareEntries          = 16
	maxCompareEntries          = 1 << 20
	maxBytes                   = 1 << 40
	maxOutputBytes             = 1 << 30
	maxSlowLogCommands         = 1 << 20
	maxExpectedNodes           = 128
	nanosPerSecond       int64 = 1e9
)

// Sections of the flags in help.
const (
	ofNode     = "The node"
	ofClients  = "Clients"
	ofCluster  = "Cluster clients"
	ofLeaders  = "Elections"
	ofLog      = "Log and snapshots"
	playground = "For the playground and for tests"
)

// table is all settings, one row each, in the order in which help lists their flags. Flags, the configuration file,
// CONFIG GET, SET and REWRITE, and the check of bounds are views of it: a new setting is a row here, and its use.
func (c *Config) table() (rows []*setting.Row) {
	for _, part := range [][]*setting.Row{
		c.nodeRows(), c.clientRows(), c.clusterRows(), c.logRows(), c.testRows(), c.liveRows(),
		c.encodings.rows(), c.natureRows(),
	} {
		rows = append(rows, part...)
	}
	return rows
}

func (c *Config) nodeRows() []*setting.Row {
	return []*setting.Row{
		{
			Name: "dir", Flag: "dir", Section: ofNode, Unit: "directory", Names: setting.Directory,
			Value: &setting.Text{At: setting.TextAt(&c.node.Directory)}, Default: "data",
			Help: "directory of the node: everything it must not forget. It is made if it does not exist",
		},
		{
			Name: "port", Flag: "port", Section: ofNode, Unit: "port",
			Value: &setting.Int{At: setting.At(&c.port), Min: 1, Max: address.MaxPort}, Default: 6379,
			Help: "port for clients",
		},
		{
			Name: "raft.peer-port", Flag: "peer-port", Section: ofNode, Unit: "port",
			Aliases: []string{"cluster-port"},
			Value:   &setting.Int{At: setting.At(&c.peerPort), Min: 1, Max: address.MaxPort, Zero: "--port plus 10000"},
			Help:    "port for other nodes (default: --port plus 10000)",
		},
		{
			Name: "bind", Flag: "bind", Section: ofNode, Unit: "address",
			Value: &setting.List{At: &c.bind, Replace: true}, Default: "127.0.0.1",
			Help: "address to listen on, for clients and for other nodes: * for every IPv4 address, ::* for every IPv6 " +
				"address; a dash before it makes it optional. May be repeated",
		},
		{
			Name: "cluster-announce-ip", Aliases: []string{"announce-host"}, Flag: "announce-host", Section: ofNode,
			Unit: "host", Value: &setting.Text{At: setting.TextAt(&c.announced.host)},
			Help: "name or address at which clients and other nodes reach this node (default: --bind)",
		},
		{
			Name: "announce-client", Flag: "announce-client", Section: ofNode, Unit: "HOST:PORT", Private: true,
			Value: &setting.Text{At: setting.TextAt(&c.announced.client)},
			Help:  "where clients reach this node, if its ports are mapped (default: --announce-host and --port)",
		},
		{
			Name: "announce-peer", Flag: "announce-peer", Section: ofNode, Unit: "HOST:PORT", Private: true,
			Value: &setting.Text{At: setting.TextAt(&c.announced.peer)},
			Help:  "where other nodes reach this node (default: --announce-host and --peer-port)",
		},
		{
			Name: "bootstrap", Flag: "bootstrap", Section: ofNode, Private: true,
			Value: &setting.YesNo{At: setting.SwitchAt(&c.node.Bootstrap)},
			Help:  "if the directory is blank: make a new cluster",
		},
		{
			Name: "expect", Flag: "expect", Section: ofNode, Unit: "nodes", Private: true,
			Value: &setting.Int{At: setting.At(&c.node.Expect), Min: 1, Max: maxExpectedNodes}, Default: 1,
			Help: "with --bootstrap: how many nodes form the cluster, this one included; with --join besides, one command " +
				"line serves all of them, at every start",
		},
		{
			Name: "join", Flag: "join", Section: ofNode, Unit: "HOST:PORT", Private: true, Value: &setting.List{At: &c.join},
			Help: "if the directory is blank: HOST:PORT of nodes (their ports for clients) to ask to add this one, as a " +
				"voter, to the cluster that they form or run; HOST:PORT@PEERPORT if their peer port is not 10000 above. A " +
				"member asks them where the others are. May be repeated",
		},
		{
			Name: "cluster-secret-file", Flag: "cluster-secret-file", Section: ofNode, Unit: "file", Private: true,
			Names: setting.File, Value: &setting.Text{At: setting.TextAt(&c.secretFile)},
			Help: "file with a secret that all nodes of the cluster share; a node without it is turned away. Needed where " +
				"--bind is not a loopback address",
		},
		{
			Name: "raft.event-loop", Flag: "event-loop", Section: ofNode, Unit: "yes|no",
			Value: &setting.YesOrNo{YesNo: setting.YesNo{At: setting.SwitchAt(&c.eventLoop)}}, Default: "yes",
			Help: "serve clients and other nodes on one thread as far as possible (Linux; elsewhere it changes nothing): much " +
				"faster where a node has one or two cores",
		},
		{
			Name: "insecure-peers", Flag: "insecure-peers", Section: ofNode, Private: true,
			Value: &setting.YesNo{At: setting.SwitchAt(&c.node.InsecurePeers)},
			Help: "listen for other nodes beyond loopback without a secret: whoever reaches the port can become a member and " +
				"read everything",
		},
		{
			Name: "log-level", Flag: "log-level", Section: ofNode, Unit: "level", Private: true,
			Aliases: []string{"loglevel"}, Default: "info",
			Value: &setting.Choice{At: setting.TextAt(&c.logLevel), Words: LogLevels(), Synonyms: redisLevels()},
			Help:  "least important lines of the log that are written: debug, info, warn or error",
		},
		{
			Name: "logfile", Flag: "logfile", Section: ofNode, Unit: "file", Names: setting.File,
			Value: &setting.Text{At: setting.TextAt(&c.logPath)},
			Help:  "file to append the log to; SIGHUP opens it again (default: standard error)",
		},
		{
			Name: "pidfile", Flag: "pidfile", Section: ofNode, Unit: "file", Names: setting.File,
			Value: &setting.Text{At: setting.TextAt(&c.pidPath)},
			Help:  "file for the process id while the node runs (default: none)",
		},
		{
			Name: "pprof", Flag: "pprof", Section: ofNode, Unit: "HOST:PORT", Private: true,
			Value: &setting.Text{At: setting.TextAt(&c.profileAddress)},
			Help: "loopback address at which go tool pprof asks for profiles: http://HOST:PORT/debug/pprof/ " +
				"(default: none)",
		},
	}
}

func (c *Config) clientRows() []*setting.Row {
	replies := memory(c.tuning.Output.Replies(), minEntryBytes, maxOutputBytes)
	replies.Zero = "no limit"
	return []*setting.Row{
		{
			Name: "requirepass", Flag: "requirepass", Section: ofClients, Unit: "password", Live: true,
			Value: &setting.Text{At: &c.tuning.Password},
			Help:  "password that clients must give",
		},
		{
			Name: "protected-mode", Flag: "protected-mode", Section: ofClients, Unit: "yes|no", Live: true,
			Value: &setting.YesOrNo{YesNo: setting.YesNo{At: &c.tuning.Protected}},
			Help:  "without a password, serve only clients of this machine",
		},
		{
			Name: "maxclients", Flag: "maxclients", Section: ofClients, Unit: "clients", Live: true,
			Value:   &setting.Int{At: &c.tuning.MaxClients, Min: 1, Max: math.MaxUint32},
			Allowed: refuseMoreThanDescriptors,
			Help:    "how many clients may be connected at once",
		},
		{
			Name: "timeout", Flag: "timeout", Section: ofClients, Unit: "seconds", Live: true,
			Value: &setting.Int{At: &c.tuning.IdleNanos, Max: math.MaxInt32, Unit: nanosPerSecond},
			Help:  "close a client that was silent for so many seconds; 0: never",
		},
		{
			Name: "client-output-buffer-bytes", Flag: "client-output-buffer-bytes", Section: ofClients, Unit: "bytes",
			Private: true, Value: replies,
			Help: "close a client for which more bytes of replies wait than this; 0: never",
		},
		{
			Name: "databases", Flag: "databases", Section: ofClients, Unit: "number", Default: command.DefaultDatabases,
			Value: &setting.Int{At: setting.At(&c.front.Limits.Databases), Min: 1, Max: command.MaxDatabases},
			Help:  "how many databases clients may use, numbered from 0; the same on all nodes",
		},
		{
			Name: "raft.max-entry-bytes", Flag: "max-entry-bytes", Section: ofClients, Unit: "bytes",
			Value: memory(setting.At(&c.node.MaxEntryBytes), minEntryBytes, maxEntryBytes),
			Help:  "largest write: one with more bytes is refused",
		},
		{
			Name: "raft.leader-wait-millis", Flag: "leader-wait-millis", Section: ofClients, Unit: "ms",
			Value: millis(&c.node.WaitMillis),
			Help:  "how long a command waits for a leader before it is answered CLUSTERDOWN: not done",
		},
		{
			Name: "raft.uncertain-after-millis", Flag: "uncertain-after-millis", Section: ofClients, Unit: "ms",
			Value: millis(&c.node.UncertainAfterMillis),
			Help:  "how long a command that was sent waits for its fate before it is answered UNCERTAIN: unknown",
		},
	}
}

func (c *Config) clusterRows() []*setting.Row {
	return []*setting.Row{
		{
			Name: "raft.cluster-view", Flag: "cluster-view", Section: ofCluster, Unit: "view",
			Value: &setting.Choice{At: setting.TextAt(&c.view), Words: []string{"spread", "leader", "off"}}, Default: "spread",
			Help: "how the cluster looks to cluster clients: spread (each voter that is up owns a share of the slots, " +
				"every node is a master), leader (the leader owns all, the others are its replicas) or off (no cluster)",
		},
		{
			Name: "raft.redirect", Flag: "redirect", Section: ofCluster, Unit: "way",
			Value: &setting.Choice{At: setting.TextAt(&c.redirect), Words: []string{"proxy", "moved"}}, Default: "proxy",
			Help: "what a node that does not lead does with commands on keys: proxy (have them done) or moved (send the " +
				"client to the leader; then --cluster-view is leader unless given)",
		},
		{
			Name: "cluster-node-timeout", Flag: "cluster-node-timeout", Section: ofCluster, Unit: "ms",
			Value: millis(&c.node.AbsentMillis),
			Help:  "after so long without a word from a node it loses its share of the slots in the spread view",
		},
		{
			Name: "cluster-announce-port", Flag: "cluster-announce-port", Section: ofCluster, Unit: "port",
			Value: announcedPort(&c.announced.port),
			Help:  "port at which clients reach this node (default: --port)",
		},
		{
			Name: "cluster-announce-bus-port", Flag: "cluster-announce-bus-port", Section: ofCluster, Unit: "port",
			Value: announcedPort(&c.announced.busPort),
			Help:  "port at which other nodes reach this node (default: --peer-port)",
		},
		{
			Name: "cluster-announce-hostname", Flag: "cluster-announce-hostname", Section: ofCluster, Unit: "name",
			Value: &setting.Text{At: setting.TextAt(&c.announced.hostname)},
			Help:  "host name that cluster clients are told beside the address",
		},
		{
			Name: "cluster-preferred-endpoint-type", Flag: "cluster-preferred-endpoint-type", Section: ofCluster, Unit: "type",
			Live: true, Value: &setting.Choice{At: &c.tuning.EndpointType, Words: topology.EndpointTypes()},
			Help: "by what cluster clients are told to connect to nodes: ip (the announced address), hostname, or " +
				"unknown-endpoint (the host that they know)",
		},
		{
			Name: "raft.heartbeat-millis", Flag: "heartbeat-millis", Section: ofLeaders, Unit: "ms",
			Value: millis(&c.node.HeartbeatMillis),
			Help:  "time between two signs of life of a leader",
		},
		{
			Name: "raft.election-millis", Flag: "election-millis", Section: ofLeaders, Unit: "ms",
			Value: millis(&c.node.ElectionMillis),
			Help:  "an election begins after so long to twice as long without a leader",
		},
		{
			Name: "raft.read-lease-millis", Flag: "read-lease-millis", Section: ofLeaders, Unit: "ms",
			Value: &setting.Int{
				At: setting.At(&c.node.ReadLeaseMillis), Min: minMillis, Max: maxReadLeaseMillis,
				Zero: "a majority confirms reads each time",
			},
			Help: "a leader that a majority has confirmed answers reads at once for four fifths of so long, if no node's " +
				"monotonic clock is more than 11 % too fast or too slow, and each counts the time for which a machine is " +
				"stopped: otherwise a read may be old for a moment; 0: no read rests on a clock",
		},
	}
}

func (c *Config) logRows() []*setting.Row {
	journalFile := memory(setting.At(&c.node.JournalFileBytes), minJournalBytes, journal.MaxFileBytes)
	journalFile.Multiple = journal.PageBytes
	snapshotLog := memory(setting.At(&c.snapshotLogBytes), minSnapshotLogBytes, maxBytes)
	snapshotLog.Zero = "none but those of BGSAVE"
	backlog := memory(setting.At(&c.node.MaxHistoryBytes), minSnapshotLogBytes, maxBytes)
	backlog.Zero = "as --snapshot-log-bytes says"
	return []*setting.Row{
		{
			Name: "raft.journal-file-bytes", Flag: "journal-file-bytes", Section: ofLog, Unit: "bytes",
			Value: journalFile,
			Help:  "size of each of the two files of the journal, which are written out in advance; the same on all nodes",
		},
		{
			Name: "raft.snapshot-log-bytes", Flag: "snapshot-log-bytes", Section: ofLog, Unit: "bytes",
			Value: snapshotLog,
			Help: "write a snapshot of the data after so much log, or as much as the last snapshot has, whichever is more: a " +
				"restart has no more than that to do again; 0: only when BGSAVE asks for one",
		},
		{
			Name: "raft.snapshot-bytes-per-second", Flag: "snapshot-bytes-per-second", Section: ofLog, Unit: "bytes",
			Value: memory(setting.At(&c.node.SnapshotBytesPerSecond), minSnapshotRate, maxBytes),
			Help:  "how fast snapshots are written to disk, and sent to another node",
		},
		{
			Name: "raft.compare-entries", Flag: "compare-entries", Section: ofLog, Unit: "number",
			Value: &setting.Int{At: setting.At(&c.node.CompareEntries), Min: minCompareEntries, Max: maxCompareEntries},
			Help: "the nodes compare the hash of all data behind each entry that is a multiple of so many; one that differs " +
				"from a majority takes over the data of another node",
		},
		{
			Name: "repl-backlog-size", Flag: "repl-backlog-size", Section: ofLog, Unit: "bytes", Value: backlog,
			Help: "how much log is kept for nodes that are a little behind; one that is further behind is sent a snapshot " +
				"(default: 4 times --snapshot-log-bytes)",
		},
	}
}

// testRows are for the playground and for tests.
func (c *Config) testRows() []*setting.Row {
	return []*setting.Row{
		{
			Name: "lifeline-fd", Flag: "lifeline-fd", Section: playground, Unit: "number", Hidden: true, Private: true,
			Value: &setting.Int{At: setting.At(&c.lifelineDescriptor), Max: math.MaxInt32},
			Help:  "descriptor of a pipe; the node stops when its other end is closed",
		},
		{
			Name: "peer-route", Flag: "peer-route", Section: playground, Unit: "ROUTE", Hidden: true, Private: true,
			Value: &setting.List{At: &c.peerRoutes},
			Help:  "HOST:PORT=HOST:PORT: dial the second where another node's address is the first. May be repeated",
		},
		{
			Name: "hosts-file", Flag: "hosts-file", Section: playground, Unit: "file", Hidden: true, Private: true,
			Names: setting.File, Value: &setting.Text{At: setting.TextAt(&c.hostsFile)},
			Help: "file like /etc/hosts by which names of other nodes are resolved",
		},
		{
			Name: "clock-offset", Flag: "clock-offset", Section: playground, Unit: "duration", Hidden: true, Private: true,
			Value: &setting.Duration{At: &c.clockOffset},
			Help:  "how wrong this node's clock is, by which keys with a deadline end",
		},
		{
			Name: "clock-offset-file", Flag: "clock-offset-file", Section: playground, Unit: "FILE", Hidden: true,
			Private: true, Value: &setting.Text{At: setting.TextAt(&c.clockOffsetFile)},
			Help: "a file that says how wrong this node's clock is besides; it may change while the node runs",
		},
	}
}

// liveRows are what CONFIG SET changes and no flag sets.
func (c *Config) liveRows() []*setting.Row {
	t := c.tuning
	integer := func(at setting.Cell, minimum, maximum int64) setting.Value {
		return &setting.Int{At: at, Min: minimum, Max: maximum}
	}
	live := func(name string, value setting.Value) *setting.Row {
		return &setting.Row{Name: name, Live: true, Value: value}
	}
	minQuery, maxQuery := resp.QueryBounds()
	debug := &setting.Choice{At: &t.EnableDebug, Words: []string{resp.DebugNo, resp.DebugYes, resp.DebugLocal}}
	return []*setting.Row{
		live("client-output-buffer-limit", &t.Output),
		live("client-query-buffer-limit", memory(&t.MaxQueryBytes, minQuery, maxQuery)),
		{Name: "enable-debug-command", Value: debug},
		live("latency-monitor-threshold", integer(&t.LatencyThresholdMillis, 0, math.MaxInt64)),
		live("latency-tracking", &setting.YesNo{At: &t.LatencyTracking}),
		live("latency-tracking-info-percentiles", &t.Percentiles),
		{Name: "maxmemory", Live: true, Value: memory(&t.MaxMemoryBytes, 0, math.MaxInt64), Allowed: c.refuseLimit},
		{Name: "maxmemory-policy", Live: true, Allowed: c.refusePolicy, Value: &setting.Choice{
			At: &t.MemoryPolicy, Words: resp.EvictionPolicies,
		}},
		live("proto-max-bulk-len", memory(&t.MaxBulkBytes, minQuery, maxQuery)),
		{Name: "enable-module-command", Value: setting.Only("no")},
		{Name: "enable-protected-configs", Value: setting.Only("no")},
		live("slowlog-log-slower-than", integer(&t.SlowerThanMicros, -1, math.MaxInt64)),
		live("slowlog-max-len", integer(&t.SlowLogCommands, 0, maxSlowLogCommands)),
		live("tcp-keepalive", integer(&t.KeepAliveSeconds, 0, math.MaxInt32)),
		live("tracking-table-max-keys", integer(&t.TrackedKeys, 1, math.MaxInt64)),
	}
}

// natureRows are what this product does by its nature, said in Redis's words. Tools read some of them before they do
// anything else. What Redis lets people change may be set to the value that it has.
func (c *Config) natureRows() []*setting.Row {
	only := func(name, value string) *setting.Row {
		return &setting.Row{Name: name, Live: true, Value: setting.Only(value)}
	}
	return []*setting.Row{
		only("activerehashing", "no"),
		only("appendfsync", "always"),
		only("appendonly", "yes"),
		{Name: "cluster-enabled", Value: setting.Shown(c.clusterEnabled)},
		only("cluster-require-full-coverage", "yes"),
		{Name: "daemonize", Value: setting.Only("no")},
		only("hz", "10"),
		{Name: "io-threads", Value: setting.Only("1")},
		only("lazyfree-lazy-user-flush", "yes"),
		only("maxmemory-clients", "0"),
		only("maxmemory-samples", "5"),
		only("notify-keyspace-events", ""),
		{Name: "replicaof", Synonyms: []string{"slaveof"}, Value: setting.Only("")},
		only("save", ""),
	}
}

func memory(at setting.Cell, minimum, maximum int64) *setting.Memory {
	return &setting.Memory{Int: setting.Int{At: at, Min: minimum, Max: maximum}}
}

// announcedPort is a port that others are told instead of one of this node's own.
func announcedPort(at *int) *setting.Int {
	return &setting.Int{At: setting.At(at), Min: 1, Max: address.MaxPort, Zero: "its own"}
}

// maxReadLeaseMillis is the library's bound: a promise among voters that is longer would only delay elections.
const maxReadLeaseMillis = 10_000

func millis(at *int) *setting.Int {
	return &setting.Int{At: setting.At(at), Min: minMillis, Max: maxMillis}
}

func (c *Config) clusterEnabled() string {
	if c.view == "off" {
		return "no"
	}
	return "yes"
}
