package consensus

import (
	"io"
	"log/slog"
	"time"
)

// progressInterval is how often the log says how far a restore, or a fetch of a snapshot, has come.
const progressInterval = 5 * time.Second

// restoreProgress is the state in a file on its way into a machine, first to be verified and then to be taken over. It
// logs both: some gigabytes take long, and meanwhile the node does nothing else.
type restoreProgress struct {
	source io.Reader
	logger *slog.Logger
	what   string
	// done of bytes were read; reportedAt is when the log said so last.
	done, bytes uint64
	reportedAt  time.Time
}

// begin begins one of the two.
func (r *restoreProgress) begin(what string) { r.what, r.done, r.reportedAt = what, 0, time.Now() }

// count notes bytes that were read. It never fails.
func (r *restoreProgress) count(bytes int) error {
	r.done += uint64(bytes)
	if time.Since(r.reportedAt) >= progressInterval {
		r.reportedAt = time.Now()
		r.logger.Info(r.what, "bytes", min(r.done, r.bytes), "of", r.bytes)
	}
	return nil
}

// Read reads and counts.
func (r *restoreProgress) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	_ = r.count(n) // it never fails
	return n, err
}
