package consensus

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Obstacle is why a node takes no part in a cluster, as it learned it from its log or from other nodes.
//
//	removed      the cluster removed the node
//	rolled-back  its disk does not hold what the node had confirmed to a leader
//	replaced     the cluster knows the node's number as that of another data directory
//	copied       another process runs on the same data directory, or on a copy of it
//	wiped        the node is blank, and members of a cluster look for another data directory at its address
//	outdated     its build is of a lower feature level than the cluster
//	secret       a node with another cluster secret, or with none, dialled this blank one a moment ago
//
// removed, rolled-back and wiped are remembered by the data directory. The node takes part in nothing after the first
// two, for good; a wiped one forms no cluster, and may be added to one. Where there is no secret, the first two are
// remembered only if a majority of the voters says so, in answer to this node's own dials. Until then the word removed
// changes nothing, and the word rolled-back holds the node back: it takes part in nothing, asks all members again and
// again, and goes on when no node says so any more (Welcomed). Anyone can send what makes the obstacle secret, so it
// ends when nothing of the kind has come for strangerPatience.
type Obstacle struct {
	Kind string
	// By is the member that said so, or that led when the log said so; 0 if that is not known. ByAddress and ByAttributes
	// are its own.
	By           NodeID
	ByAddress    string
	ByAttributes []byte
	// At is when this node learned it.
	At time.Time
	// ClusterID, Member and Incarnation are who is looked for at a wiped node's address.
	ClusterID   uint64
	Member      NodeID
	Incarnation uint64
	// Text says it in a sentence.
	Text string
	// Unproven: it is the word of less than a majority, where no secret shows who says it. It may be false, and the data
	// directory does not remember it.
	Unproven bool `json:"-"`
	// earlier are the kinds that it took the place of, since the node was in order last.
	earlier []string
}

// The kinds of an Obstacle.
const (
	obstacleRemoved    = "removed"
	obstacleRolledBack = "rolled-back"
	obstacleReplaced   = "replaced"
	obstacleCopied     = "copied"
	obstacleWiped      = "wiped"
	obstacleOutdated   = "outdated"
	obstacleSecret     = "secret"
)

// fences reports whether a member with this obstacle takes part in nothing any more.
func (o *Obstacle) fences() bool {
	return o != nil && !o.Unproven && (o.Kind == obstacleRemoved || o.Kind == obstacleRolledBack)
}

// cause is what another node hears of an obstacle that fences.
func (o *Obstacle) cause() error {
	if o.Kind == obstacleRolledBack {
		return engine.ErrRolledBack
	}
	return transport.ErrRemoved
}

// cuts reports whether a member with this obstacle ends its links at once. One that was removed does not: a leader may
// still tell it what became of the commands that it sent.
func (o *Obstacle) cuts() bool { return o != nil && o.Kind == obstacleRolledBack }

// bars reports whether a blank node with this obstacle forms no cluster.
func (o *Obstacle) bars() bool {
	return o != nil && (o.Kind == obstacleWiped || o.Kind == obstacleSecret)
}

// holdsBack reports whether a member with this obstacle takes part in nothing for now: one word says that it was rolled
// back, and it may be true. To go on could lose what was acknowledged.
func (o *Obstacle) holdsBack() bool { return o != nil && o.Unproven && o.Kind == obstacleRolledBack }

// isOutdated reports whether this node's build is of a lower level than its cluster, as far as it was told.
func (o *Obstacle) isOutdated() bool { return o != nil && o.Kind == obstacleOutdated }

// rank orders obstacles by what depends on them: that a node takes part in nothing, for good or for now, and that it
// forms no cluster.
func (o *Obstacle) rank() int {
	switch {
	case o.fences():
		return 4
	case o.holdsBack():
		return 3
	case o.lasts():
		return 2
	case o.bars():
		return 1
	}
	return 0
}

// yields reports whether another obstacle takes the place of this one: one of a higher rank always, one of the same
// rank if it is of another kind, and was not told before.
func (o *Obstacle) yields(other *Obstacle) bool {
	if own, others := o.rank(), other.rank(); own != others {
		return own < others
	}
	return !o.fences() && o.Kind != other.Kind && !slices.Contains(o.earlier, other.Kind)
}

