package resp

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
)

// The commands that change who belongs to the cluster. Each is one step for the cluster, whatever it names, and is
// answered when that is in force. A node is added by the address of its clients, like everything that people name;
// where it listens for other nodes is 10000 above, or said. Adding a node again by the same address changes nothing and
// answers the same, so that a client which was told UNCERTAIN may ask again.

// memberHandlers answer the commands that change the members.
var memberHandlers = []handler{
	{of: node.ClusterAddNode, answer: clusterAddNode, slow: true},
	{of: node.ClusterForget, answer: clusterForget, slow: true},
	{of: node.ClusterMeet, answer: clusterMeet, slow: true},
	{of: node.ClusterRemoveNode, answer: clusterRemoveNode, slow: true},
	{of: node.ClusterReplaceNode, answer: clusterReplaceNode, slow: true},
	{of: node.RaftNodeAdd, answer: raftNodeAdd, slow: true},
	help(node.RaftNodeHelp),
	{of: node.RaftNodeRemove, answer: raftNodeRemove, slow: true},
}

// ownInCluster reports whether a subcommand of CLUSTER is one that Redis does not have. Operators use it, not cluster
// clients, so every view has it.
func ownInCluster(spec *command.Spec) bool {
	return spec == node.ClusterAddNode || spec == node.ClusterRemoveNode || spec == node.ClusterReplaceNode
}

// Error texts of these commands; the first five are Redis's own to the letter, up to what was given.
const (
	meetPort         = "ERR Invalid TCP base port specified: "
	meetPeerPort     = "ERR Invalid TCP bus port specified: "
	meetAddress      = "ERR Invalid node address specified: "
	unknownNode      = "ERR Unknown node "
	replaceArguments = "ERR CLUSTER REPLACENODE takes pairs: the id of a member and the address of its replacement"
	noIndex          = "ERR IF takes the index of a configuration, which CLUSTER INFO shows as cluster_config_index: "
	raftNodeID       = "ERR the cluster allots the ids of nodes itself: write RAFT.NODE ADD 0 host:port"
)

// clusterAddNode is CLUSTER ADDNODE host:port[@peerport] [PEER host:port] [LEARNER] [IF index], answered by the new
// member's id.
func clusterAddNode(c *Conn, dst []byte, args [][]byte) []byte {
	args, base, failure := cutCondition(args[2:])
	if failure != "" {
		return reply.Error(dst, failure)
	}
	added, failure := parseNewMember(args)
	if failure != "" {
		return reply.Error(dst, failure)
	}
	c.change(waiter{reply: replyName}, MemberChange{Add: []NewMember{added}, If: base})
	return dst
}

// cutCondition takes IF and the index of a configuration off the end of what a change names, or returns the text of an
// error. The index is 0 where there is no condition.
func cutCondition(args [][]byte) (rest [][]byte, base uint64, failure string) {
	last := len(args) - 1
	if last < 2 || !strings.EqualFold(string(args[last-1]), "if") {
		return args, 0, ""
	}
	base, err := strconv.ParseUint(string(args[last]), 10, 64)
	if err != nil || base == 0 {
		return nil, 0, noIndex + string(args[last])
	}
	return args[:last-1], base, ""
}

// parseNewMember reads an address and what follows it, or returns the text of an error.
func parseNewMember(args [][]byte) (added NewMember, failure string) {
	peer := ""
	for i := 1; i < len(args); i++ {
		switch {
		case strings.EqualFold(string(args[i]), "learner"):
			added.Learner = true
		case strings.EqualFold(string(args[i]), "peer") && i+1 < len(args):
			i++
			peer = string(args[i])
		default:
			return added, reply.Syntax
		}
	}
	var err error
	if peer == "" {
		added.PeerAddress, err = address.Peer(string(args[0]))
	} else if _, _, err = address.Parse(string(args[0])); err == nil {
		added.PeerAddress = peer
		_, _, err = address.Parse(peer)
	}
	if err != nil {
		return added, "ERR " + err.Error()
	}
	return added, ""
}

// clusterRemoveNode is CLUSTER REMOVENODE id [id ...] [IF index].
func clusterRemoveNode(c *Conn, dst []byte, args [][]byte) []byte {
	names, base, failure := cutCondition(args[2:])
	if failure != "" {
		return reply.Error(dst, failure)
	}
	return c.remove(dst, names, base, false)
}

