package keyspace

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/section"
)

// Frozen is a state that does not change, with the header of its image. One goroutine at a time may use it, beside the
// state that goes on.
type Frozen struct {
	header imageHeader
	state  State
}

// ErrReleased is the error of an image that is used after its Release.
var ErrReleased = errors.New("keyspace: image was released")

// Freeze takes the present state in constant time, for each database. It may run beside readers, but not beside a write
// or another Freeze: it changes the generation, at which only those look.
func (s *State) Freeze() Frozen {
	s.generation++ // from now on nothing that root reaches is changed
	common := *s.shared
	common.watcher, common.run = nil, nil
	common.sessions, common.frozenSessions = nil, s.freezeSessions()
	common.settled = common.generation
	used := 1
	for _, space := range s.spaces {
		if space != nil {
			used++
		}
	}
	fixed := make([]Space, 0, used)
	fix := func(space *Space) *Space {
		if space == nil {
			return nil
		}
		fixed = append(fixed, *space)
		one := &fixed[len(fixed)-1]
		one.shared = &common
		one.byLog.tree, one.byWall.tree = nil, nil // these go on with the original
		return one
	}
	frozen := State{shared: &common, spaces: make([]*Space, len(s.spaces)), untouched: fix(s.untouched)}
	for number, space := range s.spaces {
		frozen.spaces[number] = fix(space)
	}
	return Frozen{imageHeader{
		s.index, s.seed, s.now, s.offset, s.StateHash(), uint64(s.keys()), uint64(s.maxValueBytes), s.number,
	}, frozen}
}

// Index is the index of the last entry that the state holds.
func (f *Frozen) Index() uint64 { return f.header.index }

// Hash is the state hash.
func (f *Frozen) Hash() uint64 { return f.header.hash }

// Release frees the state. A second Release does nothing.
func (f *Frozen) Release() { f.state = State{} }

// State is the state, for reading. It panics behind a Release.
func (f *Frozen) State() *State {
	if f.state.shared == nil {
		panic("keyspace: an image is used that was released")
	}
	return &f.state
}

// WriteTo writes the image once, and releases it, also after an error. The error is the writer's, or ErrReleased.
func (f *Frozen) WriteTo(w io.Writer) (int64, error) {
	if f.state.shared == nil {
		return 0, ErrReleased
	}
	out, ofClients, removed, swaps := imageWriter{w: w}, f.state.frozenSessions, f.state.removals, f.state.swaps()
	if err := out.write(f.header.append(nil)); err != nil {
		f.Release()
		return out.written, err
	}
	if err := f.walk(out.add); err != nil {
		return out.written, err
	}
	if err := out.addSwaps(swaps); err != nil {
		return out.written, err
	}
	if err := out.addSessions(ofClients); err != nil {
		return out.written, err
	}
	if err := out.addRemovals(&removed); err != nil {
		return out.written, err
	}
	err := out.finish()
	return out.written, err
}

// walk visits all entries in the order of the image, once: it releases the image, page by page.
func (f *Frozen) walk(visit func(database int, r ranked) error) error {
	state := f.state
	f.Release()
	scratch := make([]ranked, 0, leafEntries)
	for number, space := range state.spaces {
		if space == nil {
			continue
		}
		root := *space.root // a copy: the other one may be the machine's still, or another image's
		space.root = nil
		for i := range root.pages {
			p := root.pages[i]
			if p == nil {
				continue
			}
			root.pages[i] = nil
			for slot := range p.slots {
				err := p.slots[slot].walk(state.hashing.keys, &scratch, func(r ranked) error { return visit(number, r) })
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// imageWriter cuts entries and parts of values into sections.
type imageWriter struct {
	w        io.Writer
	written  int64
	sections uint64
	payload  []byte
	// database is that of the items.
	database int
	// buf is where values make their parts.
	buf []byte
}

func (o *imageWriter) add(database int, r ranked) error {
	if database != o.database {
		if err := o.close(0); err != nil {
			return err
		}
		o.database = database
	}
	o.open()
	text, isText := r.entry.Text()
	if isText && text.Len() <= value.ChunkBytes {
		o.payload = appendWhole(o.payload, r.entry, text)
		return o.close(sectionBytes)
	}
	o.payload = appendHead(o.payload, r.entry, partsFlag)
	if err := o.close(sectionBytes); err != nil {
		return err
	}
	if o.buf == nil {
		o.buf = make([]byte, 0, value.MaxPartBytes)
	}
	eachPart := text.EachPart
	if !isText {
		eachPart = r.entry.Apart().EachPart
	}
	if err := eachPart(o.buf, o.part); err != nil {
		return err
	}
	return o.part(nil)
}

// part writes a part of a value; an empty one ends the value.
func (o *imageWriter) part(part []byte) error {
	o.open()
	o.payload = binary.AppendUvarint(o.payload, uint64(len(part)))
	o.payload = append(o.payload, part...)
	return o.close(sectionBytes)
}

// open begins a section of keys, unless one is open.
func (o *imageWriter) open() {
	if len(o.payload) == 0 {
		o.payload = binary.LittleEndian.AppendUint32(o.payload, uint32(o.database))
	}
}

// close closes the section that is open if it has at least a number of bytes.
func (o *imageWriter) close(bytes int) error {
	if len(o.payload) < max(bytes, 1) {
		return nil
	}
	err := o.section(sectionKeys, o.payload)
	o.payload = o.payload[:0]
	return err
}

func (o *imageWriter) section(kind section.Kind, payload []byte) error {
	o.sections++
	var header [sectionHeaderBytes]byte
	if err := o.write(appendSectionHeader(header[:0], kind, payload)); err != nil {
		return err
	}
	return o.write(payload)
}

func (o *imageWriter) finish() error {
	if err := o.close(0); err != nil {
		return err
	}
	return o.section(sectionEnd, binary.LittleEndian.AppendUint64(nil, o.sections))
}

func (o *imageWriter) write(b []byte) error {
	n, err := o.w.Write(b)
	o.written += int64(n)
	return err
}
