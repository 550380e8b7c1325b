package main

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/bench/peers/front"
)

// A group on its way to a follower has a header: its length, and its number, which is what the follower answers.
const groupHeaderBytes, numberBytes = 12, 8

// follow takes groups from the leader until the connection ends.
func follow(o front.Options, j *journal) error {
	if err := serveFollower(o); err != nil {
		return err
	}
	listener, err := listen(o.PeerPort + o.ID - 1)
	if err != nil {
		return err
	}
	leader, err := accept(listener)
	if err != nil {
		return err
	}
	var group []byte
	k, buffer, filled := keys{}, make([]byte, 2*maxGroupBytes), 0
	for {
		n, err := read(leader, buffer[filled:])
		if err != nil {
			return err
		}
		filled += n
		rest, last := buffer[:filled], uint64(0)
		group = group[:0]
		for len(rest) >= groupHeaderBytes {
			end := groupHeaderBytes + int(binary.LittleEndian.Uint32(rest))
			if len(rest) < end {
				break
			}
			last = binary.LittleEndian.Uint64(rest[4:])
			group, rest = append(group, rest[groupHeaderBytes:end]...), rest[end:]
		}
		filled = copy(buffer, rest)
		if last == 0 {
			continue
		}
		if err := j.commit(group); err != nil {
			return err
		}
		if err := write(leader, binary.LittleEndian.AppendUint64(nil, last)); err != nil {
			return err
		}
		k.apply(group)
	}
}

// serveFollower answers what is asked of a node that follows, which is INFO and PING.
func serveFollower(o front.Options) error {
	listener, err := listen(o.Port)
	if err != nil {
		return err
	}
	go func() {
		for {
			client, err := accept(listener)
			if err != nil {
				front.Fail(err)
			}
			go answerFollower(client)
		}
	}()
	return nil
}

func answerFollower(socket int) {
	c := newClient(socket)
	for {
		if err := c.receive(); err != nil {
			c.close()
			return
		}
		for {
			arguments := c.next()
			if arguments == nil {
				break
			}
			c.other(arguments, false)
		}
		if err := c.flush(); err != nil {
			c.close()
			return
		}
	}
}
