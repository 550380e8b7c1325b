package snapshot

import "io"

// Image returns a reader of the state machine's image, as it was written into the Writer, after it has verified the
// whole file; that is what the pace is for. The reader verifies once more, block by block: every byte that it
// returns was just read and belongs to a block whose place and checksum are right. It says io.EOF only when the hash
// of everything it read is the one in the footer; a file that changes under the reader ends in a CorruptionError
// instead. So a caller that restores a state and gives it up on an error never has a wrong one. The reader is for one
// goroutine, and ends with the file.
func (f *File) Image(pace Pace) (io.Reader, error) {
	if err := f.Verify(pace); err != nil {
		return nil, err
	}
	return &imageReader{walker: f.walk(nil)}, nil
}

type imageReader struct {
	walker *walker
	// rest is what was verified and not yet returned.
	rest []byte
	err  error
}

func (r *imageReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil && len(p) > 0 {
		r.rest, r.err = r.block()
	}
	if len(r.rest) == 0 && r.err != nil {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// block returns the image bytes of the next frame: none, if it is header or footer.
func (r *imageReader) block() ([]byte, error) {
	number, b, err := r.walker.frame()
	if err != nil || number == 0 || number == r.walker.checker.footer() {
		return nil, err
	}
	return b[blockHeaderBytes:], nil
}
