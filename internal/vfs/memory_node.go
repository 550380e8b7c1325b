package vfs

import (
	"maps"
	"slices"
)

// node is a file or a directory. The caller of its methods holds the lock of its Memory.
type node struct {
	// names is what a directory holds now; nil for a file. durableNames is what it holds after power loss if no
	// un-synced change survives, and nameChanges are those, in order.
	names        map[string]*node
	durableNames map[string]*node
	nameChanges  []nameChange

	// contents is what a file holds now, durable what it holds after power loss, changes what is in between.
	contents pages
	durable  pages
	changes  []contentChange
}

// nameChange is one change of a directory: both halves happen or neither does.
type nameChange struct {
	removed string
	added   string
	node    *node
}

// contentChange is one un-synced change of a file: a write, or a change of size when data is nil.
type contentChange struct {
	offset int64 // of the data, or the new size
	data   []byte
	// orphaned: a sync failed since. The system counts the page as clean, so no later sync writes it.
	orphaned bool
}

func newDirectory() *node {
	return &node{names: map[string]*node{}, durableNames: map[string]*node{}}
}

func (n *node) isDirectory() bool { return n.names != nil }

func (n *node) change(c nameChange) {
	c.apply(n.names)
	n.nameChanges = append(n.nameChanges, c)
}

func (c nameChange) apply(names map[string]*node) {
	if c.removed != "" {
		delete(names, c.removed)
	}
	if c.added != "" {
		names[c.added] = c.node
	}
}

func (n *node) syncNames() {
	for _, c := range n.nameChanges {
		c.apply(n.durableNames)
	}
	n.nameChanges = nil
}

func (n *node) write(data []byte, offset int64) {
	n.changeContents(contentChange{offset: offset, data: append([]byte{}, data...)}) // never nil: see contentChange
}

func (n *node) truncate(size int64) { n.changeContents(contentChange{offset: size}) }

func (n *node) changeContents(c contentChange) {
	c.apply(&n.contents)
	n.changes = append(n.changes, c)
}

func (c contentChange) apply(to *pages) {
	if c.data == nil {
		to.resize(c.offset)
		return
	}
	to.write(c.data, c.offset)
}

// sync makes everything durable except orphans. An orphan that a later write covers, even in part, is gone for good:
// it must not come back over newer contents.
func (n *node) sync() {
	orphans := n.changes[:0]
	for i, c := range n.changes {
		switch {
		case !c.orphaned:
			c.apply(&n.durable)
		case !slices.ContainsFunc(n.changes[i+1:], c.superseded):
			orphans = append(orphans, c)
		}
	}
	clear(n.changes[len(orphans):])
	n.changes = orphans
}

func (c contentChange) superseded(later contentChange) bool {
	if later.orphaned {
		return false
	}
	if later.data == nil || c.data == nil {
		return true
	}
	return later.offset < c.offset+int64(len(c.data)) && c.offset < later.offset+int64(len(later.data))
}

func (n *node) failSync() {
	for i := range n.changes {
		n.changes[i].orphaned = true
	}
}

// copyTree copies a tree with everything that is not yet durable. A node that has several names, now or after power
// loss, stays one node: copies remembers them.
func (n *node) copyTree(copies map[*node]*node) *node {
	if n == nil {
		return nil
	}
	if c := copies[n]; c != nil {
		return c
	}
	c := &node{
		contents: n.contents.clone(),
		durable:  n.durable.clone(),
		changes:  append([]contentChange(nil), n.changes...),
	}
	copies[n] = c
	if !n.isDirectory() {
		return c
	}
	c.names, c.durableNames = maps.Clone(n.names), maps.Clone(n.durableNames)
	for name, child := range n.names {
		c.names[name] = child.copyTree(copies)
	}
	for name, child := range n.durableNames {
		c.durableNames[name] = child.copyTree(copies)
	}
	for _, change := range n.nameChanges {
		change.node = change.node.copyTree(copies)
		c.nameChanges = append(c.nameChanges, change)
	}
	return c
}
