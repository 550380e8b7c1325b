package raft

import "slices"

// Clone returns a node that goes on from the same state by itself. The two share only what never changes: entries,
// snapshots, configurations. An exploration tries one event after the other on clones of the same node.
func (r *Raft) Clone() *Raft {
	c := *r
	c.log.entries = slices.Clip(r.log.entries) // what one of the two appends goes to a new array
	c.disk.flying = slices.Clone(r.disk.flying)
	c.disk.promised = slices.Clone(r.disk.promised)
	c.membership.list = slices.Clone(r.membership.list)
	c.ballots = slices.Clone(r.ballots)
	c.peers = clonePeers(r.peers)
	c.messages = slices.Clone(r.messages)
	c.promises = slices.Clone(r.promises)
	c.fetches = slices.Clone(r.fetches)
	return &c
}

func clonePeers(peers []*progress) []*progress {
	if peers == nil {
		return nil
	}
	copies, cloned := make([]progress, len(peers)), make([]*progress, len(peers))
	for i, p := range peers {
		copies[i] = *p
		copies[i].inflight = slices.Clone(p.inflight)
		cloned[i] = &copies[i]
	}
	return cloned
}
