package consensus

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// peerHandler is the node as its transport sees it.
type peerHandler struct{ *Node }

// Hello introduces this node. Peers that know its address may dial as soon as the transport listens, which is before
// the node knows that address itself.
func (o peerHandler) Hello(to transport.Peer) transport.Hello {
	<-o.assembled
	o.mu.Lock()
	h := transport.Hello{
		ClusterID: o.identity.ClusterID, From: raftlog.NodeID(o.identity.NodeID), Incarnation: o.identity.Incarnation,
		Boot: o.boot, Level: engine.Level,
		JournalRoomBytes: uint64(o.options.journalRoomBytes()),
		Address:          o.options.PeerAddress, Attributes: o.options.Attributes,
		Start: o.starts,
	}
	o.mu.Unlock()
	h.Claims = o.peers.claims()
	if r := o.runner.Load(); r != nil {
		h.Term, h.Durable = r.Durable()
		h.ToHasLog = r.Status().Configuration.HasLog(to.ID)
	}
	return h
}

// Admit checks a peer that dialled or answered. The transport has compared identities; Admit compares what only the
// configuration knows. A peer that the configuration does not know is admitted: this node's configuration may be old,
// and Raft decides about votes by term and log alone.
func (o peerHandler) Admit(theirs transport.Hello) error {
	<-o.assembled
	if obstacle := o.obstacle.Load(); obstacle.fences() && (o.runner.Load() == nil || obstacle.cuts()) {
		return &transport.Refusal{Text: "this node takes no part any more: " + obstacle.Text}
	}
	if obstacle := o.obstacle.Load(); obstacle.holdsBack() {
		return &transport.Refusal{Text: "this node takes no part until it is known whether this is so: " + obstacle.Text}
	}
	if o.runner.Load() == nil {
		if err := o.adopt(theirs); err != nil {
			return err
		}
	}
	s := o.runner.Load().Status()
	if unknown(s.Configuration, &theirs) {
		o.introduce(&theirs)
	}
	if err := checkMember(s.Configuration, &theirs); err != nil {
		return err
	}
	if err := checkRemoved(s, &theirs); err != nil {
		return err
	}
	if err := checkHasLog(s, &theirs); err != nil {
		return err
	}
	if err := o.checkArrival(o.context, &theirs); err != nil {
		return err
	}
	// The turn that checked the arrival came after the transport made room for the peer. If the transport heard before
	// that which directory has the id, it did not meet this connection, and that configuration is known by now.
	s = o.runner.Load().Status()
	if err := checkMember(s.Configuration, &theirs); err != nil {
		return err
	}
	o.letIn()
	if m := membership.Find(s.Configuration, theirs.From); m != nil {
		if err := o.checkMoved(m, &theirs); err != nil {
			return err
		}
		o.believe(s, &theirs, "")
		o.journals.compare(&theirs, o.options.journalRoomBytes(), o.options.Logger)
	}
	return nil
}

// unknown reports whether the configuration has not given the id of a peer yet.
func unknown(c *membership.Configuration, theirs *transport.Hello) bool {
	return c == nil || theirs.From >= c.NextID
}

// believe takes what a member that proved who it is says of addresses. s is the status by which it was checked; met is
// where this node dialled and found it, empty if it was found elsewhere.
func (n *Node) believe(s *engine.Status, theirs *transport.Hello, met string) {
	m := membership.Find(s.Configuration, theirs.From)
	switch {
	case m != nil:
		n.peers.meet(s, m, met)
		n.noteAddresses(m, theirs)
	case unknown(s.Configuration, theirs):
		n.introduce(theirs)
	default:
		return // it was removed, and does not know
	}
	n.hearClaims(theirs.Claims)
}

// checkRemoved refuses a node that was removed, so that its operator learns it. A leader hears it as long as it still
// sends to it, for the answers.
func checkRemoved(s *engine.Status, theirs *transport.Hello) error {
	served := func(f raft.FollowerStatus) bool { return f.ID == theirs.From }
	if !membership.LeftOut(s.Committed, theirs.From) || slices.ContainsFunc(s.Followers, served) {
		return nil
	}
	return &transport.Refusal{Cause: transport.ErrRemoved, Text: fmt.Sprintf("node %d was removed from the cluster; "+
		"stop it, or %s", theirs.From, emptyDirectory)}
}

