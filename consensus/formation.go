package consensus

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// How a cluster of several nodes begins (a founder is a blank node that was started with Options.Bootstrap):
//
//  1. Every blank node asks all nodes that it was told of who they are, and to be taken in. A member takes it in, and
//     that is all. A blank node says that it is blank, whether it is a founder, and which founders it hears.
//  2. A founder dials each node that asked it, before it counts that node, and again in each round: it must be there,
//     and be the same process.
//  3. A founder forms the cluster when no member is to be seen and enough nodes asked (forming.decide). Of several
//     founders the one with the least incarnation does; the others have told it that they hear the same founders.
//  4. It draws a cluster id, takes id 1, and makes its identity durable.
//  5. It makes entry 1 durable: the configuration with all of them. Until then no other node knows of the cluster.
//  6. It connects to each of them, naming incarnation and id. A blank node that finds its own incarnation named takes
//     the identity, makes it durable, and only then votes or acknowledges anything.
//  7. Entry 1 reaches them as any entry does.
//
// A crash between 4 and 5 leaves an identity that no other node knows; the same command line begins again.
//
// A founder whose directory was wiped must not form a second cluster beside the one that it belonged to. Its former
// fellows dial its address again and again, so it listens for a while first (foundingWindow); and it asks all that it
// was told of, and waits for each of them. A member that dials or answers ends all founding, for good (Obstacle).

// firstNode is the id of the node that makes a cluster.
const firstNode = 1

// forming is what a founder knows when it decides whether to form the cluster. Its nodes are those of now: each was
// asked, or dialled, in the round that has just ended.
type forming struct {
	own    uint64
	expect int
	// listening: members of a cluster may not have had the time to dial this address.
	listening bool
	// named are the nodes of Options.Join but for this one, joiners those that asked this one.
	named   []contact
	joiners []transport.Join
}

// decide reports whether the founder forms the cluster now, of itself and all joiners. If not, it says what it waits
// for.
func (f *forming) decide() (found bool, waiting string) {
	for _, c := range f.named {
		if c.state != contactBlank {
			return false, f.unsettled()
		}
	}
	if missing := f.expect - 1 - len(f.joiners); missing > 0 {
		return false, fmt.Sprintf("waiting for %d of %d nodes to join", missing, f.expect)
	}
	founders := f.heard()
	if founders[0] != f.own {
		return false, fmt.Sprintf("waiting for %016x, which forms the cluster", founders[0])
	}
	for i := range f.joiners {
		if j := &f.joiners[i]; !f.agrees(j, founders) {
			return false, fmt.Sprintf("waiting until the node at %s hears the same nodes as this one: it hears %s, "+
				"this one %s", j.Address, hexadecimal(j.Founders), hexadecimal(founders))
		}
	}
	if f.listening {
		return false, "listening whether members of a cluster look for this node"
	}
	return true, ""
}

// unsettled says which of the named nodes stand in the way. Only one that answered and is blank does not: a cluster may
// be running there.
func (f *forming) unsettled() string {
	var texts []string
	for _, c := range f.named {
		if c.state != contactBlank {
			texts = append(texts, c.String())
		}
	}
	return "waiting until each named node has answered: " + strings.Join(texts, "; ")
}

// heard are the founders that this one hears, itself included.
func (f *forming) heard() []uint64 { return foundersIn(f.named, f.joiners, f.own) }

// foundersIn are the incarnations of all founders among contacts, joiners and others, in ascending order.
func foundersIn(contacts []contact, joiners []transport.Join, others ...uint64) []uint64 {
	founders := slices.Clone(others)
	for _, c := range contacts {
		if c.state == contactBlank && c.who.Founding {
			founders = append(founders, c.who.Incarnation)
		}
	}
	for _, j := range joiners {
		if j.Founding {
			founders = append(founders, j.Incarnation)
		}
	}
	slices.Sort(founders)
	founders = slices.Compact(founders)
	return founders[:min(len(founders), transport.MaxFounders)]
}

// agrees reports whether a joiner leaves no doubt that this founder is the one. Another founder hears the same ones. A
// node that only joins hears this one, and none that this one does not hear: that might form a cluster with it, too.
func (f *forming) agrees(j *transport.Join, founders []uint64) bool {
	if j.Founding {
		return slices.Equal(j.Founders, founders)
	}
	known := func(other uint64) bool { return slices.Contains(founders, other) }
	return slices.Contains(j.Founders, f.own) && !slices.ContainsFunc(j.Founders, func(o uint64) bool { return !known(o) })
}

func hexadecimal(incarnations []uint64) string {
	texts := make([]string, 0, len(incarnations))
	for _, i := range incarnations {
		texts = append(texts, fmt.Sprintf("%016x", i))
	}
	return strings.Join(texts, " ")
}

