package server

import (
	"log/slog"
	"os"
	"strings"
	"time"
)

// wrongClock is a clock that is wrong by an offset (--clock-offset), and by what a file says (--clock-offset-file),
// which may change while the node runs. It is for tests, which show that wrong clocks change no duration, and that
// deadlines follow the clocks once they are right. Without either it is nil, which means the machine's clock.
func wrongClock(offset time.Duration, file string, logger *slog.Logger) func() time.Time {
	if offset == 0 && file == "" {
		return nil
	}
	logger.Warn("this node's clock is wrong on purpose: --clock-offset is for tests", "offset", offset, "file", file)
	if file == "" {
		return func() time.Time { return time.Now().Add(offset) }
	}
	w := &offsetFile{path: file}
	return func() time.Time {
		now := time.Now()
		return now.Add(offset + w.at(now))
	}
}

// offsetFile is an offset that stands in a file, as "1h" or "-250ms". One goroutine uses it.
type offsetFile struct {
	path   string
	offset time.Duration
	read   time.Time
}

// offsetFilePeriod is how often the file is read.
const offsetFilePeriod = 20 * time.Millisecond

// at is the offset now: 0 until the file holds one, and the last one while it holds none, as in the middle of a write.
func (w *offsetFile) at(now time.Time) time.Duration {
	if now.Sub(w.read) < offsetFilePeriod {
		return w.offset
	}
	w.read = now
	if text, err := os.ReadFile(w.path); err == nil {
		if offset, err := time.ParseDuration(strings.TrimSpace(string(text))); err == nil {
			w.offset = offset
		}
	}
	return w.offset
}
