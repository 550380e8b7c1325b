package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/wal/journal"
)

// Defaults of flags that have none in a package of their own.
const (
	defaultPort       = 6379
	defaultBind       = "127.0.0.1"
	defaultDirectory  = "data"
	defaultMaxClients = 10_000
	// defaultOutputBytes is what may wait for one client that does not read.
	defaultOutputBytes = 256 << 20
)

// serveFlags are the flags of serve, as they were given.
type Flags struct {
	port, peerPort     int
	bind, announceHost string
	directory          string
	bootstrap          bool
	expect             int
	join               []string
	peerRoutes         []string
	view               viewFlag
	redirect           redirectFlag
	nodeTimeoutMillis  int
	password           string
	secretFile         string
	maxClients         int
	timeoutSeconds     int
	outputBytes        sizeFlag

	heartbeatMillis, electionMillis, waitMillis, uncertainAfterMillis int
	maxEntryBytes, journalFileBytes                                   sizeFlag
	snapshotLogBytes, snapshotRate, backlogBytes                      sizeFlag

	level      LogLevel
	lifelineFD int
	clock      clockOffset

	File configuration
}

// Define defines the flags, in sections. What may be set is little, and what is not set is right for most.
func (f *Flags) Define(flags *pflag.FlagSet) {
	f.defineNode(flags)
	f.defineClients(flags)
	f.defineView(flags)
	f.defineTimes(flags)
	f.defineLog(flags)
	f.defineHidden(flags)
}

func (f *Flags) defineNode(flags *pflag.FlagSet) {
	flags.StringVar(&f.directory, "dir", defaultDirectory,
		"`directory` of the node: everything it must not forget. It is made if it does not exist")
	flags.IntVar(&f.port, "port", defaultPort, "`port` for clients")
	flags.IntVar(&f.peerPort, "peer-port", 0, "`port` for other nodes (default: --port plus 10000)")
	flags.StringVar(&f.bind, "bind", defaultBind, "`address` to listen on, for clients and for other nodes")
	flags.StringVar(&f.announceHost, "announce-host", "",
		"name or address (`host`) at which others reach this node (default: --bind)")
	flags.BoolVar(&f.bootstrap, "bootstrap", false, "if the directory is blank: make a new cluster")
	flags.IntVar(&f.expect, "expect", 1, "with --bootstrap: how many `nodes` form the cluster, this one included")
	flags.StringSliceVar(&f.join, "join", nil,
		"if the directory is blank: `HOST:PORT` of nodes (their ports for clients) to ask to be taken in, as a voter, by "+
			"the cluster that they form or run; HOST:PORT@PEERPORT if their peer port is not 10000 above. May be repeated")
	flags.StringVar(&f.secretFile, "cluster-secret-file", "",
		"`file` with a secret that all nodes of the cluster share; nodes without it are turned away")
	flags.Var(&f.level, "log-level", "least important lines of the log that are written: debug, info, warn or error")
	cli.NamesDirectory(flags, "dir")
	cli.NamesFile(flags, "cluster-secret-file")
	section(flags, "The node")
}

func (f *Flags) defineClients(flags *pflag.FlagSet) {
	defaults := consensus.DefaultOptions()
	flags.StringVar(&f.password, "requirepass", "", "`password` that clients must give")
	flags.IntVar(&f.maxClients, "maxclients", defaultMaxClients, "how many `clients` may be connected at once")
	flags.IntVar(&f.timeoutSeconds, "timeout", 0, "close a client that was silent for so many `seconds`; 0: never")
	f.outputBytes.define(flags, "client-output-buffer-bytes", defaultOutputBytes,
		"close a client for which more bytes of replies wait than this")
	f.maxEntryBytes.define(flags, "max-entry-bytes", sizeFlag(defaults.MaxEntryBytes),
		"largest write, and largest argument of any command")
	flags.IntVar(&f.waitMillis, "leader-wait-millis", defaults.WaitMillis,
		"`milliseconds` a command waits for a leader before it is answered CLUSTERDOWN: not done")
	flags.IntVar(&f.uncertainAfterMillis, "uncertain-after-millis", defaults.UncertainAfterMillis,
		"`milliseconds` a command that was sent waits for its fate before it is answered UNCERTAIN: unknown")
	section(flags, "Clients")
}

