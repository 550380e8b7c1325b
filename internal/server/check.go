package server

import (
	"slices"
	"strings"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/profile"
	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/resp/topology"
)

// complete derives what was not given from what was, and refuses settings that contradict each other, before any port
// or file is touched. Bounds of single settings were checked when they were set.
func (c *Config) complete() error {
	if err := c.choosePeerPort(); err != nil {
		return err
	}
	if err := c.contradictions(); err != nil {
		return err
	}
	if c.profileAddress != "" {
		if err := profile.Check(c.profileAddress); err != nil {
			return wrong("--pprof %v", err)
		}
	}
	c.chooseView()
	if c.node.MaxHistoryBytes == 0 {
		c.node.MaxHistoryBytes = c.defaultBacklog()
	}
	c.node.SnapshotLogBytes = c.snapshotLogBytes
	if c.snapshotLogBytes == 0 {
		c.node.SnapshotLogBytes = -1 // 0 is the library's default
	}
	c.front.Limits.MaxEntryBytes = c.node.MaxEntryBytes
	c.front.RedirectMoved = c.redirect == "moved"
	var err error
	if c.front.ClusterView, err = topology.ParseView(c.view); err != nil {
		return err
	}
	if err := c.announce(); err != nil {
		return err
	}
	if c.node.Join, err = c.joinAddresses(); err != nil {
		return err
	}
	c.node.Directory = absoluteDirectory(c.node.Directory)
	return nil
}

// contradictions finds settings that exclude each other.
func (c *Config) contradictions() error {
	n := &c.node
	switch {
	case n.Directory == "":
		return wrong("--dir is empty; name a directory")
	case n.Bootstrap && len(c.join) > 0 && n.Expect == 1:
		return wrong("--bootstrap with --join needs --expect, the number of nodes that make the cluster together: " +
			"--bootstrap alone makes a cluster of one, --join alone joins one")
	case !n.Bootstrap && n.Expect != 1:
		return wrong("--expect belongs to --bootstrap: the node that makes the cluster waits for the others")
	case n.ElectionMillis < 3*n.HeartbeatMillis:
		return wrong("--election-millis is %d, which must be at least three times --heartbeat-millis (%d): "+
			"one lost heartbeat is no reason for an election", n.ElectionMillis, n.HeartbeatMillis)
	case n.ReadLeaseMillis != 0 &&
		(n.ReadLeaseMillis < 2*n.HeartbeatMillis || n.ReadLeaseMillis > n.ElectionMillis-n.HeartbeatMillis):
		return wrong("--read-lease-millis is %d, which must be 0, or from twice --heartbeat-millis (%d) to "+
			"--election-millis less one heartbeat (%d)",
			n.ReadLeaseMillis, 2*n.HeartbeatMillis, n.ElectionMillis-n.HeartbeatMillis)
	case c.redirect == "moved" && c.given[c.row("raft.cluster-view")] && c.view == "spread":
		return wrong("--redirect moved contradicts --cluster-view spread: clients would be sent to nodes that " +
			"send them away; take --cluster-view leader")
	case n.AbsentMillis < 3*n.HeartbeatMillis:
		return wrong("--cluster-node-timeout is %d, which must be at least three times --heartbeat-millis (%d)",
			n.AbsentMillis, n.HeartbeatMillis)
	case c.tuning.MaxMemoryBytes.Load() > 0 && c.tuning.MemoryPolicy.Load() != resp.NoEviction:
		return wrong("maxmemory-policy is %s, and %s", c.tuning.MemoryPolicy.Load(), evictsNothing)
	case len(c.bind) == 0:
		return wrong("--bind is empty; name an address to listen on")
	case slices.ContainsFunc(c.bind, namesNothing):
		return wrong("--bind %s has a word without an address, which would be every address of this machine: name one; "+
			"a dash before it makes it optional", strings.Join(c.bind, " "))
	case c.unreachable() && (!n.Bootstrap || n.Expect > 1):
		return wrong("--bind %s is every address of this machine, and none that the other nodes could dial: "+
			"name one with --announce-host, or with --announce-client and --announce-peer", strings.Join(c.bind, " "))
	}
	return c.checkAnnouncements()
}

// namesNothing reports whether a word of --bind has no address.
func namesNothing(word string) bool { return strings.TrimPrefix(word, "-") == "" }

// wrong is a wrong command line of serve.
func wrong(format string, args ...any) error { return exit.WrongUsage("serve", format, args...) }

func (c *Config) choosePeerPort() error {
	if c.peerPort == 0 {
		port, err := address.PeerPort(c.port)
		if err != nil {
			return wrong("--port %d: %v; choose one with --peer-port", c.port, err)
		}
		c.peerPort = port
	}
	if c.peerPort == c.port {
		return wrong("--peer-port and --port are both %d; they must differ", c.port)
	}
	return nil
}

// chooseView is the leader's view where clients are sent to the leader: they must not be told that others own slots.
func (c *Config) chooseView() {
	if c.redirect == "moved" && !c.given[c.row("raft.cluster-view")] {
		c.view = topology.LeaderView.String()
	}
}

// joinAddresses translates --join.
func (c *Config) joinAddresses() (addresses []string, err error) {
	for _, text := range c.join {
		peer, err := address.Peer(text)
		if err != nil {
			return nil, wrong("--join %v", err)
		}
		addresses = append(addresses, peer)
	}
	return addresses, nil
}

// defaultBacklog is how much log is kept for nodes that are behind: as many times the log between two snapshots as by
// default.
func (c *Config) defaultBacklog() int64 {
	defaults := consensus.DefaultOptions()
	if c.snapshotLogBytes > 0 {
		return c.snapshotLogBytes * (defaults.MaxHistoryBytes / defaults.SnapshotLogBytes)
	}
	return defaults.MaxHistoryBytes
}

// evictsNothing is why a policy of eviction and a limit of memory exclude each other.
const evictsNothing = "with maxmemory nothing is evicted here, a full node refuses writes: maxmemory-policy must be " +
	"noeviction, or maxmemory 0"

// refuseLimit and refusePolicy keep maxmemory from being set beside a policy that evicts, in one call of CONFIG SET as
// in two.
func (c *Config) refuseLimit(text string, beside setting.Beside) *setting.Refusal {
	policy, given := beside("maxmemory-policy")
	if !given {
		policy = c.tuning.MemoryPolicy.Load()
	}
	return c.refuseEviction(text, policy)
}

func (c *Config) refusePolicy(text string, beside setting.Beside) *setting.Refusal {
	limit, given := beside("maxmemory")
	if !given {
		limit = c.row("maxmemory").String()
	}
	return c.refuseEviction(limit, text)
}

func (c *Config) refuseEviction(limit, policy string) *setting.Refusal {
	if !strings.ContainsAny(limit, "123456789") || strings.EqualFold(policy, resp.NoEviction) {
		return nil
	}
	return &setting.Refusal{Found: policy, Wanted: resp.NoEviction, Redis: evictsNothing}
}
