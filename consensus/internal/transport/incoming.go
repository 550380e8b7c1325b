package transport

import (
	"fmt"
	"net"
	"sync"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// incoming is a connection from a peer that is welcome.
type incoming struct {
	place
	hello Hello
	conn  net.Conn
	// onLoop is what a reactor does with it; nil: a goroutine serves it. isCut says that cut was called.
	mu     sync.Mutex
	onLoop *inlet
	isCut  bool
	// ended is closed when nothing more will be done on it.
	ended chan struct{}
}

// cut closes the connection: what serves it finds the end.
func (in *incoming) cut() {
	in.conn.Close()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.isCut = true; in.onLoop != nil {
		in.onLoop.cut()
	}
}

// giveLoop says that a reactor serves the connection, and cuts it again if it was cut while its socket was taken.
func (in *incoming) giveLoop(i *inlet) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.onLoop = i; in.isCut {
		i.cut()
	}
}

// place is what a peer has one connection for: its messages, or bulk.
type place struct {
	from    raftlog.NodeID
	purpose purpose
}

// reserve makes the connection the one of its peer for its purpose. An older one of the same process is closed, and has
// delivered its last message before this returns. One of another process is kept, and the new one refused: it may be a
// copy of the data directory. When the peer merely restarted, its old connection is closed by its kernel at once, or
// for its silence within the read timeout, and the peer's next attempt succeeds. One of another data directory is kept,
// too: which of them the id belongs to is a matter of SetPeers.
func (t *Transport) reserve(p purpose, theirs *Hello, conn net.Conn) (*incoming, error) {
	in := &incoming{
		place: place{theirs.From, p},
		hello: *theirs,
		conn:  conn,
		ended: make(chan struct{}),
	}
	for {
		before, err := t.claim(in)
		switch {
		case err != nil:
			return nil, err
		case before == nil:
			return in, nil
		case before.hello.Incarnation != in.hello.Incarnation:
			return nil, fmt.Errorf("%w: %016x is connected here, this is %016x",
				ErrIncarnation, before.hello.Incarnation, in.hello.Incarnation)
		case before.hello.Boot != in.hello.Boot:
			return nil, ErrDuplicate
		}
		before.cut()
		<-before.ended
	}
}

// claim takes the place, or returns the connection that has it.
func (t *Transport) claim(in *incoming) (before *incoming, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if before = t.incoming[in.place]; before != nil {
		return before, nil
	}
	if in.purpose == purposeBulk && t.bulkCount() >= t.options.MaxBulk {
		return nil, &Refusal{Text: fmt.Sprintf("it serves %d snapshots already; ask again later", t.options.MaxBulk)}
	}
	t.incoming[in.place] = in
	return nil, nil
}

// bulkCount is how many peers fetch a file now. The caller holds the lock.
func (t *Transport) bulkCount() int {
	count := 0
	for p := range t.incoming {
		if p.purpose == purposeBulk {
			count++
		}
	}
	return count
}

// forget gives the peer's place free. The connection itself is closed by its goroutine, after a refusal was sent.
func (t *Transport) forget(in *incoming) {
	t.mu.Lock()
	delete(t.incoming, in.place)
	t.mu.Unlock()
	close(in.ended)
}
