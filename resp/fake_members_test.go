package resp

import (
	"slices"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/resp/topology"
)

func (s *fakeStore) Change(r *ChangeRequest) {
	s.mu.Lock()
	s.changes = append(s.changes, r)
	s.mu.Unlock()
	if s.change == nil {
		s.make(r)
		return
	}
	s.change(r)
}

// make makes a change at once.
func (s *fakeStore) make(r *ChangeRequest) {
	s.mu.Lock()
	result := applyChange(&s.info, &r.Change)
	s.mu.Unlock()
	r.Complete(result)
}

func (s *fakeStore) AbandonChange(r *ChangeRequest) {
	s.mu.Lock()
	s.forsaken = append(s.forsaken, r)
	s.mu.Unlock()
	if r.result.Load() == nil {
		r.Complete(ChangeResult{Outcome: Uncertain})
	}
}

func (s *fakeStore) Join(peerAddress string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joined = append(s.joined, peerAddress)
	return s.join
}

// lastChange is the newest change that was submitted, and how many there were.
func (s *fakeStore) lastChange() (*ChangeRequest, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changes) == 0 {
		return nil, 0
	}
	return s.changes[len(s.changes)-1], len(s.changes)
}

// applyChange makes a change as a cluster would that agrees at once: all of it or nothing. A node that is added has its
// port for clients 10000 below that for other nodes.
func applyChange(info *fakeInfo, change *MemberChange) ChangeResult {
	result := ChangeResult{Outcome: Done}
	nodes := slices.Clone(info.Nodes)
	find := func(wanted Member) int {
		return slices.IndexFunc(nodes, func(n topology.Node) bool { return n.ID == wanted.ID || n.Name == wanted.Name })
	}
	next := uint64(100)
	for _, n := range nodes {
		next = max(next, n.ID+1)
	}
	for _, added := range change.Add {
		host, peerPort := address.Split(added.PeerAddress)
		known := slices.IndexFunc(nodes, func(n topology.Node) bool { return n.Host == host && n.PeerPort == peerPort })
		if known < 0 {
			voter := !added.Learner
			if place := find(added.InPlaceOf); place >= 0 {
				voter = nodes[place].Voter
			}
			known = len(nodes)
			nodes = append(nodes, topology.Node{
				ID: next, Name: fakeName(next), Host: host, Port: peerPort - address.PeerPortDistance, PeerPort: peerPort,
				Voter: voter, Up: true,
			})
			next++
		}
		result.Added = append(result.Added, Member{ID: nodes[known].ID, Name: nodes[known].Name})
	}
	for _, gone := range change.Remove {
		i := find(gone)
		if i < 0 {
			return ChangeResult{Outcome: NotDone, Unknown: []Member{gone}}
		}
		nodes = slices.Delete(nodes, i, i+1)
	}
	info.Nodes = nodes
	return result
}
