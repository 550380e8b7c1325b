package keyspace

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/internal/sessions"
)

// Sessions are those of clients that have commands executed once. They are part of the state, but not of the keys:
// Flush leaves them alone, since a client may send again what it sent before.
func (s *shared) Sessions() *sessions.Table { return s.sessions }

// Session tells of a session, as of the state time.
func (s *shared) Session(id uint64) (sessions.Info, bool) {
	switch {
	case s.sessions != nil:
		return s.sessions.Find(id, s.now.Log)
	case s.frozenSessions != nil:
		return s.frozenSessions.Find(id, s.now.Log)
	}
	return sessions.Info{}, false
}

// freezeSessions takes the present sessions, nil for none: then a freeze costs no more than without them.
func (s *shared) freezeSessions() *sessions.Frozen {
	if s.sessions.Len() == 0 {
		return nil
	}
	return s.sessions.Freeze()
}

// sessionBytes is what a session occupies beside its replies.
const sessionBytes = 200

// SessionBytes is about how many bytes the sessions occupy.
func (s *shared) SessionBytes() int { return sessionBytes*s.sessions.Len() + s.sessions.ReplyBytes() }

// Chance is a number that no client can foresee, for a command in the log: the same on every node, and another one for
// each entry, session and sequence.
func (s *shared) Chance(session, sequence uint64) uint64 {
	return s.state.Word(s.index).Word(session).Finish(sequence)
}

// sectionCutter writes a stream as the payloads of sections of a kind, each but the last of sectionBytes.
type sectionCutter struct {
	out     *imageWriter
	kind    section.Kind
	payload []byte
}

// Write is that of io.Writer.
func (c *sectionCutter) Write(b []byte) (written int, err error) {
	for len(b) > 0 {
		n := min(len(b), sectionBytes-len(c.payload))
		c.payload = append(c.payload, b[:n]...)
		b, written = b[n:], written+n
		if len(c.payload) == sectionBytes {
			if err := c.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

func (c *sectionCutter) flush() error {
	if len(c.payload) == 0 {
		return nil
	}
	err := c.out.section(c.kind, c.payload)
	c.payload = c.payload[:0]
	return err
}

// addSessions writes the sessions, if there are any.
func (o *imageWriter) addSessions(f *sessions.Frozen) error {
	if f == nil {
		return nil
	}
	if err := o.close(0); err != nil {
		return err
	}
	cutter := sectionCutter{out: o, kind: sectionSessions}
	if _, err := f.WriteTo(&cutter); err != nil {
		return err
	}
	return cutter.flush()
}

// readSessions keeps the payload of a section of sessions until the image has ended.
func (in *imageReader) readSessions(length, checksum uint32) error {
	payload, err := in.whole(length, checksum)
	in.sessions = append(in.sessions, bytes.NewReader(payload))
	return err
}

// finishSessions puts the sessions into the space.
func (in *imageReader) finishSessions() error {
	if len(in.sessions) == 0 {
		return nil
	}
	all := io.MultiReader(in.sessions...)
	table, err := sessions.Restore(sessions.DefaultLimits(), all)
	switch {
	case err != nil:
	case table.Len() == 0:
		err = errors.New("there are none")
	case table.Last() > in.state.number: // the number would be given again
		err = fmt.Errorf("session %d is above %d, the last number", table.Last(), in.state.number)
	default:
		var more [1]byte
		if _, end := io.ReadFull(all, more[:]); end != io.EOF {
			err = errors.New("something follows them")
		}
	}
	if err != nil {
		return damaged("its sessions are none: "+err.Error(), nil)
	}
	in.sessions, in.state.sessions = nil, table
	return nil
}