// clusterForget is CLUSTER FORGET id. Tools say it to every node of the cluster in turn, where in Redis each forgets
// for itself. Here the first has done it for all, so that to forget a node which is no member is no error.
func clusterForget(c *Conn, dst []byte, args [][]byte) []byte {
	return c.remove(dst, args[2:3], 0, true)
}

// remove takes members out of the cluster, on condition of a configuration unless base is 0.
func (c *Conn) remove(dst []byte, names [][]byte, base uint64, ignoreUnknown bool) []byte {
	wanted := MemberChange{If: base}
	for _, name := range names {
		member, ok := parseMember(name)
		switch {
		case ok:
		case ignoreUnknown && !isNumber(name):
			return reply.Error(dst, unknownNode+string(name)) // to the letter what Redis says
		default:
			return reply.Error(dst, c.noMember(name))
		}
		wanted.Remove = append(wanted.Remove, member)
	}
	c.change(waiter{reply: replyOK, ignoreUnknown: ignoreUnknown}, wanted)
	return dst
}

// parseMember reads the id of a node, as CLUSTER NODES shows it: 40 hex digits.
func parseMember(text []byte) (member Member, ok bool) {
	name := bytes.ToLower(text)
	return Member{Name: string(name)}, len(name) == nameDigits && len(bytes.Trim(name, "0123456789abcdef")) == 0
}

// parseNumber reads the number of a node in the configuration.
func parseNumber(text []byte) (member Member, ok bool) {
	id, err := strconv.ParseUint(string(text), 10, 64)
	return Member{ID: id}, err == nil && id > 0
}

func isNumber(text []byte) bool {
	_, ok := parseNumber(text)
	return ok
}

// noMember is said of what is no id. Logs name nodes by their numbers. A number alone removes no node, since one wrong
// digit would remove another one; it is answered with the id of its node, so that a person sees which one that is.
func (c *Conn) noMember(text []byte) string {
	number, ok := parseNumber(text)
	if !ok {
		return unknownNode + string(text) + ": an id has 40 hex digits, see CLUSTER NODES"
	}
	cluster := c.server.node.Cluster()
	if node := cluster.Node(number.ID); node != nil {
		return fmt.Sprintf("%s%s: nodes are named by their ids. Node number %s is %s, for clients at %s", unknownNode, text,
			text, node.Name, address.Join(node.Host, node.Port))
	}
	return unknownNode + string(text) + ": nodes are named by their ids of 40 hex digits, see CLUSTER NODES"
}

// nameDigits is the length of a node's name.
const nameDigits = 40

// clusterReplaceNode is CLUSTER REPLACENODE id host:port[@peerport] [id host:port[@peerport] ...] [IF index]: members
// leave, and others take their places, a learner that of a learner. It is answered by the ids of the new ones.
func clusterReplaceNode(c *Conn, dst []byte, args [][]byte) []byte {
	args, base, failure := cutCondition(args[2:])
	switch {
	case failure != "":
		return reply.Error(dst, failure)
	case len(args)%2 != 0:
		return reply.Error(dst, replaceArguments)
	}
	wanted := MemberChange{If: base}
	for i := 0; i < len(args); i += 2 {
		left, ok := parseMember(args[i])
		if !ok {
			return reply.Error(dst, c.noMember(args[i]))
		}
		peer, err := address.Peer(string(args[i+1]))
		if err != nil {
			return reply.Error(dst, "ERR "+err.Error())
		}
		wanted.Remove = append(wanted.Remove, left)
		wanted.Add = append(wanted.Add, NewMember{PeerAddress: peer, InPlaceOf: left})
	}
	c.change(waiter{reply: replyNames}, wanted)
	return dst
}