// checkHasLog refuses a voter that comes with an empty log, and that is known to have had one: its data directory was
// set back to when it was blank, and a member that did not know better took it for the node that it was then. Or the
// node is healthy, and its hello is old:
//
//  1. A new member makes a hello for M. It has nothing on its disk yet, and M is slow to take the hello.
//  2. It acknowledges its first entries to the leader. M learns by the log that it has some.
//  3. M takes the hello.
//
// Only a mark that an earlier process of the node confirmed tells the two apart. Without one the node is refused for
// now, and its next hello says more: a refusal as rolled back would stop it for good. A node that was set back stays
// without a log and is refused again, as rolled back when the leader has told the marks.
func checkHasLog(s *engine.Status, theirs *transport.Hello) error {
	if theirs.Durable.Index > 0 || !s.Configuration.HasLog(theirs.From) {
		return nil
	}
	earlier := func(m engine.Confirmed) bool {
		return m.Node == theirs.From && m.Index > 0 && m.Boot != theirs.Boot
	}
	if !slices.ContainsFunc(s.Confirmed, earlier) {
		return fmt.Errorf("node %d says that it has no log, and has one as far as this node knows; ask again", theirs.From)
	}
	return fmt.Errorf("%w: node %d had a log, and comes back without one; remove it, and add it as a new member with an "+
		"empty data directory", engine.ErrRolledBack, theirs.From)
}

// checkMember refuses a data directory that is not the one the configuration names under the id: it was wiped or
// copied, and must not vote with what the other one promised.
func checkMember(c *membership.Configuration, theirs *transport.Hello) error {
	if c == nil {
		return nil
	}
	for i := range c.Members {
		m := &c.Members[i]
		if m.ID == theirs.From && m.Incarnation != theirs.Incarnation {
			return fmt.Errorf("%w: the cluster knows node %d as %016x, this is %016x; start it on the "+
				"directory that it had; if that is lost, replace the member",
				transport.ErrReplaced, m.ID, m.Incarnation, theirs.Incarnation)
		}
	}
	return nil
}

// Receive passes messages on. A node that is held back takes none, from links that are about to end.
func (o peerHandler) Receive(from raftlog.NodeID, messages []engine.Message) bool {
	if o.heldBack() {
		return false
	}
	messages = o.takeNotices(from, messages)
	if r := o.runner.Load(); r != nil {
		r.Receive(from, messages)
	}
	return true
}

// LinkUp passes the news on.
func (o peerHandler) LinkUp(to raftlog.NodeID) {
	o.links.set(to, true)
	o.renew()
	if r := o.runner.Load(); r != nil {
		r.LinkUp(to)
	}
	o.peers.mu.Lock()
	defer o.peers.mu.Unlock()
	o.peers.book.Link(to, true)
	if o.peers.book.Ahead() { // it may have been learned after the handshake, and before this link counted
		signal(o.learned)
	}
}

// LinkDown: the transport logs it, and Raft notices by itself.
func (o peerHandler) LinkDown(to raftlog.NodeID, _ error) {
	o.links.set(to, false)
	o.renew()
	o.peers.mu.Lock()
	defer o.peers.mu.Unlock()
	o.peers.book.Link(to, false)
	o.renewPeers()
}

// Gone passes on that a process of a peer seems to have ended.
func (o peerHandler) Gone(id raftlog.NodeID, boot raftlog.Boot) {
	if r := o.runner.Load(); r != nil {
		r.Gone(engine.Gone{Node: id, Boot: boot})
	}
}

// links remembers to which nodes messages can leave.
type links struct {
	mu sync.Mutex
	up map[raftlog.NodeID]bool
}

func (l *links) set(to raftlog.NodeID, up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !up {
		delete(l.up, to)
		return
	}
	if l.up == nil {
		l.up = map[raftlog.NodeID]bool{}
	}
	l.up[to] = true
}

func (l *links) list() []raftlog.NodeID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.up))
}

