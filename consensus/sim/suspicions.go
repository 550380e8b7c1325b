package sim

import (
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Suspicions: where a process ends, the others may hear that it is gone, soon or late, perhaps when the next one runs
// already. And they may hear it of a process that is well, all of them or some: its port refuses, and its connections
// have broken. Neither may do more than let them ask whether they could win; and what they have promised a leader they
// keep.

// A word comes between goneMin and goneMax behind the end.
const (
	goneMin = 10 * time.Millisecond
	goneMax = 60 * time.Millisecond
)

// drawSuspicions lets nodes suspect leaders in some worlds.
func (o *Options) drawSuspicions(c chance) {
	if !c.hits(0.4) {
		return
	}
	o.Network.Refused = oneOf(c, 0.5, 1)
	o.Faults.FalseWord = c.sometimes(0.5, 200*time.Millisecond, 5*time.Second)
}

// tellGone lets others hear that a process has ended.
func (w *world) tellGone(n *node, boot raftlog.Boot) {
	for _, other := range w.nodes {
		if other != n && w.chance.hits(w.options.Network.Refused) {
			w.after(w.chance.between(goneMin, goneMax), func() { w.hearGone(other, n.id, boot) })
		}
	}
}

func (w *world) hearGone(by *node, id raftlog.NodeID, boot raftlog.Boot) {
	if by.life == nil {
		return
	}
	w.counts.Gone++
	w.tell(by.id, "hears that a process of n%d is gone", id)
	by.life.in.Gone = append(by.life.in.Gone, engine.Gone{Node: id, Boot: boot})
	by.life.wake()
}

// sayFalsely tells some nodes, or all, that a process is gone that is not.
func (w *world) sayFalsely() {
	n := w.victim()
	if n.life == nil {
		return
	}
	w.fault(n.id, "FALSELY said to be gone")
	w.counts.FalseWords++
	share := oneOf(w.chance, 0.5, 1)
	for _, other := range w.nodes {
		if other != n && w.chance.hits(share) {
			boot := n.life.boot
			w.after(w.chance.between(0, goneMin), func() { w.hearGone(other, n.id, boot) })
		}
	}
}
