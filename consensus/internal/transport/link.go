package transport

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/mailbox"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// flushBytes is how much is gathered before a write; a wake of the writer with less makes one write of all.
const flushBytes = 1 << 20

// errQueueFull ends a link whose stream of forwards would have a gap.
var errQueueFull = errors.New("the queue is full, a forward had to be dropped")

// link is a connection that this node dialled and on which it is welcome. Its messages leave here, and nothing ever
// comes back but the end.
type link struct {
	conn         net.Conn
	address      string       // that was dialled
	boot         raftlog.Boot // of the process that answered
	clusterID    uint64
	from, to     raftlog.NodeID
	writeTimeout time.Duration
	queue        *mailbox.Mailbox[engine.Message]
	// outlet writes the messages where a reactor watches the socket; nil: the goroutine of the link does.
	outlet *outlet
	// frames is what the handshake left of the other direction.
	frames *frameReader

	once sync.Once
	// err is why the link ended; it is set when done is closed.
	err  error
	done chan struct{}
}

func newLink(conn net.Conn, clusterID uint64, from, to raftlog.NodeID, o *Options) *link {
	return &link{
		conn:         conn,
		clusterID:    clusterID,
		from:         from,
		to:           to,
		writeTimeout: o.WriteTimeout,
		queue:        mailbox.New[engine.Message](o.QueueBytes),
		done:         make(chan struct{}),
	}
}

// greet is the dialler's handshake. It returns how the other side introduces itself.
func (l *link) greet(own *Hello, target Peer, o *Options) (theirs Hello, err error) {
	s, err := newHandshake(l.conn, o.Secret, o.HandshakeTimeout)
	if err != nil {
		return theirs, err
	}
	if theirs, err = s.greet(purposeMessages, own, target, o.Handler); err != nil {
		return theirs, err
	}
	l.frames, err = s.messages(maxControlBytes, 0)
	return theirs, err
}

// put queues a message. A forward that finds no room ends the link.
func (l *link) put(m *engine.Message, bytes int) bool {
	if m.From != l.from {
		panic(fmt.Sprintf("transport: node %d sends a %s as node %d", l.from, m.KindName(), m.From))
	}
	if l.outlet != nil && l.outlet.put(m, bytes) || l.outlet == nil && l.queue.Put(*m, bytes) {
		return true
	}
	if m.Own == engine.Forward {
		l.fail(errQueueFull)
	}
	return false
}

// fail ends the link; the first reason counts.
func (l *link) fail(err error) {
	l.once.Do(func() {
		l.err = err
		close(l.done)
		l.conn.Close()
		if l.outlet != nil {
			l.outlet.cut()
		}
	})
}

// run serves the link until it fails, and returns why.
func (l *link) run() error {
	if l.outlet != nil {
		return l.outlet.run()
	}
	var watcher sync.WaitGroup
	watcher.Go(l.watch)
	l.fail(l.write())
	watcher.Wait()
	return l.err
}

// watch sees the other side close the connection, which a writer with nothing to write would not.
func (l *link) watch() {
	h, _, err := l.frames.next()
	if err == nil {
		err = fmt.Errorf("%w: kind %d on a link that only sends", ErrBadFrame, h.kind)
	}
	l.fail(fmt.Errorf("the other side ended the link: %w", err))
}

// write sends what is queued, everything at each wake, until the link ends.
func (l *link) write() error {
	alive := time.NewTicker(aliveInterval)
	defer alive.Stop()
	var out assembly
	var taken []engine.Message
	idle := true
	for {
		select {
		case <-l.done:
			return l.err
		case <-l.queue.Woken():
		case <-alive.C:
			if idle {
				out.alive(l.clusterID, l.from, l.to)
			}
			idle = true
		}
		taken = l.queue.Take(taken)
		if err := l.flush(&out, taken); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		idle = idle && len(taken) == 0
	}
}

// flush writes the messages, after what out already holds.
func (l *link) flush(out *assembly, messages []engine.Message) error {
	for i := range messages {
		out.message(l.clusterID, &messages[i])
		if out.bytes() >= flushBytes {
			if err := out.writeTo(l.conn, l.writeTimeout); err != nil {
				return err
			}
		}
	}
	return out.writeTo(l.conn, l.writeTimeout)
}
