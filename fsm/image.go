package fsm

import (
	"io"

	"github.com/raftredis/raftredis/fsm/keyspace"
)

// Image is a frozen state. It stays as it is while the machine goes on, and costs what the machine changes meanwhile,
// until it was written, or its Release. It may be used beside the machine, by one goroutine at a time.
type Image struct{ frozen keyspace.Frozen }

// Freeze takes an image of the present state in constant time. Any number of images may exist at once. Readers are not
// disturbed: what Freeze changes, only Apply looks at.
func (m *Machine) Freeze() *Image {
	if !m.ready {
		panic("fsm: Freeze before Restore")
	}
	return &Image{m.space.Freeze()}
}

// Index is the index of the last entry that the state holds.
func (i *Image) Index() uint64 { return i.frozen.Index() }

// Hash is what the machine's Hash was.
func (i *Image) Hash() uint64 { return i.frozen.Hash() }

// Release lets go of the state. A second Release does nothing.
func (i *Image) Release() { i.frozen.Release() }

// WriteTo writes the image, and returns how many bytes it wrote. The bytes are a function of the state alone: equal
// states give equal bytes, whatever commands made them, in whatever order, on whatever machine. Writing needs memory
// for one section and one leaf. It lets go of the state as it writes it, so that what the machine replaces meanwhile
// does not pile up until the end: an image is written once, and is released then, whatever the error. Errors are the
// writer's, or ErrReleased.
func (i *Image) WriteTo(w io.Writer) (int64, error) { return i.frozen.WriteTo(w) }

// Restore puts the machine in the state of an image, which is read to its end, or with no image in the empty state
// before entry 1. seed is the cluster's, drawn with its first entry; an image of another seed is refused.
//
// Everything in the image is verified: checksums, order, counts, and the state hash, computed anew. On an error, one of
// ErrImageDamaged, ErrImageFormat and ErrImageForeign or the reader's, the machine is as it was before.
func (m *Machine) Restore(seed uint64, image io.Reader) error {
	fresh := keyspace.New(seed, m.maxValueBytes)
	if image != nil {
		var err error
		if fresh, err = keyspace.ReadImage(seed, m.maxValueBytes, image); err != nil {
			return err
		}
	}
	m.space.Replace(fresh)
	m.ready = true
	return nil
}

// Watch makes w the watcher of all changes. Without one (nil), watching costs nothing. It may be called where Apply may.
func (m *Machine) Watch(w keyspace.Watcher) { m.space.Watch(w) }
