package resp

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

// nodeHandlers answer the commands that show the node.
var nodeHandlers = []handler{
	{of: node.Info, answer: showInfo},
	{of: node.LolWut, answer: lolwut},
	help(node.ModuleHelp),
	{of: node.ModuleList, answer: moduleList},
	{of: node.Monitor, answer: monitor},
	{of: node.RaftHealth, answer: raftHealth, slow: true},
	{of: node.RaftIndex, answer: raftIndex},
	{of: node.RaftRead, answer: raftRead},
	help(data.RaftSessionHelp),
	{of: node.Role, answer: role},
	{of: node.Time, answer: timeNow},
}

// timeNow is TIME: this node's clock. No promise rests on it, and expiry goes by another.
func timeNow(c *Conn, dst []byte, _ [][]byte) []byte {
	now := c.server.now()
	dst = reply.BulkString(reply.ArrayHeader(dst, 2), strconv.FormatInt(now.Unix(), 10))
	return reply.BulkString(dst, strconv.Itoa(now.Nanosecond()/1000))
}

// moduleList is MODULE LIST: there is none, and none can be loaded.
func moduleList(_ *Conn, dst []byte, _ [][]byte) []byte { return reply.ArrayHeader(dst, 0) }

// raftIndex is RAFT.INDEX: the last entry of the log that this node has applied. A client that has it from one node can
// see on another whether that has come as far.
func raftIndex(c *Conn, dst []byte, _ [][]byte) []byte {
	return reply.Integer(dst, int64(c.server.node.Applied()))
}

// raftReadArguments is said of wrong arguments of RAFT.READ.
const raftReadArguments = "ERR RAFT.READ takes LINEARIZABLE or STALE; without an argument it says which of them holds"

// raftRead is RAFT.READ [LINEARIZABLE|STALE]: how old the state may be that reads of this connection are answered from.
// After STALE the node answers at once from what it has, whether it leads or not, and nothing is known of the age. It
// is the way to ask for that by name, in every view.
func raftRead(c *Conn, dst []byte, args [][]byte) []byte {
	switch {
	case len(args) == 1 && c.facts().stale:
		return reply.BulkString(dst, "stale")
	case len(args) == 1:
		return reply.BulkString(dst, "linearizable")
	case len(args) == 2 && strings.EqualFold(string(args[1]), "linearizable"):
		c.session.set(func(f *facts) { f.stale = false })
		return reply.OK(dst)
	case len(args) != 2 || !strings.EqualFold(string(args[1]), "stale"):
		return reply.Error(dst, raftReadArguments)
	}
	if refusal := c.server.staleRefusal(); refusal != "" {
		return reply.Error(dst, refusal)
	}
	c.session.set(func(f *facts) { f.stale = true })
	return reply.OK(dst)
}

// readOnly is READONLY. Where it loosens reads, a node that has served nothing since its start refuses it, and one that
// takes no part (rolled back, replaced, copied): what it has may be the state of any time, also of one long before what
// this client has seen here. A node that was removed takes it: it answers no reads at all, and the client learns where
// to go by the next one.
func readOnly(c *Conn, dst []byte, _ [][]byte) []byte {
	refusal := c.server.staleRefusal()
	if c.server.view.ReadOnlyLoosens() && refusal != "" && refusal != readOnlyRemoved {
		return reply.Error(dst, refusal)
	}
	c.session.set(func(f *facts) { f.readOnly = true })
	return reply.OK(dst)
}

// staleRefusal says why this node answers no stale reads; it is empty if it does.
func (s *Server) staleRefusal() string {
	switch s.node.Standing().State {
	case topology.Up:
		return ""
	case topology.Removed:
		return readOnlyRemoved
	case topology.Loading, topology.Initializing, topology.Joining:
		return reply.Loading
	}
	return refusalPrefix + s.node.Leader().Refusal
}

func readWrite(c *Conn, dst []byte, _ [][]byte) []byte {
	c.session.set(func(f *facts) { f.readOnly = false })
	return reply.OK(dst)
}