func (f *Flags) defineView(flags *pflag.FlagSet) {
	defaults := consensus.DefaultOptions()
	flags.Var(&f.view, "cluster-view", "how the cluster looks to cluster clients: spread (each voter that is up owns a "+
		"share of the slots), leader (the leader owns all) or off (no cluster)")
	flags.Var(&f.redirect, "redirect", "what a node that does not lead does with commands on keys: proxy (have them "+
		"done) or moved (send the client to the leader; then --cluster-view is leader unless given)")
	flags.IntVar(&f.nodeTimeoutMillis, "cluster-node-timeout", defaults.AbsentMillis,
		"`milliseconds` after which a node that is not heard loses its share of the slots in the spread view")
	section(flags, "Cluster clients")
}

func (f *Flags) defineTimes(flags *pflag.FlagSet) {
	defaults := consensus.DefaultOptions()
	flags.IntVar(&f.heartbeatMillis, "heartbeat-millis", defaults.HeartbeatMillis,
		"`milliseconds` between two signs of life of a leader")
	flags.IntVar(&f.electionMillis, "election-millis", defaults.ElectionMillis,
		"an election begins after so many to twice as many `milliseconds` without a leader")
	section(flags, "Elections")
}

func (f *Flags) defineLog(flags *pflag.FlagSet) {
	defaults := consensus.DefaultOptions()
	f.journalFileBytes.define(flags, "journal-file-bytes", sizeFlag(defaults.JournalFileBytes),
		"size of each of the two files of the journal, which are written out in advance; the same on all nodes")
	f.snapshotLogBytes.define(flags, "snapshot-log-bytes", sizeFlag(defaults.SnapshotLogBytes),
		"write a snapshot of the data after so much log, or as much as the last snapshot has, whichever is more: a restart "+
			"has no more than that to do again; 0: only when BGSAVE asks for one")
	f.snapshotRate.define(flags, "snapshot-bytes-per-second", sizeFlag(defaults.SnapshotBytesPerSecond),
		"how fast snapshots are written to disk, and sent to another node")
	f.backlogBytes.define(flags, "repl-backlog-size", 0,
		"how much log is kept for nodes that are a little behind; one that is further behind is sent a snapshot (default: "+
			"4 times --snapshot-log-bytes)")
	section(flags, "Log and snapshots")
}

// defineHidden defines what is for the playground and for tests.
func (f *Flags) defineHidden(flags *pflag.FlagSet) {
	flags.IntVar(&f.lifelineFD, "lifeline-fd", 0, "descriptor of a pipe; the node stops when its other end is closed")
	flags.StringArrayVar(&f.peerRoutes, "peer-route", nil,
		"HOST:PORT=HOST:PORT: dial the second where another node's address is the first. For tests. May be repeated")
	flags.DurationVar((*time.Duration)(&f.clock), "clock-offset", 0,
		"how wrong this node's clock is, for what keys with a deadline are judged by. For tests")
	hide(flags, "lifeline-fd", "peer-route", "clock-offset")
}

