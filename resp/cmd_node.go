package resp

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// nodeHandlers answer the commands that show the node.
var nodeHandlers = []handler{
	{of: command.Info, answer: info},
	{of: command.LolWut, answer: lolwut},
	help(command.ModuleHelp, moduleHelpLines),
	{of: command.ModuleList, answer: moduleList},
	{of: command.Monitor, answer: monitor},
	{of: command.RaftIndex, answer: raftIndex},
	{of: command.RaftRead, answer: raftRead},
	{of: command.Role, answer: role},
	{of: command.Time, answer: timeNow},
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
	return reply.Integer(dst, int64(c.server.node.Info().Applied))
}

// raftRead is RAFT.READ [LINEARIZABLE|STALE]: how old the state may be that reads of this connection are answered from.
// STALE is as READONLY, but holds on a leader too: it is never waited for others, and nothing is known of the age.
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
		return reply.Error(dst, "ERR RAFT.READ takes LINEARIZABLE or STALE")
	}
	if refusal := c.server.staleRefusal(); refusal != "" {
		return reply.Error(dst, refusal)
	}
	c.session.set(func(f *facts) { f.stale = true })
	return reply.OK(dst)
}

// readOnly is READONLY. A node that has served nothing since its start refuses it: what it has may be the state of any
// time, also of one long before what this client has seen here.
func readOnly(c *Conn, dst []byte, _ [][]byte) []byte {
	if refusal := c.server.staleRefusal(); refusal != "" {
		return reply.Error(dst, refusal)
	}
	c.session.set(func(f *facts) { f.readOnly = true })
	return reply.OK(dst)
}

// staleRefusal says why this node answers no stale reads; it is empty if it does.
func (s *Server) staleRefusal() string {
	switch s.node.Info().State {
	case "up":
		return ""
	case removed:
		return readOnlyRemoved
	}
	return reply.Loading
}

func readWrite(c *Conn, dst []byte, _ [][]byte) []byte {
	c.session.set(func(f *facts) { f.readOnly = false })
	return reply.OK(dst)
}

// role is ROLE: what this node believes at this moment. A leader lists the other members and how far it knows each to
// be; any other node names the leader it follows.
func role(c *Conn, dst []byte, _ [][]byte) []byte {
	knowledge := c.server.node.Info()
	if !knowledge.leads() {
		return replicaRole(dst, &knowledge)
	}
	others := 0
	for i := range knowledge.Nodes {
		if knowledge.Nodes[i].ID != knowledge.NodeID {
			others++
		}
	}
	dst = reply.BulkString(reply.ArrayHeader(dst, 3), "master")
	dst = reply.ArrayHeader(reply.Integer(dst, int64(knowledge.Applied)), others)
	for i := range knowledge.Nodes {
		member := &knowledge.Nodes[i]
		if member.ID == knowledge.NodeID {
			continue
		}
		dst = reply.BulkString(reply.ArrayHeader(dst, 3), member.Host)
		dst = reply.BulkString(dst, strconv.Itoa(member.Port))
		dst = reply.BulkString(dst, strconv.FormatUint(member.Match, 10))
	}
	return dst
}

func replicaRole(dst []byte, knowledge *Info) []byte {
	host, port, state := "", 0, "connect"
	if leader := knowledge.node(knowledge.Leader); leader != nil {
		host, port, state = leader.Host, leader.Port, "connected"
	}
	dst = reply.BulkString(reply.ArrayHeader(dst, 5), "slave")
	dst = reply.Integer(reply.BulkString(dst, host), int64(port))
	return reply.Integer(reply.BulkString(dst, state), int64(knowledge.Applied))
}

// lolwut is LOLWUT [VERSION n]: a raft at night, as many logs as there are members. With a version it is the nth such
// night, the same every time; without, one of its own.
func lolwut(c *Conn, dst []byte, args [][]byte) []byte {
	seed := rand.Uint64()
	if len(args) >= 3 && strings.EqualFold(string(args[1]), "version") {
		version, ok := number.Parse(args[2])
		if !ok {
			return reply.Error(dst, reply.NotInteger)
		}
		seed = uint64(version)
	}
	knowledge := c.server.node.Info()
	return reply.Verbatim(dst, c.protocol(), "txt", raftAtNight(&knowledge, seed)+"Redis ver. "+redisVersion+"\n")
}

const (
	pictureColumns = 54
	skyRows        = 3
	seaRows        = 3
	// mastColumn is where the mast stands, on the log of the leader; deckColumn and deckColumns are where logs lie.
	mastColumn  = 26
	deckColumn  = 12
	deckColumns = 30
	// mostLogs is how many members are shown.
	mostLogs = 9
)

// picture is rows of characters that can be written over.
type picture [][]byte

func newPicture(rows int) picture {
	p := make(picture, rows)
	for i := range p {
		p[i] = []byte(strings.Repeat(" ", pictureColumns))
	}
	return p
}

// write puts text at a place.
func (p picture) write(row, column int, text string) { copy(p[row][column:], text) }

// scatter puts signs at random places of some rows.
func (p picture) scatter(random *rand.Rand, from, to, count int, signs ...string) {
	for range count {
		sign := signs[random.IntN(len(signs))]
		p.write(from+random.IntN(to-from), random.IntN(pictureColumns-len(sign)), sign)
	}
}

// sail is above the deck, with its foot on the leader's log.
var sail = []string{"|\\", "| \\", "|__\\", "|"}

// raftAtNight draws what a node knows of its cluster. A member that it is not in touch with lies under water; a cluster
// without a leader has no sail.
func raftAtNight(knowledge *Info, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	logs := min(max(len(knowledge.Nodes), 1), mostLogs)
	deck := skyRows + len(sail)
	p := newPicture(deck + logs + seaRows)
	p.scatter(random, 0, deck-1, 16, ".", ".", ".", "*", "+", "'")
	p.write(random.IntN(skyRows), 2+random.IntN(pictureColumns-8), "( )")
	p.scatter(random, deck+logs, deck+logs+seaRows, 18, "~", "~~", "~~~", "_/~")
	if knowledge.Leader != 0 {
		for row, text := range sail {
			p.write(skyRows+row, mastColumn, text)
		}
	}
	for i := range logs {
		p.log(random, deck+i, i >= len(knowledge.Nodes) || knowledge.Nodes[i].Up)
	}
	var text strings.Builder
	for _, row := range p {
		text.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return text.String() + fmt.Sprintf("\n%s, term %d, %d entries deep.\n", counted(logs, "log"), knowledge.Term,
		knowledge.Commit)
}

// log draws one, and the water beside it.
func (p picture) log(random *rand.Rand, row int, afloat bool) {
	p.scatter(random, row, row+1, 2, "~", "~~")
	trunk := "(_)____x" + strings.Repeat("_", deckColumns-14) + "x____)"
	if !afloat {
		trunk = strings.NewReplacer("_", "~", "x", " ", "(", " ", ")", " ").Replace(trunk)
	}
	p.write(row, deckColumn, trunk)
}

func counted(n int, what string) string {
	if n == 1 {
		return "One " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
