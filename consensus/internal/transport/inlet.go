package transport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Limits of what an inlet does at a time.
const (
	// inletBytes is how much is read from one peer before others have their turn.
	inletBytes = 1 << 20
	// inletMessages is how many messages are delivered together.
	inletMessages = 256
)

// inlet is the receiving end of a peer's connection whose socket a reactor watches. What it holds belongs to the
// reactor.
type inlet struct {
	transport *Transport
	from      raftlog.NodeID
	own       Hello
	frames    *frameReader
	source    *socketReader
	batch     []engine.Message
	// heard is when something came last.
	heard atomic.Int64
	// ended gets the reason; over says that nothing more is read. queued says that Do will come.
	ended        chan error
	over, queued bool
	// isCut says that nothing more of what has come is delivered.
	isCut atomic.Bool

	mu     sync.Mutex
	closed bool
}

// socketReader reads from a socket without waiting, behind what was read from it before.
type socketReader struct {
	socket int
	before []byte
	// empty says that the last read left nothing, ended that the end is there, and is not told again. bytes is how much
	// was read since it was set to 0.
	empty, ended bool
	bytes        int
}

// Read returns reactor.ErrNothing when nothing is there.
func (s *socketReader) Read(b []byte) (int, error) {
	if len(s.before) > 0 {
		n := copy(b, s.before)
		s.before = s.before[n:]
		return n, nil
	}
	if s.empty {
		return 0, reactor.ErrNothing
	}
	n, err := reactor.Read(s.socket, b)
	s.empty = errors.Is(err, reactor.ErrNothing) || err == nil && n < len(b) && !s.ended
	s.bytes += n
	return n, err
}

// receiveOnLoop is receive on the reactor. Supported is false if the connection has no socket for it: nothing was done.
func (t *Transport) receiveOnLoop(in *incoming, frames *frameReader) (supported bool, err error) {
	r := t.options.Reactor
	if r == nil {
		return false, nil
	}
	socket, err := reactor.Take(in.conn)
	if err != nil { // nothing was done
		return false, nil
	}
	before := make([]byte, frames.source.Buffered())
	if _, err := io.ReadFull(frames.source, before); err != nil {
		panic("transport: bytes that were there are gone")
	}
	i := &inlet{
		transport: t, from: in.from, own: t.options.Handler.Hello(Peer{ID: in.from}), frames: frames,
		source: &socketReader{socket: socket, before: before}, ended: make(chan error, 1),
	}
	frames.source = bufio.NewReaderSize(i.source, readBufferBytes)
	i.heard.Store(time.Now().UnixNano())
	in.giveLoop(i)
	err = i.serve(r)
	r.Do(func() {
		r.Forget(socket)
		i.over = true // a Do that is still to come finds another socket with this number
	})
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	reactor.Close(socket)
	return true, err
}

// serve waits for the end.
func (i *inlet) serve(r *reactor.Reactor) error {
	if err := r.Watch(i.source.socket, i); err != nil {
		return err
	}
	r.Do(func() {
		r.Favour(i.source.socket, i)
		i.post() // for what was read before
	})
	timeout := i.transport.options.ReadTimeout
	look := time.NewTicker(timeout / 4)
	defer look.Stop()
	for {
		select {
		case err := <-i.ended:
			return fmt.Errorf("node %d: %w", i.from, err)
		case <-i.transport.context.Done():
			return i.transport.context.Err()
		case now := <-look.C:
			if now.UnixNano()-i.heard.Load() > int64(timeout) {
				return fmt.Errorf("node %d: nothing came for %v: %w", i.from, timeout, os.ErrDeadlineExceeded)
			}
		}
	}
}

// Ready takes what has come.
func (i *inlet) Ready(is reactor.Readiness) {
	i.source.empty, i.source.ended = false, i.source.ended || is.Ended
	i.take()
}

// post has the loop go on, once, when others had their turn.
func (i *inlet) post() {
	if !i.queued {
		i.queued = true
		i.transport.options.Reactor.Post(i)
	}
}

// Do is the task of post.
func (i *inlet) Do() {
	i.queued = false
	i.take()
}

// take delivers all whole frames that are there, as receive does: nothing of a bad frame, and nothing after it.
func (i *inlet) take() {
	if !i.over && i.isCut.Load() {
		i.over = true
		i.ended <- net.ErrClosed
	}
	if i.over {
		return
	}
	i.source.bytes = 0
	for i.source.bytes < inletBytes {
		err := i.transport.gatherThere(i.frames, &i.own, i.from, &i.batch)
		if len(i.batch) > 0 {
			i.deliver()
		}
		switch {
		case errors.Is(err, reactor.ErrNothing):
			if i.source.bytes > 0 {
				i.heard.Store(time.Now().UnixNano())
			}
			return
		case err != nil:
			i.over = true
			i.ended <- err
			return
		}
	}
	i.heard.Store(time.Now().UnixNano())
	i.post()
}

func (i *inlet) deliver() {
	t := i.transport
	if !t.options.Handler.Receive(i.from, i.batch) {
		t.options.Logger.Log(t.context, slog.LevelDebug, "no room for messages", "peer", i.from, "messages", len(i.batch))
	}
	clear(i.batch)
	i.batch = i.batch[:0]
}

// cut ends the connection from this side.
func (i *inlet) cut() {
	i.isCut.Store(true)
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.closed {
		reactor.Shut(i.source.socket)
	}
}
