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
// two, for good; a wiped one forms no cluster, and may be added to one. Where there is no secret, removed is remembered
// only if a majority of the other members says so. Anyone can send what makes the obstacle secret,
// so it ends when nothing of the kind has come for strangerPatience.
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

// yields reports whether another obstacle takes the place of this one.
func (o *Obstacle) yields(other *Obstacle) bool {
	switch {
	case o.fences() || other.fences():
		return !o.fences()
	case o.Kind == other.Kind || o.lasts() && !other.lasts():
		return false
	}
	return !slices.Contains(o.earlier, other.Kind) || other.bars() && !o.bars()
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

// removedByMajority notes that the node that was dialled as a member says that this one was removed, and reports
// whether a majority of the other members says so. Without a secret, a program at the address of a member can say it,
// too, and what it says would count for good.
func (n *Node) removedByMajority(says raftlog.NodeID) bool {
	r := n.runner.Load()
	if r == nil {
		return false
	}
	s := r.Status()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.removedBy == nil {
		n.removedBy = map[raftlog.NodeID]bool{}
	}
	n.removedBy[says] = true
	others, agree := 0, 0
	if s.Configuration != nil {
		for i := range s.Configuration.Members {
			if id := s.Configuration.Members[i].ID; id != s.ID {
				others++
				if n.removedBy[id] {
					agree++
				}
			}
		}
	}
	return agree > others/2
}

// letIn forgets what spoke against a member that another one has let in.
func (n *Node) letIn() {
	n.mu.Lock()
	n.removedBy = nil
	n.mu.Unlock()
	n.overcome()
}

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
		o.Kind, o.Unproven = obstacleRemoved, len(n.options.Secret) == 0 && !n.removedByMajority(theirs.From)
	case refused && errors.Is(err, engine.ErrRolledBack):
		o.Kind = obstacleRolledBack
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
	if o.Unproven && len(n.links.list()) > 0 {
		return // a member that speaks to this one knows better
	}
	if !o.fences() && !n.tellObstacle(o) {
		return
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

// overcome forgets an obstacle that was one of the moment: a member has let this node in.
func (n *Node) overcome() {
	if o := n.obstacle.Load(); o != nil && !o.lasts() && n.obstacle.CompareAndSwap(o, nil) {
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
