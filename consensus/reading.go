package consensus

import (
	"io"
	"log/slog"
	"time"
)

// readingNews is how often the operator is told how far the reading of a snapshot has come, and the fetching of one.
const readingNews = 5 * time.Second

// reading is the state in a file on its way into a machine, first to be verified and then to be taken over. It tells
// the operator of both: for some gigabytes they take long, and meanwhile the node does nothing else.
type reading struct {
	source io.Reader
	logger *slog.Logger
	what   string
	// done of bytes were read; told is when the operator heard of it last.
	done, bytes uint64
	told        time.Time
}

// begin begins one of the two.
func (r *reading) begin(what string) { r.what, r.done, r.told = what, 0, time.Now() }

// count notes bytes that were read. It never fails.
func (r *reading) count(bytes int) error {
	r.done += uint64(bytes)
	if time.Since(r.told) >= readingNews {
		r.told = time.Now()
		r.logger.Info(r.what, "bytes", min(r.done, r.bytes), "of", r.bytes)
	}
	return nil
}

// Read reads and counts.
func (r *reading) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	_ = r.count(n) // it never fails
	return n, err
}
