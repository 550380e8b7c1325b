package main

import (
	"encoding/binary"
	"slices"

	"github.com/raftredis/raftredis/bench/peers/front"
)

// leader is the one thread of the leader.
type leader struct {
	poller    *poller
	journal   *journal
	keys      keys
	listener  int
	followers []follower
	clients   map[int]*client
	// collected is the group that grows. The one under way has a number; marks are up to where the own disk is, which is
	// settled when commit returns.
	collected, underWay group
	number              uint64
	frame               []byte
	replying            []*client
}

// follower is a connection to one, and the number of the last group that it acknowledged.
type follower struct {
	socket int
	mark   uint64
	rest   []byte
}

// group is what becomes durable together, and who waits for that.
type group struct {
	entries []byte
	waiting []waiting
}

// waiting is how many SETs of a client are in a group.
type waiting struct {
	client *client
	sets   int
}

func lead(o front.Options, j *journal) error {
	p, err := newPoller()
	if err != nil {
		return err
	}
	l := &leader{poller: p, journal: j, keys: keys{}, clients: map[int]*client{}}
	for id := 2; id <= front.Members; id++ {
		socket, err := dial(o.PeerPort + id - 1)
		if err != nil {
			return err
		}
		if err := p.add(socket); err != nil {
			return err
		}
		l.followers = append(l.followers, follower{socket: socket})
	}
	if l.listener, err = listen(o.Port); err != nil {
		return err
	}
	if err := p.add(l.listener); err != nil {
		return err
	}
	for {
		if err := l.turn(); err != nil {
			return err
		}
	}
}

// turn takes everything that is ready, begins the next group if none is under way, and writes all replies.
func (l *leader) turn() error {
	events, err := l.poller.wait()
	if err != nil {
		return err
	}
	for i := range events {
		if err := l.ready(int(events[i].Fd)); err != nil {
			return err
		}
	}
	l.settle()
	if len(l.underWay.waiting) == 0 && len(l.collected.waiting) > 0 {
		if err := l.begin(); err != nil {
			return err
		}
		l.settle()
	}
	for _, c := range l.replying {
		if err := c.flush(); err != nil {
			l.drop(c)
		}
	}
	l.replying = l.replying[:0]
	return nil
}

// ready does what a socket is ready for.
func (l *leader) ready(socket int) error {
	if socket == l.listener {
		accepted, err := accept(l.listener)
		if err != nil {
			return err
		}
		l.clients[accepted] = newClient(accepted)
		return l.poller.add(accepted)
	}
	if i := slices.IndexFunc(l.followers, func(f follower) bool { return f.socket == socket }); i >= 0 {
		return l.followers[i].receive()
	}
	if c := l.clients[socket]; c != nil {
		if err := c.receive(); err != nil {
			l.drop(c)
			return nil
		}
		l.commands(c)
	}
	return nil
}

func (l *leader) drop(c *client) {
	if !c.gone {
		delete(l.clients, c.socket)
		c.close()
	}
}

// receive takes acknowledgements, of which the last counts.
func (f *follower) receive() error {
	var space [512]byte
	n, err := read(f.socket, space[:])
	if err != nil {
		return err
	}
	f.rest = append(f.rest, space[:n]...)
	for len(f.rest) >= numberBytes {
		f.mark, f.rest = binary.LittleEndian.Uint64(f.rest), f.rest[numberBytes:]
	}
	return nil
}

// commands collects the SETs of a client, and answers the rest at once: floor does not keep the order of the replies
// of a pipeline that has both.
func (l *leader) commands(c *client) {
	sets := 0
	for {
		arguments := c.next()
		if arguments == nil {
			break
		}
		switch {
		case len(arguments) == 3 && arguments[0][0]|' ' == 's':
			l.collected.entries = appendEntry(l.collected.entries, arguments[1], arguments[2])
			sets++
		case len(arguments) == 2 && arguments[0][0]|' ' == 'g':
			if value, found := l.keys[text(arguments[1])]; found {
				c.bulk(value)
			} else {
				c.null()
			}
		default:
			c.other(arguments, true)
		}
	}
	if sets > 0 {
		l.collected.waiting = append(l.collected.waiting, waiting{c, sets})
	}
	l.replying = append(l.replying, c)
}

// begin sends the group that was collected to the followers and writes it to the own disk.
func (l *leader) begin() error {
	l.collected, l.underWay = l.underWay, l.collected
	l.collected.entries, l.collected.waiting = l.collected.entries[:0], l.collected.waiting[:0]
	l.number++
	entries := l.underWay.entries
	l.frame = binary.LittleEndian.AppendUint32(l.frame[:0], uint32(len(entries)))
	l.frame = append(binary.LittleEndian.AppendUint64(l.frame, l.number), entries...)
	for i := range l.followers {
		if err := write(l.followers[i].socket, l.frame); err != nil {
			return err
		}
	}
	return l.journal.commit(entries)
}

// settle ends the group under way when a follower has it as well as the own disk.
func (l *leader) settle() {
	if !slices.ContainsFunc(l.followers, func(f follower) bool { return f.mark == l.number }) {
		return
	}
	l.keys.apply(l.underWay.entries)
	for _, w := range l.underWay.waiting {
		for range w.sets {
			w.client.ok()
		}
		l.replying = append(l.replying, w.client)
	}
	l.underWay.entries, l.underWay.waiting = l.underWay.entries[:0], l.underWay.waiting[:0]
}