// lasts reports whether the data directory remembers it.
func (o *Obstacle) lasts() bool { return o.fences() || o.Kind == obstacleWiped }

// strangerPatience is how long a founder waits after the last hello without its secret: a member of a cluster with
// another secret would have dialled again meanwhile, from any machine.
const strangerPatience = 2*transport.DefaultBackoffMax + transport.DefaultDialTimeout

// Bounds of what an obstacle's note keeps, so that it fits wal.MaxNoteBytes however its bytes are escaped.
const (
	maxNoteText       = 512
	maxNoteAttributes = 512
)

// encode is the obstacle as the note of an identity.
func (o *Obstacle) encode() string {
	kept := *o
	kept.Text = o.Text[:min(len(o.Text), maxNoteText)]
	kept.ByAddress = o.ByAddress[:min(len(o.ByAddress), maxAddressBytes)]
	if len(kept.ByAttributes) > maxNoteAttributes {
		kept.ByAttributes = nil
	}
	b, err := json.Marshal(&kept)
	if err != nil {
		panic(fmt.Sprintf("consensus: encode %+v: %v", o, err)) // it holds nothing that cannot be encoded
	}
	return string(b)
}

// decodeObstacle reads a note. One that cannot be read is one of a later version: then the text is all there is, and
// the node must not take part.
func decodeObstacle(note string) *Obstacle {
	if note == "" {
		return nil
	}
	o := &Obstacle{}
	if err := json.Unmarshal([]byte(note), o); err != nil || !o.bars() && !o.fences() {
		return &Obstacle{Kind: obstacleRemoved, Text: "the data directory has a note that this build cannot read: " + note}
	}
	return o
}

// fenced reports whether this node takes part in nothing any more.
func (n *Node) fenced() bool { return n.obstacle.Load().fences() }

// barred reports whether this blank node forms no cluster.
func (n *Node) barred() bool { return n.obstacle.Load().bars() }

// Refused hears why a peer was not let in, or did not let this node in.
func (o peerHandler) Refused(theirs transport.Hello, err error) {
	<-o.assembled
	found := o.obstacleIn(&theirs, err)
	if found == nil {
		return
	}
	if found.Kind == obstacleSecret { // before it is met, and settle looks
		o.mu.Lock()
		o.strangerAt = time.Now()
		o.mu.Unlock()
	}
	o.meet(found)
}

// heardSay notes that the node that was dialled under an id says that this one was removed, or rolled back, and reports
// whether a majority of the voters says so.
func (n *Node) heardSay(kind string, says raftlog.NodeID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.words == nil {
		n.words = map[string]map[raftlog.NodeID]time.Time{}
	}
	said := n.words[kind]
	if said == nil || len(said) > 2*membership.MaxMembers { // some were of nodes that came and went
		said = map[raftlog.NodeID]time.Time{}
		n.words[kind] = said
	}
	said[says] = time.Now()
	delete(n.welcomes, says)
	return n.votersAgree(func(id raftlog.NodeID) bool { return !said[id].IsZero() })
}

// votersAgree reports whether a majority of the other voters agrees, and two at least: one that cannot prove who it is
// decides nothing for good. The caller holds the lock.
func (n *Node) votersAgree(agrees func(id raftlog.NodeID) bool) bool {
	r := n.runner.Load()
	if r == nil {
		return false
	}
	s := r.Status()
	others, agree := 0, 0
	for _, id := range s.Configuration.Nodes() {
		if id == s.ID || !s.Configuration.Votes(id) {
			continue
		}
		if others++; agrees(id) {
			agree++
		}
	}
	return agree >= 2 && agree > others/2
}

// letIn forgets what spoke against a member when the two sides of a connection have let each other in, as far as this
// node knows. A member that dials learns the level of this build by the answer only, and refuses an outdated one then:
// without a word, since it has dialled. So that obstacle ends with a dial of this node's own (Welcomed), or when the
// node comes to follow a leader (statusChanged).
func (n *Node) letIn() {
	n.mu.Lock()
	delete(n.words, obstacleRemoved)
	n.mu.Unlock()
	if !n.obstacle.Load().isOutdated() {
		n.overcome()
	}
}

