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
	// begun is the header of a frame whose body comes in parts, part the body with its CRC, of which filled bytes are
	// there.
	begun  header
	part   []byte
	filled int
}

func newFrameReader(source io.Reader, maxFrameBytes int) *frameReader {
	return &frameReader{source: bufio.NewReaderSize(source, readBufferBytes), maxFrameBytes: maxFrameBytes}
}

// next waits for a whole frame and checks it. The body is the caller's for good if the kind keeps it, else it is valid
// until the next call. The error is io.EOF only between two frames. If the source does not wait, but fails, the frame
// can be asked for again.
func (r *frameReader) next() (header, []byte, error) {
	r.release()
	if r.part != nil {
		return r.rest()
	}
	head, err := r.source.Peek(headerBytes)
	if err != nil {
		return header{}, nil, cutShort(err, len(head))
	}
	h, err := parseHeader(head, r.maxFrameBytes)
	if err != nil {
		return header{}, nil, err
	}
	if sealedBytes := h.bodyBytes + trailerBytes; h.kind.keepsBody() || headerBytes+sealedBytes > readBufferBytes {
		if _, err := r.source.Discard(headerBytes); err != nil {
			panic("transport: a header that was there is gone")
		}
		r.begun, r.part, r.filled = h, make([]byte, sealedBytes), 0
		return r.rest()
	}
	frame, err := r.source.Peek(frameOverheadBytes + h.bodyBytes)
	if err != nil {
		return header{}, nil, cutShort(err, headerBytes)
	}
	r.lentBytes = len(frame)
	body, err := checkBody(frame[headerBytes:])
	return h, body, err
}

// rest reads the rest of a body that has a buffer of its own.
func (r *frameReader) rest() (header, []byte, error) {
	for r.filled < len(r.part) {
		n, err := r.source.Read(r.part[r.filled:])
		r.filled += n
		if err != nil {
			return header{}, nil, cutShort(err, headerBytes)
		}
	}
	h, sealed := r.begun, r.part
	r.begun, r.part = header{}, nil
	body, err := checkBody(sealed)
	return h, body, err
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
	if r.part != nil || r.source.Buffered() < headerBytes {
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
