package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// readBufferBytes is how much one read takes from a connection: what fits is decoded and delivered together.
const readBufferBytes = 64 << 10

// frameReader cuts a stream into frames.
type frameReader struct {
	source        *bufio.Reader
	maxFrameBytes int
	// lentBytes is the size of the frame at the front of source that the last next returned a view of.
	lentBytes int
}

func newFrameReader(source io.Reader, maxFrameBytes int) *frameReader {
	return &frameReader{source: bufio.NewReaderSize(source, readBufferBytes), maxFrameBytes: maxFrameBytes}
}

// next waits for a whole frame and checks it. The body is the caller's for good if the kind keeps it, else it is valid
// until the next call. The error is io.EOF only between two frames.
func (r *frameReader) next() (header, []byte, error) {
	r.release()
	head, err := r.source.Peek(headerBytes)
	if err != nil {
		return header{}, nil, cutShort(err, len(head))
	}
	h, err := parseHeader(head, r.maxFrameBytes)
	if err != nil {
		return header{}, nil, err
	}
	sealed, err := r.sealedBody(&h)
	if err != nil {
		return header{}, nil, cutShort(err, headerBytes)
	}
	body, err := checkBody(sealed)
	return h, body, err
}

// sealedBody returns the body with its CRC: a view of the read buffer, or a buffer of its own.
func (r *frameReader) sealedBody(h *header) ([]byte, error) {
	sealedBytes := h.bodyBytes + trailerBytes
	if !h.kind.keepsBody() && headerBytes+sealedBytes <= readBufferBytes {
		frame, err := r.source.Peek(headerBytes + sealedBytes)
		if err != nil {
			return nil, err
		}
		r.lentBytes = len(frame)
		return frame[headerBytes:], nil
	}
	if _, err := r.source.Discard(headerBytes); err != nil {
		panic("transport: a header that was there is gone")
	}
	sealed := make([]byte, sealedBytes)
	_, err := io.ReadFull(r.source, sealed)
	return sealed, err
}

// release gives back the view that the last next returned.
func (r *frameReader) release() {
	if _, err := r.source.Discard(r.lentBytes); err != nil {
		panic("transport: a frame that was there is gone")
	}
	r.lentBytes = 0
}

// ready reports whether next can return without waiting.
func (r *frameReader) ready() bool {
	r.release()
	if r.source.Buffered() < headerBytes {
		return false
	}
	head, err := r.source.Peek(headerBytes)
	return err == nil && int64(binary.LittleEndian.Uint32(head)) <= int64(r.source.Buffered())
}

// cutShort makes the end of the stream within a frame an error of its own.
func cutShort(err error, seenBytes int) error {
	if seenBytes > 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return fmt.Errorf("%w: the stream ends within it", ErrBadFrame)
	}
	return err
}

// patientReader reads from a connection and gives up when nothing came for the timeout, if it is not 0. A large frame
// on a slow link may take longer than that, as long as it moves.
type patientReader struct {
	conn    net.Conn
	timeout time.Duration
}

func (r *patientReader) Read(p []byte) (int, error) {
	if r.timeout > 0 {
		if err := r.conn.SetReadDeadline(time.Now().Add(r.timeout)); err != nil {
			return 0, err
		}
	}
	return r.conn.Read(p)
}