// clusterMeet is CLUSTER MEET host port [peerport]. A member takes in the node that it names. A node that belongs to no
// cluster asks the node that it names to be taken in, and as in Redis OK means that it will; tools that add nodes send
// it that way round.
func clusterMeet(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) > 5 {
		return reply.Error(dst, reply.SubcommandSyntax(args))
	}
	port, err := address.ParsePort(string(args[3]))
	if err != nil {
		return reply.Error(dst, meetPort+string(args[3]))
	}
	peerPort := 0
	if len(args) == 5 {
		if peerPort, err = address.ParsePort(string(args[4])); err != nil {
			return reply.Error(dst, meetPeerPort+string(args[4]))
		}
	} else if peerPort, err = address.PeerPort(port); err != nil {
		return reply.Error(dst, "ERR "+err.Error())
	}
	if address.Wildcard(string(args[2])) {
		return reply.Error(dst, meetAddress+string(args[2])+":"+string(args[3]))
	}
	peer := address.Join(string(args[2]), peerPort)
	if !c.server.node.Standing().State.Blank() {
		c.change(waiter{reply: replyOK}, MemberChange{Add: []NewMember{{PeerAddress: peer}}})
		return dst
	}
	if err := c.server.node.Join(peer); err != nil {
		return reply.Error(dst, "ERR "+err.Error())
	}
	return reply.OK(dst)
}

// raftNodeAdd is RAFT.NODE ADD 0 host:port, as redisraft has it: answered by the new member's number and the cluster's.
func raftNodeAdd(c *Conn, dst []byte, args [][]byte) []byte {
	if string(args[2]) != "0" {
		return reply.Error(dst, raftNodeID)
	}
	added, failure := parseNewMember(args[3:4])
	if failure != "" {
		return reply.Error(dst, failure)
	}
	c.change(waiter{reply: c.replyNumber}, MemberChange{Add: []NewMember{added}})
	return dst
}

// raftNodeRemove is RAFT.NODE REMOVE number, as redisraft has it: the number is that which RAFT.NODE ADD has answered,
// and INFO raft shows. It may be an id as well.
func raftNodeRemove(c *Conn, dst []byte, args [][]byte) []byte {
	number, ok := parseNumber(args[2])
	if !ok {
		return c.remove(dst, args[2:3], 0, false)
	}
	c.change(waiter{reply: replyOK}, MemberChange{Remove: []Member{number}})
	return dst
}

func replyOK(dst []byte, _ []Member) []byte { return reply.OK(dst) }

func replyName(dst []byte, added []Member) []byte { return reply.BulkString(dst, added[0].Name) }

func replyNames(dst []byte, added []Member) []byte {
	dst = reply.ArrayHeader(dst, len(added))
	for i := range added {
		dst = reply.BulkString(dst, added[i].Name)
	}
	return dst
}

func (c *Conn) replyNumber(dst []byte, added []Member) []byte {
	dst = reply.Integer(reply.ArrayHeader(dst, 2), int64(added[0].ID))
	return reply.BulkString(dst, fmt.Sprintf("%016x", c.server.node.Cluster().ID))
}

// refuseChange appends what is said of a change that was not done, or not in time.
func refuseChange(dst []byte, result *ChangeResult, timeout time.Duration) []byte {
	var text string
	switch {
	case len(result.Unknown) > 0 && result.Reason != "":
		text = unknownNode + result.Unknown[0].Name + ": " + result.Reason
	case len(result.Unknown) > 0 && result.Unknown[0].Name != "":
		text = unknownNode + result.Unknown[0].Name
	case len(result.Unknown) > 0:
		text = unknownNode + strconv.FormatUint(result.Unknown[0].ID, 10)
	case result.Outcome == NotDone && result.Reason != "":
		text = "ERR " + result.Reason
	case result.Outcome == NotDone:
		text = "CLUSTERDOWN The members were not changed: no leader took the change in time"
	case result.Outcome == Overloaded:
		text = "TRYAGAIN The members were not changed: too many changes wait on this node"
	default:
		text = fmt.Sprintf("UNCERTAIN The change did not end within %v and may go on: "+
			"CLUSTER NODES shows who is a member, INFO raft whether a change is under way", timeout)
		if result.Reason != "" {
			text += " (" + result.Reason + ")"
		}
	}
	return reply.Error(dst, text)
}

