package consensus

import (
	"bytes"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Notices tell all members something about each of them that no decision of the log depends on. A node sends its own to
// every member, again and again, because messages are lost; the newest one counts.

const (
	// MaxNoticeBytes bounds a notice.
	maxNoticeBytes = 4 << 10
	// noticeInterval is how often a node tells its notice again.
	noticeInterval = time.Second
)

// notices are the newest notices of all members, this node included.
type notices struct {
	mu  sync.Mutex
	own []byte
	// all is replaced as a whole, never changed.
	all atomic.Pointer[map[NodeID][]byte]
}

// Notify tells the hosts of all members, this one's included, what Status.Notices shows of this node from then on:
// bytes that only hosts read, 4 KiB at most. They reach each member within about a second, after it has been away as
// well, and are not durable. A later call replaces them. It does not block; the node keeps the notice. It panics if
// that is too long.
func (n *Node) Notify(notice []byte) {
	if len(notice) > maxNoticeBytes {
		panic("consensus: the notice is too long")
	}
	n.notices.mu.Lock()
	n.notices.own = notice
	n.notices.mu.Unlock()
	if id := NodeID(n.self.Load().NodeID); id != 0 {
		n.noteNotice(id, notice)
	}
}

// noteNotice keeps a member's notice if it is news.
func (n *Node) noteNotice(from NodeID, notice []byte) {
	n.notices.mu.Lock()
	defer n.notices.mu.Unlock()
	before := n.notices.list()
	if known, ok := before[from]; ok && bytes.Equal(known, notice) {
		return
	}
	now := maps.Clone(before)
	if now == nil {
		now = map[NodeID][]byte{}
	}
	now[from] = bytes.Clone(notice)
	n.notices.all.Store(&now)
	n.renew()
}

func (n *notices) list() map[NodeID][]byte {
	if all := n.all.Load(); all != nil {
		return *all
	}
	return nil
}

// tellNotices tells this node's notice to all members, and forgets those of nodes that are none any more.
func (n *Node) tellNotices() {
	ticker := time.NewTicker(noticeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-n.context.Done():
			return
		}
		n.notices.mu.Lock()
		own := n.notices.own
		n.notices.mu.Unlock()
		s := n.runner.Load().Status()
		if s.Configuration == nil {
			continue
		}
		var messages []engine.Message
		members := map[NodeID]bool{}
		for i := range s.Configuration.Members {
			id := s.Configuration.Members[i].ID
			members[id] = true
			if id != s.ID && own != nil {
				messages = append(messages, engine.Message{
					Own: engine.Notice, Message: raft.Message{From: s.ID, To: id, Term: s.Term}, Notice: own,
				})
			}
		}
		if own != nil {
			n.noteNotice(s.ID, own)
		}
		n.transport.Send(messages)
		n.forgetNotices(func(id NodeID) bool { return !members[id] })
	}
}

// forgetNotices drops the notices of some nodes.
func (n *Node) forgetNotices(gone func(id NodeID) bool) {
	n.notices.mu.Lock()
	defer n.notices.mu.Unlock()
	now := maps.Clone(n.notices.list())
	before := len(now)
	maps.DeleteFunc(now, func(id NodeID, _ []byte) bool { return gone(id) })
	if len(now) < before {
		n.notices.all.Store(&now)
		n.renew()
	}
}

// takeNotices keeps the notices among some messages of a peer, and returns the rest.
func (n *Node) takeNotices(from raftlog.NodeID, messages []engine.Message) []engine.Message {
	for i := range messages {
		if messages[i].Own != engine.Notice {
			continue
		}
		rest := append([]engine.Message(nil), messages[:i]...)
		for _, m := range messages[i:] {
			if m.Own == engine.Notice {
				n.noteNotice(from, m.Notice)
			} else {
				rest = append(rest, m)
			}
		}
		return rest
	}
	return messages
}