// wordPatience is how long after its last word a node counts as one that says nothing more: it is asked again and
// again, and would have repeated it meanwhile.
const wordPatience = 2*transport.DefaultBackoffMax + transport.DefaultDialTimeout + transport.DefaultHandshakeTimeout

// Welcomed hears that a node that was dialled lets this one in. So it takes back that this one was rolled back, if it
// said so. The node goes on when no node says so any more: each that did has taken it back; or it is silent, and a
// majority of the others, of which none says so, has let the node in since. That this node's build is outdated ends
// with the first that lets it in.
func (o peerHandler) Welcomed(theirs transport.Hello) {
	<-o.assembled
	held := o.obstacle.Load()
	if held.isOutdated() {
		o.overcome()
		return
	}
	if !held.holdsBack() {
		return
	}
	o.mu.Lock()
	said := o.words[obstacleRolledBack]
	delete(said, theirs.From)
	if o.welcomes == nil {
		o.welcomes = map[raftlog.NodeID]bool{}
	}
	o.welcomes[theirs.From] = true
	over := len(said) == 0 || !repeated(said) && o.votersAgree(func(id raftlog.NodeID) bool { return o.welcomes[id] })
	if over = over && o.obstacle.CompareAndSwap(held, nil); over {
		delete(o.words, obstacleRolledBack)
		o.welcomes = nil
	}
	o.mu.Unlock()
	if over {
		o.options.Logger.Info("no node says any more that this one was rolled back: it takes part again", "said", held.Text)
		o.renew()
		o.watchers.wake(everything)
	}
}

// repeated reports whether a node has said something a moment ago.
func repeated(said map[raftlog.NodeID]time.Time) bool {
	for _, at := range said {
		if time.Since(at) < wordPatience {
			return true
		}
	}
	return false
}

// heldBack reports whether this node takes part in nothing for now.
func (n *Node) heldBack() bool { return n.obstacle.Load().holdsBack() }

// outwaitStrangers lets a founder go on when no hello without its secret has come for strangerPatience. It listens for
// a whole window again: if the machine slept, members had no time to dial. The caller holds the lock.
func (n *Node) outwaitStrangers() {
	o := n.obstacle.Load()
	if o == nil || o.Kind != obstacleSecret || time.Since(n.strangerAt) < strangerPatience {
		return
	}
	n.overcome()
	n.listenUntil = time.Now().Add(n.options.foundingWindow(n.transport.Addr()))
	n.options.Logger.Info("no node without the secret dials any more: this node goes on to form a cluster",
		"last", n.strangerAt)
}

// obstacleIn is what a failed handshake says of this node; nil if it says nothing.
func (n *Node) obstacleIn(theirs *transport.Hello, err error) *Obstacle {
	o := &Obstacle{
		By: theirs.From, ByAddress: theirs.Address, ByAttributes: theirs.Attributes, At: time.Now(), Text: err.Error(),
	}
	blank := n.runner.Load() == nil && !n.fenced()
	var refusal *transport.Refusal
	refused := errors.As(err, &refusal)
	if refused {
		o.Text = refusal.Text
	}
	switch {
	case refused && errors.Is(err, transport.ErrRemoved):
		o.Kind, o.Unproven = obstacleRemoved, len(n.options.Secret) == 0 && !n.heardSay(obstacleRemoved, theirs.From)
	case refused && errors.Is(err, engine.ErrRolledBack):
		o.Kind, o.Unproven = obstacleRolledBack, len(n.options.Secret) == 0 && !n.heardSay(obstacleRolledBack, theirs.From)
	case refused && errors.Is(err, transport.ErrReplaced) && !blank:
		o.Kind = obstacleReplaced
	case refused && errors.Is(err, engine.ErrLevel):
		o.Kind = obstacleOutdated
	case refused && errors.Is(err, transport.ErrDuplicate):
		o.Kind = obstacleCopied
	case !refused && blank && theirs.ClusterID != 0 &&
		(errors.Is(err, transport.ErrIncarnation) || errors.Is(err, transport.ErrCluster)):
		o.Kind, o.ClusterID, o.Member, o.Incarnation = obstacleWiped, theirs.ClusterID, theirs.To, theirs.ToIncarnation
		o.Text = fmt.Sprintf("node %d of cluster %016x looks for node %d at this address, with another data directory",
			theirs.From, theirs.ClusterID, theirs.To)
	case !refused && blank && errors.Is(err, transport.ErrSecret) && n.options.Bootstrap:
		o.Kind = obstacleSecret
	default:
		return nil
	}
	return o
}