// Membership is how a client changes who belongs to the cluster.
type Membership interface {
	// Change submits a change of the members. The node answers by one call of r.Complete, at once or later, from any
	// goroutine, and r.Timeout after the call at the latest; until then the request is the node's.
	Change(r *ChangeRequest)
	// AbandonChange says that the client of a submitted change has gone: nothing waits for its end, and the node completes
	// it soon. Whether the change is made is left open. It may come after Complete was called.
	AbandonChange(r *ChangeRequest)
	// Join makes a node that belongs to no cluster ask, from now on, the node that listens at an address to be added to
	// its cluster. Nil does not say that it will be; the error says why it cannot ask, for the client.
	Join(peerAddress string) error
}

// Member names a member of the cluster: by its number or by its name, or by both where both are known.
type Member struct {
	ID uint64
	// Name has 40 hex digits, in lower case.
	Name string
}

// NewMember is a node that shall become a member.
type NewMember struct {
	// PeerAddress is where it listens for other nodes, as host:port.
	PeerAddress string
	// Learner says that it shall have no vote. InPlaceOf, unless it is zero, is the member that leaves for it: it becomes
	// what that one is, and Learner is not looked at.
	Learner   bool
	InPlaceOf Member
}

// MemberChange is what a client wants of the cluster's membership: all of it, in one step, or nothing.
type MemberChange struct {
	Add    []NewMember
	Remove []Member
	// If, unless it is 0, is the index of the configuration that it is based on: it is refused where that is not the
	// newest one, unless it is made already.
	If uint64
}

// ChangeRequest is a change of the membership on its way. Each is used once.
type ChangeRequest struct {
	Change MemberChange
	// Timeout is how long the client waits: the node completes the request after this time at the latest.
	Timeout time.Duration
	// Ticket is the node's own, as that of Request.
	Ticket any

	result atomic.Pointer[ChangeResult]
	// wake is that of Request.
	wake func()
}

// ChangeResult is how a change ended.
type ChangeResult struct {
	// Outcome is Done if the change is in force: removed nodes are no members any more, and added nodes have
	// a vote, or none if they shall be learners. NotDone and Overloaded mean that nothing was changed and nothing will be.
	// Uncertain: the time was up, and the change may go on.
	Outcome Outcome
	// Added are the added nodes, in the order of the request.
	Added []Member
	// Unknown, with NotDone, are the nodes to remove that are no members: then nothing is removed or added. Reason may say
	// more.
	Unknown []Member
	// Reason, with NotDone, says that the cluster refuses this change, and why: the client is told that instead of to try
	// again. With Uncertain it says how far the change has come. It is one sentence for a person, or empty.
	Reason string
}

// NewChangeRequest makes a request without a connection: Complete calls ended with the result.
func NewChangeRequest(wanted MemberChange, timeout time.Duration, ended func(ChangeResult)) *ChangeRequest {
	r := &ChangeRequest{Change: wanted, Timeout: timeout}
	r.wake = func() { ended(*r.result.Load()) }
	return r
}

// Complete ends the request. It is called exactly once, by any goroutine, and does not block. A second call panics.
func (r *ChangeRequest) Complete(result ChangeResult) {
	wake := r.wake // the connection drops the request as soon as it sees the result
	if result.Outcome >= outcomes || !r.result.CompareAndSwap(nil, &result) {
		panic("resp: a change completed twice, or with no outcome")
	}
	wake()
}

// waiter is a connection's side of a change that is under way.
type waiter struct {
	request *ChangeRequest
	// reply appends what is said when it is done.
	reply func(dst []byte, added []Member) []byte
	// ignoreUnknown says that a node to remove which is no member is as good as removed.
	ignoreUnknown bool
}

// change submits a change of the members; the connection waits for its end.
func (c *Conn) change(w waiter, wanted MemberChange) {
	w.request = &ChangeRequest{Change: wanted, Timeout: c.server.limits.ChangeTimeout, wake: c.request.wake}
	c.waiter = w
	c.phase, c.abandoned = changing, false
	c.server.node.Change(w.request)
}

// changed answers the change that the connection waits for, if it has ended, and reports whether it has.
func (c *Conn) changed() bool {
	result := c.waiter.request.result.Load()
	switch {
	case result == nil:
		return false
	case result.Outcome == Done, len(result.Unknown) > 0 && c.waiter.ignoreUnknown:
		c.out = c.waiter.reply(c.out, result.Added)
	default:
		c.out = refuseChange(c.out, result, c.waiter.request.Timeout)
	}
	c.waiter, c.phase = waiter{}, gathering
	return true
}
