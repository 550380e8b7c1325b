package explore

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Two states that differ only in which node plays which part have the same future, with the parts exchanged. The first
// entry of all logs tells voters and learners apart; within each group any node may be called by any name.
//
//  1. Each node has a colour: the digest of its state in which it is called 1 and all others 2. Colours stay when names
//     change.
//  2. Names are given in the order of colours. Where colours are equal, all orders are tried.
//  3. The lowest of the digests by these names is the fingerprint of the state.
type symmetry struct {
	// names are the permutations: what node 1, node 2 and so on is called. The first one changes nothing. order is the
	// inverse: who is called 1, 2 and so on.
	names, order [][]raftlog.NodeID
	// self are the names by which each node has its colour.
	self   [][]raftlog.NodeID
	voters int
	digest raft.Digest
	// colours are those of the nodes at present.
	colours []uint64
	// configurations are decoded ones, by their bytes.
	configurations map[string]*membership.Configuration
}

func newSymmetry(b *Bounds) symmetry {
	s := symmetry{voters: b.Voters, configurations: map[string]*membership.Configuration{}}
	count := b.Voters + b.Learners
	var identity []raftlog.NodeID
	for i := range count {
		identity = append(identity, raftlog.NodeID(i+1))
	}
	s.names = [][]raftlog.NodeID{identity}
	if b.Plain == 0 {
		s.names = nil
		permute(slices.Clone(identity), 0, b.Voters, func(names []raftlog.NodeID) { s.names = append(s.names, names) })
	}
	for _, names := range s.names {
		order := make([]raftlog.NodeID, count)
		for i, name := range names {
			order[name-1] = raftlog.NodeID(i + 1)
		}
		s.order = append(s.order, order)
	}
	for i := range count {
		names := slices.Repeat([]raftlog.NodeID{2}, count)
		names[i] = 1
		s.self = append(s.self, names)
	}
	s.colours = make([]uint64, count)
	return s
}

// permute hands out all permutations that leave the first group, names up to border, and the rest among themselves; the
// one that changes nothing first.
func permute(names []raftlog.NodeID, from, border int, take func([]raftlog.NodeID)) {
	if from == len(names) {
		take(slices.Clone(names))
		return
	}
	end := len(names)
	if from < border {
		end = border
	}
	for i := from; i < end; i++ {
		names[from], names[i] = names[i], names[from]
		permute(names, from+1, border, take)
		names[from], names[i] = names[i], names[from]
	}
}

// fingerprint is the number by which the search recognises a world.
func (s *symmetry) fingerprint(w *world) uint64 {
	if len(s.names) == 1 {
		return s.sum(w, 0)
	}
	for i, n := range w.nodes {
		s.colours[i] = s.colour(n)
	}
	lowest := ^uint64(0)
	for p := range s.names {
		if s.ordered(s.order[p]) {
			lowest = min(lowest, s.sum(w, p))
		}
	}
	return lowest
}

// ordered reports whether names follow the colours.
func (s *symmetry) ordered(order []raftlog.NodeID) bool {
	for k := 1; k < len(order); k++ {
		if k != s.voters && s.colours[order[k-1]-1] > s.colours[order[k]-1] {
			return false
		}
	}
	return true
}

func (s *symmetry) colour(n *node) uint64 {
	if n.colour == 0 {
		n.colour = s.digestNode(n, s.self[n.id-1]) | 1
	}
	return n.colour
}

// sum is the digest of a world by a permutation. Nodes, messages and the past are sets: the order of messages on the
// wire says nothing, as any may come first.
func (s *symmetry) sum(w *world, p int) uint64 {
	set := s.past(&w.past, s.names[p])
	for _, n := range w.nodes {
		set += s.node(n, p)
	}
	for _, l := range w.wire {
		set += s.letter(l, p)
	}
	d := &s.digest
	d.Begin(s.names[p])
	d.Add(set)
	for i := range w.past.committed {
		d.Mark(w.past.committed[i].Mark())
	}
	for _, left := range w.left {
		d.Add(uint64(left))
	}
	return d.Sum
}

func (s *symmetry) past(past *past, names []raftlog.NodeID) (set uint64) {
	d := &s.digest
	for _, l := range past.leaders {
		d.Begin(names)
		d.Add(uint64(l.term))
		d.Node(l.id)
		set += d.Sum
	}
	for _, v := range past.votes {
		d.Begin(names)
		d.Node(v.voter)
		d.Add(uint64(v.term))
		d.Node(v.candidate)
		set += d.Sum
	}
	return set
}

// node is the digest of a node by a permutation. It is computed once.
func (s *symmetry) node(n *node, p int) uint64 {
	if n.sums == nil {
		n.sums = make([]uint64, len(s.names))
	}
	if n.sums[p] == 0 {
		n.sums[p] = s.digestNode(n, s.names[p]) | 1
	}
	return n.sums[p]
}

// digestNode takes in what decides a node's future. A disk that has nothing to do holds what the core holds.
func (s *symmetry) digestNode(n *node, names []raftlog.NodeID) uint64 {
	d := &s.digest
	d.Begin(names)
	d.Node(n.id)
	n.core.Digest(d)
	for _, r := range n.reads {
		d.Add(uint64(r.epoch))
		d.Add(uint64(r.index)<<32 ^ uint64(r.committed))
	}
	if n.installing != nil {
		d.Snapshot(&n.installing.Snapshot)
	}
	if len(n.flying) == 0 {
		return d.Sum
	}
	for i := range n.flying {
		d.Operation(&n.flying[i])
	}
	d.Add(uint64(n.disk.term))
	d.Node(n.disk.vote)
	d.Entries(n.disk.entries)
	d.Add(uint64(n.disk.gone))
	d.Snapshot(n.disk.snapshot)
	d.Snapshot(n.disk.retained)
	return d.Sum
}

// same reports whether two states of a node are the same.
func (s *symmetry) same(a, b *node) bool { return s.node(a, 0) == s.node(b, 0) }

func (s *symmetry) letter(l *letter, p int) uint64 {
	if l.sums == nil {
		l.sums = make([]uint64, len(s.names))
	}
	if l.sums[p] == 0 {
		s.digest.Begin(s.names[p])
		s.digest.Message(&l.message)
		l.sums[p] = s.digest.Sum | 1
	}
	return l.sums[p]
}

// count is how many messages equal to l are in a list.
func (s *symmetry) count(list []*letter, l *letter) (equal int) {
	for _, other := range list {
		if s.letter(other, 0) == s.letter(l, 0) {
			equal++
		}
	}
	return equal
}

// decode decodes the configuration of an entry, or remembers it.
func (s *symmetry) decode(e *raftlog.Entry) *membership.Configuration {
	c := s.configurations[string(e.Body)]
	if c == nil {
		c = decode(e)
		s.configurations[string(e.Body)] = c
	}
	return c
}
