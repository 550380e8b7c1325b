package snapshot

import (
	"errors"
	"fmt"
)

// resume takes up what an earlier Receiver has left, by taking it from the file itself: every frame that is whole is
// verified, and written again where it was, for what the page cache shows may never have reached the disk. What
// follows the last sound frame is cut off: power loss may have left anything there.
//
//  1. An earlier process wrote frames; its sync failed, and it stopped, as it must.
//  2. This one reads them: they are sound, because the cache has them. Without writing them again, a sync would find
//     nothing to do, the file would be published, and the next power loss would take it.
func (r *Receiver) resume() error {
	size, err := r.handle.Size()
	if err != nil {
		return r.fail(fmt.Errorf("size of a partial snapshot: %w", err))
	}
	buffer := make([]byte, min(size, MaxChunkBytes))
	for at := int64(0); at < size; at += int64(len(buffer)) {
		chunk := buffer[:min(size-at, int64(len(buffer)))]
		if err := readFull(r.handle, r.store.path(r.temporary), chunk, at); err != nil {
			return r.fail(err)
		}
		err := r.take(chunk)
		if r.err != nil {
			return errors.Join(err, r.letGo())
		}
		if errors.Is(err, errWhole) {
			return r.cut(0) // all frames are sound, but not of one file
		}
		if err != nil {
			break
		}
	}
	return r.cut(r.writtenBytes)
}

// letGo closes the file if it is still there.
func (r *Receiver) letGo() error {
	if r.handle == nil {
		return nil
	}
	return r.handle.Close()
}
