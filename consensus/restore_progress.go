package consensus

import (
	"context"
	"io"
	"log/slog"
	"time"
)

const (
	// progressInterval is how often the log says how far a restore, or a fetch of a snapshot, has come.
	progressInterval = 5 * time.Second
	// progressPeriod is how often Options.Progress is told of it.
	progressPeriod = 20 * time.Millisecond
)

// Progress is how far a node is with work during which it does not serve. See Options.Progress.
type Progress struct {
	// What is the work, in words for people.
	What string
	// DoneBytes of TotalBytes are done. Both are 0 where that is not known.
	DoneBytes, TotalBytes uint64
}

// progress tells the host.
func (o *Options) progress(what string, done, total uint64) {
	if o.Progress != nil {
		o.Progress(Progress{What: what, DoneBytes: min(done, total), TotalBytes: total})
	}
}

// workProgress is a file on its way, from another node or into the machine. It tells the host and logs: some gigabytes
// take long, and meanwhile the node does nothing else.
type workProgress struct {
	logger *slog.Logger
	tell   func(what string, done, total uint64)
	what   string
	// done of bytes were read. The log said so last at loggedAt, the host was told at toldAt.
	done, bytes      uint64
	loggedAt, toldAt time.Time
}

// begin begins a piece of work of a number of bytes, some of which may be done before.
func (n *Node) beginProgress(what string, done, bytes uint64) *workProgress {
	p := &workProgress{logger: n.options.Logger, tell: n.options.progress, what: what, done: done, bytes: bytes}
	p.loggedAt, p.toldAt = time.Now(), time.Now()
	p.tell(what, done, bytes)
	return p
}

// reached notes how much is done.
func (p *workProgress) reached(done uint64) {
	p.done = done
	now := time.Now()
	if now.Sub(p.toldAt) >= progressPeriod {
		p.toldAt = now
		p.tell(p.what, p.done, p.bytes)
	}
	if now.Sub(p.loggedAt) >= progressInterval {
		p.loggedAt = now
		p.logger.Info(p.what, "bytes", min(p.done, p.bytes), "of", p.bytes)
	}
}

// restoreReader is the state in a file on its way into the machine. It ends early when the context does.
type restoreReader struct {
	source   io.Reader
	context  context.Context
	progress *workProgress
}

// Read reads and counts.
func (r *restoreReader) Read(p []byte) (int, error) {
	if err := r.context.Err(); err != nil {
		return 0, err
	}
	n, err := r.source.Read(p)
	r.progress.reached(r.progress.done + uint64(n))
	return n, err
}
