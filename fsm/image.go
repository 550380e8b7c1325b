package fsm

import (
	"errors"
	"io"
)

// Image is a frozen state. It stays as it is while the machine goes on, and costs what the machine changes meanwhile,
// until it was written, or its Release. It may be used beside the machine, by one goroutine at a time.
type Image struct {
	header imageHeader
	space  space
}

// ErrReleased is the error of an image that is used after its Release.
var ErrReleased = errors.New("fsm: image was released")

// Freeze takes an image of the present state in constant time. Any number of images may exist at once. Readers are not
// disturbed: what Freeze changes, only Apply looks at.
func (m *Machine) Freeze() *Image {
	if !m.ready {
		panic("fsm: Freeze before Restore")
	}
	s := &m.space
	s.generation++ // from now on nothing that root reaches is changed
	image := &Image{
		header: imageHeader{m.index, s.seed, s.time, m.Hash(), uint64(s.keys), uint64(m.maxValueBytes)},
		space:  *s,
	}
	image.space.deadlines.tree, image.space.watcher, image.space.run = nil, nil, nil // these go on with the machine
	return image
}

// Index is the index of the last entry that the state holds.
func (i *Image) Index() uint64 { return i.header.index }

// Hash is what the machine's Hash was.
func (i *Image) Hash() uint64 { return i.header.hash }

// Release lets go of the state. A second Release does nothing.
func (i *Image) Release() { i.space.root = nil }

// WriteTo writes the image, and returns how many bytes it wrote. The bytes are a function of the state alone: equal
// states give equal bytes, whatever commands made them, in whatever order, on whatever machine. Writing needs memory
// for one section and one leaf. It lets go of the state as it writes it, so that what the machine replaces meanwhile
// does not pile up until the end: an image is written once, and is released then, whatever the error. Errors are the
// writer's, or ErrReleased.
func (i *Image) WriteTo(w io.Writer) (int64, error) {
	if i.space.root == nil {
		return 0, ErrReleased
	}
	out := imageWriter{w: w}
	if err := out.write(i.header.append(nil)); err != nil {
		i.Release()
		return out.written, err
	}
	if err := i.walk(out.add); err != nil {
		return out.written, err
	}
	err := out.finish()
	return out.written, err
}

// walk visits all entries in the order of the image, once: it releases the image, page by page.
func (i *Image) walk(visit func(ranked) error) error {
	root := *i.space.root // a copy: the other one may be the machine's still, or another image's
	i.Release()
	scratch := make([]ranked, 0, leafEntries)
	for number := range root.pages {
		p := root.pages[number]
		if p == nil {
			continue
		}
		root.pages[number] = nil
		for slot := range p.slots {
			if err := p.slots[slot].walk(i.space.hashing.keys, &scratch, visit); err != nil {
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