// check finds everything that is wrong with the flags as such, before any port or file is touched.
func (f *Flags) check() error {
	if err := checkPort("port", f.port); err != nil {
		return err
	}
	if err := f.choosePeerPort(); err != nil {
		return err
	}
	switch {
	case f.directory == "":
		return exit.WrongUsage("serve", "--dir is empty; name a directory")
	case f.bootstrap && len(f.join) > 0:
		return exit.WrongUsage("serve", "--bootstrap and --join exclude each other: a node makes a cluster or joins one")
	case !f.bootstrap && f.expect != 1:
		return exit.WrongUsage("serve", "--expect belongs to --bootstrap: the node that makes the cluster waits for the others")
	case f.expect < 1:
		return exit.WrongUsage("serve", "--expect is %d; a cluster has at least one node", f.expect)
	case f.timeoutSeconds < 0:
		return exit.WrongUsage("serve", "--timeout is %d; it is a number of seconds, or 0", f.timeoutSeconds)
	case f.electionMillis < 3*f.heartbeatMillis:
		return exit.WrongUsage("serve", "--election-millis is %d, which must be at least three times --heartbeat-millis (%d): "+
			"one lost heartbeat is no reason for an election", f.electionMillis, f.heartbeatMillis)
	case f.redirect.moved && f.view.given && f.view.View == topology.SpreadView:
		return exit.WrongUsage("serve", "--redirect moved contradicts --cluster-view spread: clients would be sent to nodes that "+
			"send them away; take --cluster-view leader")
	case f.nodeTimeoutMillis < 3*f.heartbeatMillis:
		return exit.WrongUsage("serve", "--cluster-node-timeout is %d, which must be at least three times --heartbeat-millis (%d)",
			f.nodeTimeoutMillis, f.heartbeatMillis)
	case address.Wildcard(f.bind) && f.announceHost == "" && (!f.bootstrap || f.expect > 1):
		return exit.WrongUsage("serve", "--bind %s is every address of this machine, and none that the other nodes could dial: "+
			"name one with --announce-host", f.bind)
	}
	return f.checkLimits()
}

// Limits of the sizes that have flags.
const (
	maxOutputBytes = 1 << 30
	minEntryBytes  = 1 << 10
	maxEntryBytes  = 1 << 20
	// minJournalBytes is what the largest entries need, see consensus.Options; maxJournalBytes is the journal's.
	minJournalBytes = 10 << 20
	maxJournalBytes = journal.MaxFileBytes
	minLogBytes     = 64 << 10
	minRate         = 512 << 10
	maxLogBytes     = 1 << 40
)

func (f *Flags) checkLimits() error {
	for _, limit := range []struct {
		flag        string
		value       int
		least, most int
	}{
		{"maxclients", f.maxClients, 1, 1 << 20},
		{"heartbeat-millis", f.heartbeatMillis, 10, 3_600_000},
		{"election-millis", f.electionMillis, 10, 3_600_000},
		{"cluster-node-timeout", f.nodeTimeoutMillis, 30, 3_600_000},
		{"leader-wait-millis", f.waitMillis, 10, 3_600_000},
		{"uncertain-after-millis", f.uncertainAfterMillis, 10, 3_600_000},
	} {
		if limit.value < limit.least || limit.value > limit.most {
			return exit.WrongUsage("serve", "--%s is %d; it must be %d to %d", limit.flag, limit.value, limit.least, limit.most)
		}
	}
	for _, limit := range []struct {
		flag               string
		value, least, most sizeFlag
		// zero says that 0 is allowed, and what it means.
		zero string
	}{
		{"max-entry-bytes", f.maxEntryBytes, minEntryBytes, maxEntryBytes, ""},
		{"journal-file-bytes", f.journalFileBytes, minJournalBytes, maxJournalBytes, ""},
		{"client-output-buffer-bytes", f.outputBytes, f.maxEntryBytes, maxOutputBytes, ""},
		{"snapshot-log-bytes", f.snapshotLogBytes, minLogBytes, maxLogBytes, ", or 0: none but those of BGSAVE"},
		{"snapshot-bytes-per-second", f.snapshotRate, minRate, maxLogBytes, ""},
		{"repl-backlog-size", f.backlogBytes, minLogBytes, maxLogBytes, ", or 0: as --snapshot-log-bytes says"},
	} {
		inRange := limit.value >= limit.least && limit.value <= limit.most
		if !inRange && (limit.value != 0 || limit.zero == "") {
			return exit.WrongUsage("serve", "--%s is %d; it must be %d to %d%s", limit.flag, limit.value, limit.least, limit.most,
				limit.zero)
		}
	}
	if f.journalFileBytes%journal.PageBytes != 0 {
		return exit.WrongUsage("serve", "--journal-file-bytes is %d; it must be a multiple of %d", f.journalFileBytes,
			journal.PageBytes)
	}
	return nil
}

