package resp

import (
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

// stopHandlers answer the commands by which a node stops to run, to lead, or, in Redis, to be its own master.
var stopHandlers = []handler{
	{of: node.Failover, answer: failover},
	{of: node.PSync, answer: refuseSync},
	{of: node.ReplicaOf, answer: replicaOf},
	{of: node.Shutdown, answer: shutdown, slow: true},
	{of: node.SlaveOf, answer: replicaOf},
	{of: node.Sync, answer: refuseSync},
}

// Error texts of the commands here. Those of SHUTDOWN, and noFailover, failoverAlone and failoverTimeout are Redis's.
const (
	noShutdown      = "ERR No shutdown in progress."
	shutdownFailed  = "ERR Errors trying to SHUTDOWN. Check logs."
	shutdownNobody  = "ERR this server has no process to end"
	noFailover      = "ERR No failover in progress."
	failoverAlone   = "ERR FAILOVER requires connected replicas."
	failoverTimeout = "ERR FAILOVER timeout must be greater than 0"
	failoverTarget  = "ERR FAILOVER TO is not offered: send CLUSTER FAILOVER to the node that shall lead"
	noReplicaOf     = "ERR REPLICAOF not allowed in cluster mode: every node has all keys. " +
		"CLUSTER ADDNODE host:port adds a node, CLUSTER FAILOVER makes the node lead to which it is sent"
	noSync = "ERR a node sends what it has to the members of its cluster only: " +
		"add one by CLUSTER ADDNODE host:port LEARNER"
)

// failoverPeriod is how long FAILOVER tries, unless it says for how long.
const failoverPeriod = 10 * time.Second

// shutdownOptions are those of SHUTDOWN.
type shutdownOptions struct{ save, noSave, now, force, abort bool }

func parseShutdown(args [][]byte) (o shutdownOptions, ok bool) {
	for _, arg := range args {
		switch strings.ToLower(string(arg)) {
		case "save":
			o.save = true
		case "nosave":
			o.noSave = true
		case "now":
			o.now = true
		case "force":
			o.force = true
		case "abort":
			o.abort = true
		default:
			return o, false
		}
	}
	alone := o == shutdownOptions{abort: true}
	return o, (!o.abort || alone) && !(o.save && o.noSave)
}

// shutdown is SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]. As in Redis there is no reply: the connection ends with the
// process. Everything acknowledged is on disks already. SAVE has a snapshot written first, which shortens the next
// start; FORCE stops although that failed, and ABORT ends the wait for it. NOW does not hand leadership over.
func shutdown(c *Conn, dst []byte, args [][]byte) []byte {
	o, ok := parseShutdown(args[1:])
	s := c.server
	switch {
	case !ok:
		return reply.Error(dst, reply.Syntax)
	case o.abort && s.saveThenStop.Swap(false):
		s.saves.tell()
		return reply.OK(dst)
	case o.abort:
		return reply.Error(dst, noShutdown)
	case s.shutdown == nil:
		return reply.Error(dst, shutdownNobody)
	case !o.save:
		c.stopProcess(o.now)
		return dst
	}
	before := s.persistence()
	switch refusal := s.save(); {
	case refusal == "", refusal == saveInProgress:
	case o.force:
		c.stopProcess(o.now)
		return dst
	default:
		return reply.Error(dst, refusal)
	}
	s.saveThenStop.Store(true)
	c.await(&s.saves, 0, func(dst []byte, _ bool) ([]byte, bool) {
		now := s.persistence()
		failed := now.Failures > before.Failures
		switch {
		case !s.saveThenStop.Load():
			return reply.Error(dst, shutdownFailed), true
		case now.Saves > before.Saves, failed && o.force:
			c.stopProcess(o.now)
			return dst, true
		case failed:
			s.saveThenStop.Store(false)
			return reply.Error(dst, shutdownFailed), true
		}
		return dst, false
	})
	return dst
}

// stopProcess has the process stop, and ends the connection without a reply.
func (c *Conn) stopProcess(now bool) {
	c.server.shutdown(now)
	c.phase, c.outlives = ended, true
}

// failoverOptions are those of FAILOVER.
type failoverOptions struct {
	target, abort bool
	period        time.Duration
}

// parseFailover returns the options or the text of an error.
func parseFailover(args [][]byte) (o failoverOptions, failure string) {
	o.period = failoverPeriod
	for i := 0; i < len(args); i++ {
		option, following := strings.ToLower(string(args[i])), len(args)-1-i
		switch {
		case option == "abort" && len(args) == 1:
			o.abort = true
		case option == "timeout" && following >= 1:
			i++
			millis, ok := number.Parse(args[i])
			switch {
			case !ok:
				return o, reply.NotInteger
			case millis <= 0 || millis > int64(time.Hour/time.Millisecond):
				return o, failoverTimeout
			}
			o.period = time.Duration(millis) * time.Millisecond
		case option == "to" && following >= 2:
			o.target = true
			i += 2
		case option == "force" && o.target:
		default:
			return o, reply.Syntax
		}
	}
	return o, ""
}

// failover is FAILOVER [ABORT] [TIMEOUT milliseconds], sent to the node that leads: leadership goes to the voter that
// is furthest. As in Redis OK means that it was begun.
func failover(c *Conn, dst []byte, args [][]byte) []byte {
	o, failure := parseFailover(args[1:])
	leader := c.server.node.Leader()
	switch {
	case failure != "":
		return reply.Error(dst, failure)
	case o.abort:
		return reply.Error(dst, noFailover)
	case o.target:
		return reply.Error(dst, failoverTarget)
	case !leader.Known:
		return reply.Error(dst, noLeaderText)
	case !leader.Self:
		return reply.Error(dst, "ERR FAILOVER is not valid when server is a replica: send it to the leader at "+
			address.Join(leader.Host, leader.Port)+", or CLUSTER FAILOVER to this node, so that it leads")
	case !c.server.anyOtherVoter():
		return reply.Error(dst, failoverAlone)
	}
	c.server.node.HandOver(o.period)
	return reply.OK(dst)
}

// anyOtherVoter reports whether there is a voter to which leadership could go.
func (s *Server) anyOtherVoter() bool {
	cluster := s.node.Cluster()
	for i := range cluster.Nodes {
		if n := &cluster.Nodes[i]; n.ID != cluster.Self && n.Voter && n.Up && !n.Leaving {
			return true
		}
	}
	return false
}

// replicaOf is REPLICAOF and SLAVEOF: NO ONE is said to a server without a cluster, to be what it is already.
func replicaOf(c *Conn, dst []byte, args [][]byte) []byte {
	noOne := strings.EqualFold(string(args[1]), "no") && strings.EqualFold(string(args[2]), "one")
	if noOne && c.server.view == topology.NoView {
		return reply.OK(dst)
	}
	return reply.Error(dst, noReplicaOf)
}

// refuseSync is SYNC and PSYNC, by which replicas of Redis's kind ask for everything.
func refuseSync(_ *Conn, dst []byte, _ [][]byte) []byte { return reply.Error(dst, noSync) }
