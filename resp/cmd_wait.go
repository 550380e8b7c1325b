package resp

import (
	"time"

	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// waitHandlers answer the commands that wait for other nodes.
var waitHandlers = []handler{
	{of: node.Wait, answer: wait, slow: true},
	{of: node.WaitAOF, answer: waitAOF, slow: true},
}

// reach is how far the writes up to an index have come.
type reach struct {
	// local says that they are on this node's own disk; others counts the nodes besides one on whose disks they are.
	local  bool
	others int
	// final says that this node will not learn of more.
	final bool
}

// reachOf counts the nodes that have everything up to an index which this node has applied. What was applied is on the
// disks of a majority of the voters, on whichever node the client asks: so many are known without hearing from any. A
// leader knows how far each other node is; no other node does, and what it can say now it can say at once.
func (p *Progress) reachOf(index uint64) reach {
	known := reach{local: p.Own >= index, final: !p.Leads}
	others := 0
	for _, match := range p.Others {
		if match >= index {
			others++
		}
	}
	if p.Voters > 0 {
		known.others = max(others, p.Voters/2) // a majority, without the one that stands for Redis's master
	}
	return known
}

// parseWait reads the number of replicas and the time of WAIT and WAITAOF, or returns the text of an error.
func parseWait(replicas, timeout []byte) (wanted int64, period time.Duration, failure string) {
	wanted, ok := number.Parse(replicas)
	if !ok {
		return 0, 0, reply.NotInteger
	}
	period, failure = parseTimeout(timeout)
	return wanted, period, failure
}

// wait is WAIT replicas milliseconds: it answers how many nodes besides one have, on their disks, everything that this
// node has applied when it comes; so also every write that was acknowledged to this client.
func wait(c *Conn, dst []byte, args [][]byte) []byte {
	wanted, period, failure := parseWait(args[1], args[2])
	if failure != "" {
		return reply.Error(dst, failure)
	}
	enough := func(s reach) bool { return int64(s.others) >= wanted }
	return c.awaitReach(dst, period, enough, func(dst []byte, s reach) []byte {
		return reply.Integer(dst, int64(s.others))
	})
}

// Error texts of WAITAOF, to the letter those of Redis.
const (
	waitLocal    = "ERR value is out of range, value must between 0 and 1"
	waitPositive = "ERR value is out of range, must be positive"
)

// waitAOF is WAITAOF local replicas milliseconds: as WAIT, but this node's own disk may be asked for too, and is told
// first. With Redis, WAIT is content with memory; here nothing but disks ever counts.
func waitAOF(c *Conn, dst []byte, args [][]byte) []byte {
	local, ok := number.Parse(args[1])
	switch {
	case !ok:
		return reply.Error(dst, reply.NotInteger)
	case local < 0 || local > 1:
		return reply.Error(dst, waitLocal)
	}
	wanted, period, failure := parseWait(args[2], args[3])
	switch {
	case failure != "":
		return reply.Error(dst, failure)
	case wanted < 0:
		return reply.Error(dst, waitPositive)
	}
	enough := func(s reach) bool { return int64(s.others) >= wanted && (s.local || local == 0) }
	return c.awaitReach(dst, period, enough, func(dst []byte, s reach) []byte {
		return reply.Integer(reply.Integer(reply.ArrayHeader(dst, 2), int64(digit(s.local))), int64(s.others))
	})
}

// awaitReach waits until what is applied now has come far enough, or time is over, or there is nothing more to learn.
// In a transaction it does not wait.
func (c *Conn) awaitReach(
	dst []byte, period time.Duration, enough func(reach) bool, answer func([]byte, reach) []byte,
) []byte {
	index := c.server.node.Applied()
	if c.isAnswering() {
		progress := c.server.node.Progress()
		return answer(dst, progress.reachOf(index))
	}
	c.awaitInterruptibly(&c.server.progress, period, func(dst []byte, last bool) ([]byte, bool) {
		progress := c.server.node.Progress()
		now := progress.reachOf(index)
		ended := last || enough(now) || (now.final && now.local)
		if ended {
			dst = answer(dst, now)
		}
		return dst, ended
	})
	return dst
}