// role is ROLE: what the cluster's view makes of this node at this moment. A master lists its replicas and how far it
// knows each to be; a replica names its master.
func role(c *Conn, dst []byte, _ [][]byte) []byte {
	shown, _ := c.server.clusterMap()
	own, applied := shown.Myself(), int64(c.server.node.Applied())
	if own.Role == topology.Replica {
		return replicaRole(dst, own.Master, applied)
	}
	replicas := shown.Followers(own)
	dst = reply.BulkString(reply.ArrayHeader(dst, 3), own.Role.Old())
	dst = reply.ArrayHeader(reply.Integer(dst, applied), len(replicas))
	for _, replica := range replicas {
		dst = reply.BulkString(reply.ArrayHeader(dst, 3), replica.Host)
		dst = reply.BulkString(dst, strconv.Itoa(replica.Port))
		dst = reply.BulkString(dst, strconv.FormatUint(replica.Match, 10))
	}
	return dst
}

func replicaRole(dst []byte, master *topology.SlotOwner, applied int64) []byte {
	host, port, state := "", 0, "connect"
	if master != nil {
		host, port, state = master.Host, master.Port, "connected"
	}
	dst = reply.BulkString(reply.ArrayHeader(dst, 5), topology.Replica.Old())
	dst = reply.Integer(reply.BulkString(dst, host), int64(port))
	return reply.Integer(reply.BulkString(dst, state), applied)
}

// lolwut is LOLWUT [VERSION n]: the version of Redis, without art.
func lolwut(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) >= 3 && strings.EqualFold(string(args[1]), "version") {
		if _, ok := number.Parse(args[2]); !ok {
			return reply.Error(dst, reply.NotInteger)
		}
	}
	return reply.Verbatim(dst, c.protocol(), "txt", "Redis ver. "+redisVersion+"\n")
}

// confirmPeriod is how long a probe waits for a read to be confirmed. A healthy cluster takes milliseconds; those who
// probe wait for a second as a rule, and an answer that comes later says less than none.
const confirmPeriod = 600 * time.Millisecond

// unconfirmed is the health of a node whose read was not confirmed.
var unconfirmed = Health{
	State:  HealthUnconfirmed,
	Reason: "a read was not confirmed in time: the way to the leader, or to a majority, is cut, or this node is behind",
}

// raftHealth is RAFT.HEALTH [LIVE|READY]. A node that answers is live: a restart would help nothing. Whether it is
// ready it finds out by what it knows and, if that says so, by a read that a majority confirms.
//
// READY and LIVE answer in one line, for load balancers and shells: +ready or -NOTREADY word: reason; +live. Without
// them the answer is a map.
func raftHealth(c *Conn, dst []byte, args [][]byte) []byte {
	answer := healthReport
	switch {
	case len(args) > 2:
		return reply.Error(dst, reply.WrongArity("raft.health"))
	case len(args) == 1:
	case strings.EqualFold(string(args[1]), "live"):
		return reply.Simple(dst, "live")
	case strings.EqualFold(string(args[1]), "ready"):
		answer = healthLine
	default:
		return reply.Error(dst, "ERR RAFT.HEALTH takes LIVE or READY")
	}
	now := c.server.node.Health()
	if now.State != HealthReady {
		return answer(dst, c.protocol(), now)
	}
	var confirmed atomic.Pointer[bool]
	wake := c.request.wake
	c.server.node.Confirm(func(is bool) {
		confirmed.Store(&is)
		wake()
	})
	c.await(nil, confirmPeriod, func(dst []byte, last bool) ([]byte, bool) {
		switch is := confirmed.Load(); {
		case is != nil && *is:
			return answer(dst, c.protocol(), now), true
		case is != nil || last:
			return answer(dst, c.protocol(), unconfirmed), true
		}
		return dst, false
	})
	return dst
}

func healthLine(dst []byte, _ int, h Health) []byte {
	if h.State == HealthReady {
		return reply.Simple(dst, string(HealthReady))
	}
	return reply.Error(dst, "NOTREADY "+string(h.State)+": "+h.Reason)
}

func healthReport(dst []byte, protocol int, h Health) []byte {
	ready := "no"
	if h.State == HealthReady {
		ready = "yes"
	}
	dst = reply.MapHeader(dst, protocol, 4)
	dst = appendPair(appendPair(dst, "live", "yes"), "ready", ready)
	return appendPair(appendPair(dst, "state", string(h.State)), "reason", h.Reason)
}
