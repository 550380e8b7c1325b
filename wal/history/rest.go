package history

import "github.com/tidwall/wal"

// The segment library keeps in memory what it need not: the whole segment that it writes, to know its length, and the
// one before, in case somebody reads. So a node would hold twice a segment, whatever its data are. The memory of a full
// one is used for the next one (see passOn). That of the last one goes when there is nothing to write: see Rest.

// minRestBytes is how much memory is worth a new segment.
const minRestBytes = 256 << 10

// note counts the bytes of an entry that is about to be written, and reports whether it ends its segment.
func (h *History) note(bytes int64) (full bool) {
	if h.tailBytes += bytes; h.tailBytes < int64(h.segmentBytes) {
		return false
	}
	h.tailBytes = 0
	return true
}

// Rest lets go of memory that only the next Write or Entries needs. It is called when nothing was written for a while.
// It begins a new segment where the last one has minRestBytes, for only an empty one takes no memory: so it syncs, as
// the begin of any segment does. After an error that is not fatal, nothing is lost, and the next Write goes on.
func (h *History) Rest() error {
	h.reader.rest()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.batch, h.frame = wal.Batch{}, nil
	if h.failed != nil || h.down || h.tailBytes < minRestBytes {
		return h.failed
	}
	return h.outcome("begin a segment of history early", h.beginSegment())
}

// beginSegment ends the last segment before it is full. A crash between the steps leaves what any other does between
// the end of a segment and the name of the next one, or an empty last segment: repair takes both. The caller holds mu.
//
//  1. The library closes the segment, and syncs it for that.
//  2. The next one is made, empty, and its name is durable.
//  3. The library is opened, and reads the last segment, which is empty.
//
// While a Trim removes files it does nothing, and the Rest after the next Write does it: if it waited with mu, the
// journal could not roll.
func (h *History) beginSegment() error {
	if !h.trimming.TryLock() { // the library lists the files when it is opened
		return nil
	}
	defer h.trimming.Unlock()
	if err := guarded(h.closeLog); err != nil {
		return err
	}
	h.down = true
	if err := Seed(h.directory, h.last.Index+1); err != nil {
		return err
	}
	return h.open()
}

// rest forgets the segments that were read last, unless somebody reads.
func (r *reader) rest() {
	if r.mu.TryLock() {
		r.cached = nil
		r.mu.Unlock()
	}
}
