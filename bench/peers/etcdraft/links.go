package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"log"
	"net"
	"time"

	"github.com/raftredis/raftredis/bench/peers/front"
	"go.etcd.io/raft/v3/raftpb"
)

const (
	// redial is the time between two tries to reach a node.
	redial = 50 * time.Millisecond
	// socketBytes is the size of buffers at sockets, queued how many lots of messages wait for one.
	socketBytes, queued = 256 << 10, 1024
)

// links are the connections of a node: it dials each other node, and sends there. What it receives comes by the
// connections that others dialled.
type links struct {
	options front.Options
	inbox   *inbox
	out     map[uint64]chan []raftpb.Message
}

func connect(o front.Options, i *inbox) (*links, error) {
	l := &links{options: o, inbox: i, out: map[uint64]chan []raftpb.Message{}}
	listener, err := net.Listen("tcp", o.PeerAddress(o.ID))
	if err != nil {
		return nil, err
	}
	for id := 1; id <= front.Members; id++ {
		if id != o.ID {
			l.out[uint64(id)] = make(chan []raftpb.Message, queued)
			go l.sendTo(id)
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go l.receive(conn)
		}
	}()
	return l, nil
}

// send hands messages to their senders. A full queue drops them: the protocol sends again.
func (l *links) send(all []raftpb.Message, unreachable func(id uint64)) {
	by := map[uint64][]raftpb.Message{}
	for i := range all {
		by[all[i].To] = append(by[all[i].To], all[i])
	}
	for id, messages := range by {
		select {
		case l.out[id] <- messages:
		default:
			unreachable(id)
		}
	}
}

// sendTo writes to one node what is queued for it, in one go.
func (l *links) sendTo(id int) {
	for {
		conn, err := net.Dial("tcp", l.options.PeerAddress(id))
		if err != nil {
			time.Sleep(redial)
			continue
		}
		w := bufio.NewWriterSize(conn, socketBytes)
		for err == nil {
			for _, m := range <-l.out[uint64(id)] {
				err = write(w, &m)
			}
			if err == nil && len(l.out[uint64(id)]) == 0 {
				err = w.Flush()
			}
		}
		_ = conn.Close()
	}
}

func write(w io.Writer, m *raftpb.Message) error {
	frame := binary.LittleEndian.AppendUint32(nil, uint32(m.Size()))
	body, err := m.Marshal()
	if err != nil {
		return err
	}
	_, err = w.Write(append(frame, body...))
	return err
}

// receive reads messages until the connection ends.
func (l *links) receive(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, socketBytes)
	for {
		var length [4]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(length[:]))
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m raftpb.Message
		if err := m.Unmarshal(body); err != nil {
			log.Print(err)
			return
		}
		l.inbox.put(func(a *arrivals) { a.messages = append(a.messages, m) })
	}
}
