package value

import (
	"bytes"
	"math"

	"github.com/raftredis/raftredis/internal/allocated"
)

// ordered is a row of members in the order of (score, member), each of which knows its rank: a B+tree whose forks count
// what is below them, and whose leaves pack their elements into one block. The zero value is empty.
//
//	ordered ──► fork ──► links: tree, count, and a bound between it and the tree before
//	             ├─► leaf: elements packed one behind the other, in order
//	             └─► leaf …
//
// It is a part of a value, and changes as that does: a write copies the ordered and changes the copy. Nodes of an older
// generation are copied before they change; nodes of the present one change in place, so only the newest may be used.
type ordered struct{ root orderedTree }

// orderedTree is a fork or a leaf, or neither where nothing is.
type orderedTree struct {
	leaf *orderedLeaf
	fork *orderedFork
}

type orderedFork struct {
	generation uint64
	links      []orderedLink
}

type orderedLink struct {
	tree  orderedTree
	count int
	// from is at most the first element of the tree, and above all elements of the trees before. That of the first link
	// means nothing.
	from scoredKey
}

// scoredKey is a place in the order of (score, member). Scores are rankOf theirs. member never changes.
type scoredKey struct {
	score  uint64
	member []byte
}

// before reports whether a place is before another one.
func (k scoredKey) before(other scoredKey) bool {
	if k.score != other.score {
		return k.score < other.score
	}
	return bytes.Compare(k.member, other.member) < 0
}

// lasting is the place with a member that never changes.
func (k scoredKey) lasting() scoredKey {
	if len(k.member) < longMemberBytes {
		k.member = bytes.Clone(k.member)
	}
	return k
}

