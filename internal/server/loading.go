package server

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/resp"
)

// loading follows whether the node loads: it has no state that it could answer from, and clients are told so. It does

//	from its start         until the directory is read, and everything that was committed then is applied
//	before it has served   whenever it lacks more than loadingEntries of what it knows to be committed
//	while it fetches       another node's snapshot, until that and what was committed at its end is applied
//	while it is            quarantined: its state differs from the others', and is being replaced by theirs
//
// After that a node that is some entries behind does not load: commands wait for them, for a bounded time.
type loading struct {
	// on says that the node loads. Every command asks.
	on atomic.Bool

	mu    sync.Mutex
	began time.Time
	// goal is the index that ends it; noGoal while it is not known.
	goal uint64
	// installing: another node's snapshot takes the place of the state.
	installing bool
	// work is what the library told last.
	work consensus.Progress
}

const (
	// noGoal is an index that no log reaches.
	noGoal = math.MaxUint64
	// loadingEntries are applied in milliseconds: to wait for fewer is no loading.
	loadingEntries = 4096
)

// What a node does whose state differs from the others'.
const (
	waitingForState = "waiting for the state of another node, since its own differs from the others'"
	comparingState  = "comparing the state that was taken over from another node"
)

// begin says that the node begins to load, unless it does so already.
func (l *loading) begin(now time.Time) {
	if !l.on.Swap(true) {
		l.began, l.goal = now, noGoal
	}
}

// progressed notes what the library does.
func (l *loading) progressed(p consensus.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.work = p
}

// update looks at the node once more. serving says whether it has served since its start.
func (l *loading) update(status *consensus.Status, serving bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case status.Blank || status.Removed:
		l.on.Store(false)
		return
	case status.InstallFrom != 0:
		l.begin(now)
		if !l.installing { // the library tells of it in a moment
			l.work = consensus.Progress{What: "fetching a snapshot", TotalBytes: status.InstallBytes}
		}
		l.installing, l.goal = true, noGoal
		return
	case status.Quarantine.Differs != 0:
		l.begin(now)
		l.work = consensus.Progress{What: waitingForState}
		if status.Quarantine.Reinstalled != 0 {
			l.work.What = comparingState
		}
		l.goal, l.installing = noGoal, false
		return
	case !serving:
		if status.AppliedIndex+loadingEntries < status.CommitIndex {
			l.begin(now)
		}
		l.goal = status.CommitIndex
	case l.goal == noGoal:
		l.goal = status.CommitIndex
	}
	l.installing = false
	if status.AppliedIndex >= l.goal {
		l.on.Store(false)
	}
}

// present is what the node does while it loads.
func (l *loading) present() (work consensus.Progress, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.work, l.began
}

// stage is the same for the log.
func (l *loading) stage() console.Stage {
	work, _ := l.present()
	stage := console.Stage{Text: work.What, Done: work.DoneBytes, Total: work.TotalBytes}
	if work.TotalBytes > 0 {
		stage.What = "bytes"
	}
	return stage
}

// look updates what is known of loading. The node's loop calls it after each change, and who opened the node.
func (s *store) look() {
	if s.node.isOpen() {
		s.loading.update(s.node.Status(), s.serving.Load(), time.Now())
	}
}

// Loading says how far the node is with its state.
func (s *store) Loading() resp.LoadProgress {
	if !s.loading.on.Load() {
		return resp.LoadProgress{}
	}
	work, began := s.loading.present()
	return resp.LoadProgress{Active: true, Began: began, DoneBytes: work.DoneBytes, TotalBytes: work.TotalBytes}
}
