package engine

import (
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
)

// Which node a snapshot is fetched from. A fetch goes on for as long as it brings something, because what is here of a
// file is worth more than the beginning of a newer one: leaders may come and go during a transfer. But it must not hold
// the node up while there is something better:
//
//   - Another leader has the same file. The fetch goes on there, from where it is: that leader has the log behind it.
//   - The same leader announces a newer one. It has given up what it reserved, so what is fetched would be in vain.
//   - Another leader has another file, and the present source crawls: it brought less than minFetchBytes in the last
//     fetchJudgeTicks. A link that brings a byte now and then looks alive for ever.
//
// With ticks of 10 ms this is 64 KiB per second, over half a minute: a piece of a file may have half a MiB.
const (
	fetchJudgeTicks = 3000
	minFetchBytes   = 30 * 64 << 10
)

// fetchPace is how fast a file comes.
type fetchPace struct {
	ticks int
	bytes int64
	// slow is how the last fetchJudgeTicks were.
	slow bool
}

// note counts what came while ticks passed.
func (p *fetchPace) note(ticks int, bytes int64) {
	p.ticks += ticks
	p.bytes += bytes
	if p.ticks >= fetchJudgeTicks {
		p.slow = p.bytes < minFetchBytes && !guard.Down(guard.SlowSourcesAreLeft)
		p.ticks, p.bytes = 0, 0
	}
}

// judgeFetch notes how fast the file comes that is being fetched.
func (e *Engine) judgeFetch(in *Inputs) {
	if i := e.snapshots.install; i != nil && i.asked && i.base == nil {
		i.pace.note(in.Ticks, in.FetchedBytes)
	}
}

// considerOffer leaves the source of a fetch if there is a better one. The offer comes again, as a request, when the
// fetch has ended.
func (e *Engine) considerOffer(offer *raft.InstallRequest) {
	i := e.snapshots.install
	if offer == nil || i == nil || !i.asked || i.base != nil || i.dropped || i.left {
		return
	}
	if i.left = i.yields(offer); i.left {
		e.out.StopInstall = true
	}
}

// yields reports whether an offer is better than what is being fetched.
func (i *install) yields(offer *raft.InstallRequest) bool {
	same := offer.Snapshot.Same(i.mark())
	if offer.From == i.request.From {
		return !same && offer.Snapshot.Index > i.request.Snapshot.Index
	}
	return same || i.pace.slow
}