// rankOf makes of a score, which is a number, an integer that compares as the score does. Of the two zeros it makes
// one.
func rankOf(score float64) uint64 {
	bits := math.Float64bits(score + 0)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// scoreOf is the score of which rankOf made an integer.
func scoreOf(rank uint64) float64 {
	if rank>>63 != 0 {
		return math.Float64frombits(rank &^ (1 << 63))
	}
	return math.Float64frombits(^rank)
}

const (
	// A leaf is divided when it has more than maxLeafElements, or more than maxLeafBytes; a fork that has more than
	// maxForkLinks. Below minLeafElements and minForkLinks a node is joined with one beside it, if both fit into half of
	// what a node takes.
	maxLeafElements, minLeafElements = 64, 16
	maxLeafBytes                     = 2 << 10
	maxForkLinks, minForkLinks       = 32, 8
	// longMemberBytes is the length from which a member has memory of its own, and is not copied with its leaf.
	longMemberBytes = 257
)

// len is the number of elements.
func (o ordered) len() int { return o.root.len() }

func (t orderedTree) len() (count int) {
	switch {
	case t.leaf != nil:
		return t.leaf.count
	case t.fork != nil:
		for i := range t.fork.links {
			count += t.fork.links[i].count
		}
	}
	return count
}

// rank is the number of elements that are below, which is true of elements up to some place, and of none behind it.
func (o ordered) rank(below func(scoredKey) bool) (rank int) {
	t := o.root
	for t.fork != nil {
		links := t.fork.links
		at, end := 0, len(links)
		for at+1 < end { // below(links[at].from) or at is 0, and not below(links[end].from)
			if middle := (at + end) / 2; below(links[middle].from) {
				at = middle
			} else {
				end = middle
			}
		}
		for i := range at {
			rank += links[i].count
		}
		t = links[at].tree
	}
	if t.leaf == nil {
		return rank
	}
	for c := t.leaf.cursor(); c.next() && below(c.key); {
		rank++
	}
	return rank
}

// each visits elements from the one on that has a rank, until visit wants no more. member is valid during the visit.
func (o ordered) each(rank int, visit func(scoredKey) bool) { o.root.each(rank, visit) }

func (t orderedTree) each(skipped int, visit func(scoredKey) bool) bool {
	if t.leaf != nil {
		for c := t.leaf.cursor(); c.next(); skipped-- {
			if skipped <= 0 && !visit(c.key) {
				return false
			}
		}
	}
	if t.fork == nil {
		return true
	}
	for i := range t.fork.links {
		link := &t.fork.links[i]
		if skipped < link.count && !link.tree.each(max(skipped, 0), visit) {
			return false
		}
		skipped -= link.count
	}
	return true
}

// eachBack is each in the other direction: from the element with a rank to the first.
func (o ordered) eachBack(rank int, visit func(scoredKey) bool) {
	o.root.eachBack(o.len()-1-rank, visit)
}

func (t orderedTree) eachBack(skipped int, visit func(scoredKey) bool) bool {
	if t.leaf != nil {
		var some [maxLeafElements]scoredKey
		all := some[:0]
		for c := t.leaf.cursor(); c.next(); {
			all = append(all, c.key)
		}
		for i := len(all) - 1 - skipped; i >= 0; i-- {
			if !visit(all[i]) {
				return false
			}
		}
	}
	if t.fork == nil {
		return true
	}
	for i := len(t.fork.links) - 1; i >= 0; i-- {
		link := &t.fork.links[i]
		if skipped < link.count && !link.tree.eachBack(max(skipped, 0), visit) {
			return false
		}
		skipped -= link.count
	}
	return true
}

// insert adds an element that is not there. It keeps a long member, and copies others.
func (o *ordered) insert(e scoredKey, generation uint64) {
	if o.root.leaf == nil && o.root.fork == nil {
		o.root.leaf = &orderedLeaf{generation: generation}
	}
	right, from, divided := o.root.insert(e, generation)
	if !divided {
		return
	}
	left := o.root
	o.root = orderedTree{fork: &orderedFork{generation, []orderedLink{
		{tree: left, count: left.len()}, {right, right.len(), from},
	}}}
}

// insert adds an element. If the node is full after that it is divided: right is what is from a place on.
func (t *orderedTree) insert(e scoredKey, generation uint64) (right orderedTree, from scoredKey, divided bool) {
	if t.leaf != nil {
		l := t.leaf.own(generation)
		t.leaf = l
		at, _ := l.find(e)
		l.insert(at, e)
		if l.count <= 1 || l.count <= maxLeafElements && len(l.block) <= maxLeafBytes {
			return right, from, false
		}
		right.leaf = l.divide(at.index)
		return right, right.leaf.first().lasting(), true
	}
	f := t.fork.own(generation)
	t.fork = f
	at := f.find(e)
	f.links[at].count++
	below, bound, dividedBelow := f.links[at].tree.insert(e, generation)
	if !dividedBelow {
		return right, from, false
	}
	f.links[at].count -= below.len()
	f.insert(at+1, orderedLink{below, below.len(), bound})
	if len(f.links) <= maxForkLinks {
		return right, from, false
	}
	right.fork = f.divide(at + 1)
	return right, right.fork.links[0].from, true
}

// remove removes an element that is there.
func (o *ordered) remove(e scoredKey, generation uint64) {
	o.root.remove(e, generation)
	for o.root.fork != nil && len(o.root.fork.links) == 1 {
		o.root = o.root.fork.links[0].tree
	}
	if o.root.leaf != nil && o.root.leaf.count == 0 {
		o.root = orderedTree{}
	}
}

// remove removes an element, and reports whether the node is small then.
func (t *orderedTree) remove(e scoredKey, generation uint64) (small bool) {
	if t.leaf != nil {
		l := t.leaf.own(generation)
		t.leaf = l
		at, found := l.find(e)
		if !found {
			panic("value: an element is not where its score says")
		}
		l.remove(at)
		return l.count < minLeafElements
	}
	f := t.fork.own(generation)
	t.fork = f
	at := f.find(e)
	f.links[at].count--
	if f.links[at].tree.remove(e, generation) {
		f.join(at, generation)
	}
	return len(f.links) < minForkLinks
}

// own is the fork, or a copy that this generation may change.
func (f *orderedFork) own(generation uint64) *orderedFork {
	if f.generation == generation {
		return f
	}
	links := make([]orderedLink, len(f.links), min(len(f.links)+4, maxForkLinks+1))
	copy(links, f.links)
	return &orderedFork{generation, links}
}

// find is the place of the link below which an element belongs.
func (f *orderedFork) find(e scoredKey) int {
	at, end := 0, len(f.links)
	for at+1 < end {
		if middle := (at + end) / 2; e.before(f.links[middle].from) {
			end = middle
		} else {
			at = middle
		}
	}
	return at
}

func (f *orderedFork) insert(at int, link orderedLink) {
	f.links = append(f.links, orderedLink{})
	copy(f.links[at+1:], f.links[at:])
	f.links[at] = link
}

// divide cuts the fork in two, and gives the right part. added is where a link came in: where links come at the end, as
// they do when elements come in order, the left part stays nearly full.
func (f *orderedFork) divide(added int) *orderedFork {
	at := len(f.links) / 2
	if added == len(f.links)-1 {
		at = len(f.links) - 2
	}
	right := &orderedFork{f.generation, append([]orderedLink(nil), f.links[at:]...)}
	f.links = append([]orderedLink(nil), f.links[:at]...)
	return right
}

// join joins a link's tree, which is small, with one beside it, if the two are not too large together. A tree that is
// empty goes away.
func (f *orderedFork) join(at int, generation uint64) {
	if f.links[at].count == 0 {
		f.drop(at)
		return
	}
	for left := max(at-1, 0); left <= at && left+1 < len(f.links); left++ {
		if f.links[left].tree.absorb(f.links[left+1], generation) {
			f.links[left].count += f.links[left+1].count
			f.drop(left + 1)
			return
		}
	}
}

// drop takes a link away.
func (f *orderedFork) drop(at int) {
	copy(f.links[at:], f.links[at+1:])
	end := len(f.links) - 1
	f.links[end] = orderedLink{}
	f.links = f.links[:end]
}

// absorb takes in the tree of the link behind, if the two are not too large together.
func (t *orderedTree) absorb(next orderedLink, generation uint64) bool {
	if t.leaf != nil {
		l, other := t.leaf, next.tree.leaf
		if l.count+other.count > maxLeafElements/2 || len(l.block)+len(other.block) > maxLeafBytes/2 {
			return false
		}
		t.leaf = l.own(generation)
		t.leaf.append(other)
		return true
	}
	f, other := t.fork, next.tree.fork
	if len(f.links)+len(other.links) > maxForkLinks/2 {
		return false
	}
	t.fork = f.own(generation)
	begin := len(t.fork.links)
	t.fork.links = append(t.fork.links, other.links...)
	t.fork.links[begin].from = next.from
	return true
}

// What the nodes occupy besides blocks and bounds. Tests compare them with the types.
const (
	orderedLeafBytes = 64
	orderedForkBytes = 32
	orderedLinkBytes = 56
	sliceBytes       = 24
)

// memoryBytes is what the nodes occupy. It looks at each of them.
func (o ordered) memoryBytes() int { return o.root.memoryBytes() }

func (t orderedTree) memoryBytes() (bytes int) {
	switch {
	case t.leaf != nil:
		l := t.leaf
		bytes = allocated.Size(orderedLeafBytes) + allocated.Size(cap(l.block)) + allocated.Size(cap(l.long)*sliceBytes)
		for _, member := range l.long {
			bytes += allocated.Size(len(member))
		}
	case t.fork != nil:
		bytes = allocated.Size(orderedForkBytes) + allocated.Size(cap(t.fork.links)*orderedLinkBytes)
		for i := range t.fork.links {
			link := &t.fork.links[i]
			if len(link.from.member) < longMemberBytes { // a long one is that of the leaf
				bytes += allocated.Size(len(link.from.member))
			}
			bytes += link.tree.memoryBytes()
		}
	}
	return bytes
}
