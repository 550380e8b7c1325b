package vfs

import (
	"maps"
	"slices"
)

// LoseAll is the choice by which Crash loses everything that is not durable, KeepAll that by which it loses nothing.
func LoseAll(int) int { return 0 }

// KeepAll is the choice by which Crash keeps everything that was written.
func KeepAll(n int) int { return n - 1 }

// Kill returns the file system as the next process finds it when this one dies while the machine goes on: everything
// written is there, and what was not synced is still not durable. The receiver stays as it is; it is now the past.
func (m *Memory) Kill() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{root: m.root.copyTree(map[*node]*node{})}
}

// Crash returns what may be on the disk after power loss. choose draws a number from 0 to n-1: the caller gives it a
// seeded generator, LoseAll or KeepAll. Of the names in each directory, the un-synced changes from a drawn point on are
// lost. Of the contents, each un-synced write is lost, kept, or torn into sectors of which each is lost or kept; a lost
// write that grew its file may leave the growth behind, as zeros. In the result everything is durable. The receiver
// stays as it is.
func (m *Memory) Crash(choose func(n int) int) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := crash{choose: choose, survivors: map[*node]*node{}}
	return &Memory{root: c.survivor(m.root)}
}

type crash struct {
	choose    func(n int) int
	survivors map[*node]*node
}

func (c *crash) survivor(n *node) *node {
	if s := c.survivors[n]; s != nil {
		return s
	}
	s := &node{}
	c.survivors[n] = s
	if !n.isDirectory() {
		s.durable = c.contents(n)
		s.contents = s.durable.clone()
		return s
	}
	names := maps.Clone(n.durableNames)
	for _, change := range n.nameChanges[:c.choose(len(n.nameChanges)+1)] {
		change.apply(names)
	}
	for _, name := range slices.Sorted(maps.Keys(names)) { // sorted: the draws must not depend on a map's order
		names[name] = c.survivor(names[name])
	}
	s.names, s.durableNames = names, maps.Clone(names)
	return s
}

// The fates of an un-synced write; a change of size is lost or kept.
const (
	fateLost = iota
	fateTorn
	fateKept
	fates
)

func (c *crash) contents(n *node) pages {
	left := n.durable.clone()
	for _, change := range n.changes {
		if change.data == nil {
			if c.choose(2) == 1 {
				change.apply(&left)
			}
			continue
		}
		switch c.choose(fates) {
		case fateKept:
			change.apply(&left)
		case fateTorn:
			c.tear(&left, change)
		case fateLost:
			c.grow(&left, change)
		}
	}
	return left
}

func (c *crash) tear(left *pages, w contentChange) {
	c.grow(left, w)
	for at := int64(0); at < int64(len(w.data)); {
		end := min((w.offset+at)/SectorBytes*SectorBytes+SectorBytes-w.offset, int64(len(w.data)))
		if c.choose(2) == 1 {
			contentChange{offset: w.offset + at, data: w.data[at:end]}.apply(left)
		}
		at = end
	}
}

func (c *crash) grow(left *pages, w contentChange) {
	if end := w.offset + int64(len(w.data)); end > left.size && c.choose(2) == 1 {
		left.resize(end)
	}
}