func (f *Flags) choosePeerPort() error {
	if f.peerPort != 0 {
		if f.peerPort == f.port {
			return exit.WrongUsage("serve", "--peer-port and --port are both %d; they must differ", f.port)
		}
		return checkPort("peer-port", f.peerPort)
	}
	port, err := address.PeerPort(f.port)
	if err != nil {
		return exit.WrongUsage("serve", "--port %d: %v; choose one with --peer-port", f.port, err)
	}
	f.peerPort = port
	return nil
}

// joinAddresses translates --join.
func (f *Flags) joinAddresses() ([]string, error) {
	var addresses []string
	for _, text := range f.join {
		peer, err := address.Peer(text)
		if err != nil {
			return nil, exit.WrongUsage("serve", "--join %v", err)
		}
		addresses = append(addresses, peer)
	}
	return addresses, nil
}

// snapshotEvery is --snapshot-log-bytes as the library has it, where 0 is the default.
func (f *Flags) snapshotEvery() int64 {
	if f.snapshotLogBytes == 0 {
		return -1
	}
	return int64(f.snapshotLogBytes)
}

// backlog is how much log is kept for nodes that are behind.
func (f *Flags) backlog() sizeFlag {
	defaults := consensus.DefaultOptions()
	switch {
	case f.backlogBytes > 0:
		return f.backlogBytes
	case f.snapshotLogBytes > 0: // as much more as it is by default
		return f.snapshotLogBytes * sizeFlag(defaults.MaxHistoryBytes/defaults.SnapshotLogBytes)
	}
	return sizeFlag(defaults.MaxHistoryBytes)
}

// announced is the host at which others reach this node. It is empty for a cluster of one that listens on a wildcard:
// clients then stay with the address that they know, as with Redis, and no node can be added before there is a name.
func (f *Flags) announced() string {
	switch {
	case f.announceHost != "":
		return f.announceHost
	case address.Wildcard(f.bind):
		return ""
	}
	return f.bind
}

// openToOthers are the rights that a file with a secret must not give: the group may read it, for it may be how the
// file comes to the process that needs it.
const openToOthers = 0o027

// secret reads the file of the cluster secret. The line end that editors add is not part of it.
func (f *Flags) secret() ([]byte, error) {
	if f.secretFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.secretFile)
	if err != nil {
		return nil, fmt.Errorf("--cluster-secret-file: %w", err)
	}
	if info, err := os.Stat(f.secretFile); err == nil && info.Mode().Perm()&openToOthers != 0 {
		return nil, fmt.Errorf("--cluster-secret-file: %s has the mode %#o: others can read or change it, so it is no "+
			"secret; chmod 600 %[1]s, and if it was like that for long, a new secret", f.secretFile, info.Mode().Perm())
	}
	secret := bytes.TrimRight(text, "\r\n")
	if len(secret) == 0 {
		return nil, fmt.Errorf("--cluster-secret-file: %s is empty; put a long random line into it", f.secretFile)
	}
	return secret, nil
}

// absoluteDirectory is the directory as messages should name it.
func (f *Flags) absoluteDirectory() string {
	if path, err := filepath.Abs(f.directory); err == nil {
		return path
	}
	return f.directory
}

func (f *Flags) idleTimeout() time.Duration {
	return time.Duration(f.timeoutSeconds) * time.Second
}
