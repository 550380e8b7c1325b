package keyspace

import (
	"errors"
	"io"
)

// Frozen is a state that changes no more: the header of its image, and the space as it was. It may be used beside the
// space that goes on, by one goroutine at a time.
type Frozen struct {
	header imageHeader
	space  Space
}

// ErrReleased is the error of an image that is used after its Release.
var ErrReleased = errors.New("keyspace: image was released")

// Freeze takes the present state in constant time. It changes only what writes look at, so that readers are not
// disturbed.
func (s *Space) Freeze() Frozen {
	s.generation++ // from now on nothing that root reaches is changed
	f := Frozen{
		header: imageHeader{s.index, s.seed, s.time, s.StateHash(), uint64(s.keys), uint64(s.maxValueBytes)},
		space:  *s,
	}
	f.space.deadlines.tree, f.space.watcher, f.space.run = nil, nil, nil // these go on with the original
	return f
}

// Index is the index of the last entry that the state holds.
func (f *Frozen) Index() uint64 { return f.header.index }

// Hash is the state hash.
func (f *Frozen) Hash() uint64 { return f.header.hash }

// Release lets go of the state. A second release does nothing.
func (f *Frozen) Release() { f.space.root = nil }

// State is the space, for reading. One that was released has none, and panics.
func (f *Frozen) State() *Space {
	if f.space.root == nil {
		panic("keyspace: an image is used that was released")
	}
	return &f.space
}

// WriteTo writes the image once, and releases it whatever the error, which is the writer's or ErrReleased.
func (f *Frozen) WriteTo(w io.Writer) (int64, error) {
	if f.space.root == nil {
		return 0, ErrReleased
	}
	out := imageWriter{w: w}
	if err := out.write(f.header.append(nil)); err != nil {
		f.Release()
		return out.written, err
	}
	if err := f.walk(out.add); err != nil {
		return out.written, err
	}
	err := out.finish()
	return out.written, err
}

// walk visits all entries in the order of the image, once: it releases the image, page by page.
func (f *Frozen) walk(visit func(ranked) error) error {
	root := *f.space.root // a copy: the other one may be the machine's still, or another image's
	f.Release()
	scratch := make([]ranked, 0, leafEntries)
	for number := range root.pages {
		p := root.pages[number]
		if p == nil {
			continue
		}
		root.pages[number] = nil
		for slot := range p.slots {
			if err := p.slots[slot].walk(f.space.hashing.keys, &scratch, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// imageWriter cuts entries into sections.
type imageWriter struct {
	w        io.Writer
	written  int64
	sections uint64
	payload  []byte
}

func (o *imageWriter) add(r ranked) error {
	o.payload = appendEntry(o.payload, r.entry)
	if len(o.payload) < sectionBytes {
		return nil
	}
	return o.closeSection()
}

func (o *imageWriter) closeSection() error {
	var header [sectionHeaderBytes]byte
	if err := o.write(appendSectionHeader(header[:0], o.payload)); err != nil {
		return err
	}
	if err := o.write(o.payload); err != nil {
		return err
	}
	o.sections++
	o.payload = o.payload[:0]
	return nil
}

func (o *imageWriter) finish() error {
	if len(o.payload) > 0 {
		if err := o.closeSection(); err != nil {
			return err
		}
	}
	return o.write(appendFooter(appendSectionHeader(nil, nil), o.sections))
}

func (o *imageWriter) write(b []byte) error {
	n, err := o.w.Write(b)
	o.written += int64(n)
	return err
}