// takeJoiner answers a blank node that asks to be a member, on a node that is blank, too.
func (n *Node) takeJoiner(j transport.Join) (transport.Newcomer, error) {
	if err := checkJoiner(j); err != nil {
		return transport.Newcomer{}, err
	}
	known, err := n.joinerOf(&j)
	if err != nil {
		return transport.Newcomer{}, err
	}
	if err := n.checkTwin(j, known); err != nil {
		return transport.Newcomer{}, err
	}
	if n.options.Bootstrap && (known == nil || known.Boot != j.Boot || known.Address != j.Address) {
		if err := n.lookAt(j); err != nil { // it does not count, and should know why
			return transport.Newcomer{}, &transport.Refusal{Text: lookedFor + err.Error()}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.refusesJoiner(&j); err != nil {
		return transport.Newcomer{}, err
	}
	if !n.options.Bootstrap {
		return n.introduceLocked(), nil
	}
	if known := n.noteJoiner(j); !known {
		n.options.Logger.Info("a node asks to join", "peer", j.Address, "nodes", len(n.joiners)+1, "expect", n.options.Expect)
	}
	if former := n.formerAddress(); former != "" && !j.Founding {
		return transport.Newcomer{}, &transport.Refusal{Text: "another node forms the cluster", Redirect: former}
	}
	who := n.introduceLocked()
	who.Founding = true // it counts the one that asks, also if it has met an obstacle since
	return who, nil
}

// refusesJoiner says why this node takes a blank node not in; nil if it does, or only says who it is. The caller holds
// the lock.
func (n *Node) refusesJoiner(j *transport.Join) error {
	switch {
	case n.closed:
		return ErrClosed
	case n.started || n.fenced():
		return &transport.Refusal{Text: "this node has become a member a moment ago; ask again"}
	case n.barred():
		o := n.obstacle.Load()
		return &transport.Refusal{Text: "this node forms no cluster: " + o.Text, Redirect: o.ByAddress}
	case n.options.Bootstrap && n.options.Expect == 1:
		return &transport.Refusal{Text: "this node is about to make its cluster; ask again"}
	case slices.Contains(n.withdrawn, process{j.Incarnation, j.Boot}):
		return &transport.Refusal{Text: "the node has given up the incarnation under which it asks; ask again"}
	}
	return n.unformed
}

// formerAddress is the address of the founder with the least incarnation that this one hears; empty if that is itself.
// The caller holds the lock.
func (n *Node) formerAddress() string {
	first, address := n.identity.Incarnation, ""
	for _, j := range n.joiners {
		if j.Founding && j.Incarnation < first {
			first, address = j.Incarnation, j.Address
		}
	}
	return address
}

// joinerOf is what a node said of itself that asked before with the same incarnation; nil if none did. The error says
// why this node takes none in.
func (n *Node) joinerOf(j *transport.Join) (*transport.Join, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.refusesJoiner(j); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(n.joiners, func(k transport.Join) bool { return k.Incarnation == j.Incarnation })
	if at < 0 {
		return nil, nil
	}
	known := n.joiners[at]
	return &known, nil
}

// maxAddressBytes bounds an address: a host name of DNS has at most 253 bytes, a colon and a port six.
const maxAddressBytes = 259

// checkJoiner refuses what no node says of itself. It goes into the first entry, and with it to every node for good:
// one that cannot be decoded again would end the cluster at its first restart.
func checkJoiner(j transport.Join) error {
	switch {
	case j.Incarnation == 0:
		return &transport.Refusal{Text: "the node names no incarnation"}
	case len(j.Address) > maxAddressBytes:
		return &transport.Refusal{Text: fmt.Sprintf("the address is longer than %d bytes", maxAddressBytes)}
	case len(j.Attributes) > membership.MaxAttributesBytes:
		return &transport.Refusal{Text: fmt.Sprintf("the attributes are longer than %d bytes", membership.MaxAttributesBytes)}
	}
	return nil
}

// noteJoiner notes what a joiner says of itself, and reports whether it asked before: maybe it has another address now,
// maybe an emptied directory. If it is two that were known, an old directory and an old address, one is left. The
// caller holds the lock.
func (n *Node) noteJoiner(j transport.Join) (known bool) {
	same := func(k transport.Join) bool { return k.Incarnation == j.Incarnation || k.Address == j.Address }
	at := slices.IndexFunc(n.joiners, same)
	if at < 0 {
		if len(n.joiners) >= membership.MaxMembers {
			return true // more than a cluster can have
		}
		n.joiners = append(n.joiners, j)
		n.hurry()
	} else {
		if n.joiners[at].Incarnation != j.Incarnation || !slices.Equal(n.joiners[at].Founders, j.Founders) {
			n.hurry()
		}
		n.joiners[at] = j
		others := slices.DeleteFunc(n.joiners[at+1:], same)
		n.joiners = n.joiners[:at+1+len(others)]
	}
	n.countJoiners()
	return at >= 0
}

func (n *Node) countJoiners() {
	n.joinerCount.Store(int32(len(n.joiners)))
	n.renew()
}

// form makes the cluster of this node and the joiners. The caller holds the lock.
func (n *Node) form(joiners []transport.Join) error {
	identity := n.identity
	identity.NodeID, identity.Note = firstNode, ""
	if identity.ClusterID == 0 {
		identity.ClusterID = random()
	}
	c := &membership.Configuration{
		ClusterID: identity.ClusterID, HashSeed: random(), NextID: firstNode + 1, Level: engine.Level,
	}
	c.Members = []membership.Member{{
		ID: firstNode, Incarnation: identity.Incarnation,
		Address: n.options.PeerAddress, Attributes: n.options.Attributes,
	}}
	for _, j := range joiners {
		c.Members = append(c.Members, membership.Member{
			ID: c.NextID, Incarnation: j.Incarnation, Address: j.Address, Attributes: j.Attributes,
		})
		c.Fresh = append(c.Fresh, c.NextID) // they have no log yet
		c.NextID++
		c.Level = min(c.Level, max(j.Level, raftlog.FirstLevel)) // what all of them know
	}
	for _, m := range c.Members {
		c.Voters = append(c.Voters, m.ID)
	}
	if err := membership.CheckRoom(c); err != nil {
		n.unformed = fmt.Errorf("the cluster cannot be formed: %w", err)
		return n.unformed
	}
	if err := n.storeIdentity(identity); err != nil {
		return err
	}
	// It carries no time: this node has heard no other clock yet, and its own may be wrong.
	first := engine.FirstEntry(c, 0)
	operation := raftlog.Operation{Number: 1, Term: first.Term, Entries: []raftlog.Entry{first}}
	if err := n.log.Append([]raftlog.Operation{operation}); err != nil {
		err = fmt.Errorf("store the first entry: %w", err)
		n.fail(err) // the journal's errors are fatal, whatever they are
		return err
	}
	n.obstacle.Store(nil)
	n.restored.Term, n.restored.Entries = first.Term, operation.Entries
	n.options.Logger.Info("cluster formed", "cluster", fmt.Sprintf("%016x", identity.ClusterID), "nodes", len(c.Members))
	return n.start()
}

// adopt makes this blank node the member that a peer's hello calls it.
func (n *Node) adopt(theirs transport.Hello) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.started {
		return nil // another member was faster
	}
	if n.closed {
		return ErrClosed // start would do nothing, and there would be no runner to ask
	}
	identity := n.identity
	if identity.NodeID != 0 {
		return errors.New("this node is making a cluster of its own")
	}
	if theirs.ToHasLog {
		return n.lostLog(&theirs)
	}
	identity.ClusterID, identity.NodeID, identity.Note = theirs.ClusterID, uint64(theirs.To), ""
	if err := n.storeIdentity(identity); err != nil {
		return err
	}
	n.obstacle.Store(nil)
	n.options.Logger.Info("member of a cluster",
		"cluster", fmt.Sprintf("%016x", identity.ClusterID), "node", identity.NodeID)
	return n.start()
}

// storeIdentity makes it durable who the node is. The caller holds the lock.
func (n *Node) storeIdentity(identity wal.Identity) error {
	if err := n.log.SetIdentity(identity); err != nil {
		return n.broken(fmt.Errorf("store the identity: %w", err))
	}
	n.named = true
	n.setIdentity(identity)
	return nil
}

// name makes the incarnation of a blank node durable, before the node tells it to another one for the first time: if
// the node forgot it, the other one would wait for a node that there is no more. Until then a directory has none, so
// that copies of it are different nodes. The caller holds the lock.
func (n *Node) name() error {
	if n.named {
		return nil
	}
	return n.storeIdentity(n.identity)
}

// broken fails the node for an error of the disk. One that may pass leaves the node as it was: whoever asked for what
// failed asks again.
func (n *Node) broken(err error) error {
	if vfs.IsFatal(err) {
		n.fail(err)
	}
	return err
}

// setIdentity says who the node is. The caller holds the lock, except in Open.
func (n *Node) setIdentity(identity wal.Identity) {
	n.identity = identity
	n.self.Store(&identity)
	n.renew()
}
