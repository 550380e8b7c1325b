package snapshot

import (
	"errors"
	"fmt"
	"io"
)

// resume takes up what an earlier Receiver has left, by receiving it from the file itself: every frame that is whole is
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
		n, err := r.handle.ReadAt(buffer[:min(size-at, MaxChunkBytes)], at)
		if err != nil && err != io.EOF {
			return r.fail(fmt.Errorf("read a partial snapshot at %d: %w", at, err))
		}
		err = r.Write(at, buffer[:n])
		if errors.Is(err, ErrRefused) {
			break
		}
		if err != nil {
			return errors.Join(err, r.letGo())
		}
	}
	r.frame = r.frame[:0]
	if size > r.writtenBytes {
		return r.truncate(r.writtenBytes)
	}
	return nil
}

// letGo closes the file if it is still there.
func (r *Receiver) letGo() error {
	if r.handle == nil {
		return nil
	}
	return r.handle.Close()
}

// truncate cuts the file behind its last sound frame, or, with 0, begins it anew.
func (r *Receiver) truncate(bytes int64) error {
	if err := r.handle.Truncate(bytes); err != nil {
		return r.fail(fmt.Errorf("cut a partial snapshot: %w", err))
	}
	if bytes == 0 {
		r.writtenBytes, r.header, r.checker = 0, Header{}, checker{}
	}
	return nil
}