// peers are the nodes that this one holds links to. Usually the configuration names them. But a member that catches up
// may have none yet, or an old one whose members are all gone. So it also holds links to nodes that dialled it and have
// ids that its configuration has not given yet. Without that:
//
//  1. Founder 1 takes in 2 and is removed. Node 3 is added; the leader, 2, sends it the log from its beginning.
//  2. The first messages hold entry 1. From now on node 3 has a link to 1 only.
//  3. Its acknowledgements never leave. The leader's window stays full, and the entry that names 2 stays outside.
//
// A candidate that will bring entry 1 needs votes first, in the same way.
type peers struct {
	mu         sync.Mutex
	configured bool
	introduced []transport.Peer // with ids above those of all members, at most raft.MaxMembers
	// self is this node, book what the configuration, members and others say of where members are.
	self raftlog.NodeID
	book locations.Book
	// boots are the processes of members that moved, as checkMoved found them.
	boots map[raftlog.NodeID]raftlog.Boot
	// cut: this node takes no part any more, and has links to no one.
	cut bool
}

// list is whom to hold links to, and where. The caller holds the lock.
func (p *peers) list() []transport.Peer {
	var list []transport.Peer
	if p.cut {
		return nil
	}
	members := p.book.Members()
	for i := range members {
		if m := &members[i]; m.ID != p.self {
			addresses := p.book.Addresses(m)
			list = append(list, transport.Peer{
				ID: m.ID, Incarnation: m.Incarnation, Address: addresses[0], Others: addresses[1:],
			})
		}
	}
	return append(list, p.introduced...)
}

// forgetKnown drops those introduced that the configuration has caught up with. The caller holds the lock.
func (p *peers) forgetKnown() {
	highest := raftlog.NodeID(0)
	for _, m := range p.book.Members() {
		highest = max(highest, m.ID)
	}
	p.introduced = slices.DeleteFunc(p.introduced, func(peer transport.Peer) bool { return peer.ID <= highest })
}

// claims are what this node passes on of others' addresses.
func (p *peers) claims() []locations.Claim {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.book.Claims()
}

// meet notes where a member answered, if at is not empty. A peer may be met before the first turn tells the transport
// whom to dial.
func (p *peers) meet(s *engine.Status, m *membership.Member, at string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.configured {
		p.book.Configure(s.ID, s.Configuration.Members)
	}
	if at != "" {
		p.book.Meet(m.ID, m.Incarnation, at)
	}
}

// peer is a node that this one holds a link to, or tries to. The address is where its link leads, if there is one.
func (n *Node) peer(id raftlog.NodeID) (transport.Peer, bool) {
	all := n.transport.Status()
	at := slices.IndexFunc(all, func(s transport.PeerStatus) bool { return s.ID == id })
	if at < 0 {
		return transport.Peer{}, false
	}
	return all[at].Peer, true
}

// addressOf is where a member takes connections, as far as this node knows: where its link leads, if there is one.
func (n *Node) addressOf(m *membership.Member) string {
	for _, s := range n.transport.Status() {
		if s.ID == m.ID && s.Up {
			return s.Address
		}
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	return n.peers.book.Addresses(m)[0]
}

// introduce makes a link to a peer that dialled and that this node's configuration does not know yet.
func (n *Node) introduce(theirs *transport.Hello) {
	p := &n.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	known := slices.DeleteFunc(p.introduced, func(peer transport.Peer) bool { return peer.ID == theirs.From })
	if len(known) >= membership.MaxMembers {
		known = slices.Delete(known, 0, 1)
	}
	p.introduced = append(known, transport.Peer{
		ID: theirs.From, Incarnation: theirs.Incarnation, Address: theirs.Address,
	})
	p.forgetKnown() // the configuration may have moved since the caller looked
	n.transport.SetPeers(p.list())
}

// sender is the transport as the engine sees it: it leaves this node out of its peers.
type sender struct {
	*transport.Transport
	node *Node
	self raftlog.NodeID
}

// Send passes messages on, unless this node is held back.
func (c sender) Send(messages []engine.Message) {
	if !c.node.heldBack() {
		c.Transport.Send(messages)
	}
}

// SetPeers translates members into peers. A node that is no member any more is heard no longer: it dials again, and is
// told that it was removed, should it not know that by the log.
func (c sender) SetPeers(members []membership.Member) {
	p := &c.node.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.book.Members()
	p.configured, p.self = true, c.self
	p.book.Configure(c.self, members)
	p.forgetKnown()
	c.Transport.SetPeers(p.list())
	for i := range before {
		id := before[i].ID
		if !slices.ContainsFunc(members, func(m membership.Member) bool { return m.ID == id }) {
			c.Transport.Reset(id)
		}
	}
}