// meet takes an obstacle. The first one of its kind stays, until another kind comes or it is overcome; nothing comes
// after one that fences. Two members that say different things do not take turns: a kind that was told stays told. One
// that fences is told only when it is durable: then no restart forgets it. It does not block: the node's loop calls it.
func (n *Node) meet(o *Obstacle) {
	if o.Unproven && !o.holdsBack() && len(n.links.list()) > 0 {
		return // a member that speaks to this one knows better
	}
	if !o.fences() && !n.tellObstacle(o) {
		return
	}
	if o.holdsBack() {
		n.askAgain()
	}
	if !o.lasts() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed && !n.fenced() {
		n.background.Go(func() { n.remember(o) })
	}
}

// tellObstacle makes an obstacle the one that the node tells, unless one of its kind is, or a more lasting one.
func (n *Node) tellObstacle(o *Obstacle) (news bool) {
	for {
		before := n.obstacle.Load()
		if before != nil && !before.yields(o) {
			return false
		}
		if o.earlier = nil; before != nil {
			o.earlier = append(slices.Clone(before.earlier), before.Kind)
		}
		if n.obstacle.CompareAndSwap(before, o) {
			break
		}
	}
	n.options.Logger.Warn("this node takes no part: "+o.Kind, "reason", o.Text, "by", o.By, "address", o.ByAddress)
	n.renew()
	n.watchers.wake(everything)
	n.hurry()
	if r := n.runner.Load(); r != nil {
		r.TellAll()
	}
	return true
}

// remember makes an obstacle durable, and cuts the node off from the others if it must be.
func (n *Node) remember(o *Obstacle) {
	if o.cuts() {
		n.cutOff()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fenced() || o.bars() && (n.started || n.obstacle.Load() != o) { // it has become a member meanwhile
		return
	}
	identity := n.identity
	identity.Note = o.encode()
	if n.storeIdentity(identity) == nil && o.fences() { // else it fails the node, or is tried again
		n.tellObstacle(o)
	}
}

// cutOff ends all links, in both directions, for good: Admit refuses, and no configuration brings peers back.
func (n *Node) cutOff() {
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	n.peers.cut = true
	n.transport.SetPeers(nil)
	for _, m := range n.peers.book.Members() {
		n.transport.Reset(m.ID)
	}
}

// askAgain ends all links of a node that is held back. To make them anew asks each member what it says of this node. It
// does not block.
func (n *Node) askAgain() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.background.Go(func() {
		n.peers.mu.Lock()
		defer n.peers.mu.Unlock()
		n.transport.SetPeers(nil)
		n.transport.SetPeers(n.peers.list())
		for _, m := range n.peers.book.Members() {
			n.transport.Reset(m.ID)
		}
	})
}

// overcome forgets an obstacle that was one of the moment: a member has let this node in.
func (n *Node) overcome() {
	if o := n.obstacle.Load(); o != nil && !o.lasts() && !o.holdsBack() && n.obstacle.CompareAndSwap(o, nil) {
		n.renew()
		n.watchers.wake(everything)
	}
}

// removedByLog is the obstacle of a node that has learned of its removal from its log.
func removedByLog(s *engine.Status) *Obstacle {
	by := s.Leader
	o := &Obstacle{
		Kind: obstacleRemoved, By: by, At: time.Now(),
		Text: fmt.Sprintf("node %d was removed from the cluster, by an entry of its log", s.ID),
	}
	if m := membership.Find(s.Committed, by); m != nil {
		o.ByAddress, o.ByAttributes = m.Address, m.Attributes
	}
	return o
}
