package fsm

import (
	"io"

	"github.com/raftredis/raftredis/fsm/keyspace"
)

// Image is a frozen state. It does not change while the machine goes on. Until it is written or released it holds the
// memory of what the machine replaces. One goroutine at a time may use it, beside the machine.
type Image struct {
	frozen keyspace.Frozen
	own    ownSettings
}

// Freeze takes an image of the present state in constant time. Any number of images may exist at once. Freeze may
// run beside Query and Prepare, not beside Apply or another Freeze: see Machine.
func (m *Machine) Freeze() *Image {
	if !m.ready {
		panic("fsm: Freeze before Restore")
	}
	return &Image{m.state.Freeze(), m.own}
}

// Index is the index of the last entry that the state holds.
func (i *Image) Index() uint64 { return i.frozen.Index() }

// Hash is what the machine's Hash was.
func (i *Image) Hash() uint64 { return i.frozen.Hash() }

// Release lets go of the state. A second Release does nothing.
func (i *Image) Release() { i.frozen.Release() }

// WriteTo writes the image, and returns how many bytes it wrote. Equal states give equal bytes, on any node and however
// they came about. WriteTo needs memory for one section and one leaf. It releases the state page by page as it writes,
// so that it can write an image once only; after an error the image is released, too. The error is the writer's, or
// keyspace.ErrReleased.
func (i *Image) WriteTo(w io.Writer) (int64, error) { return i.frozen.WriteTo(w) }

// Restore puts the machine in the state of an image, which is read to its end, or with no image in the empty state
// before entry 1. seed is the cluster's, drawn with its first entry; an image of another seed is refused.
//
// Restore verifies everything in the image: checksums, order, counts, and the state hash, computed anew. The error is
// keyspace.ErrImageDamaged, ErrImageFormat or ErrImageForeign, or the reader's; the machine is as it was before then.
func (m *Machine) Restore(seed uint64, image io.Reader) error {
	fresh := keyspace.New(seed, m.maxValueBytes)
	if image != nil {
		o := keyspace.ReadOptions{Seed: seed, MaxValueBytes: m.maxValueBytes, Parallel: m.parallel, NewReader: m.newReader}
		var err error
		if fresh, err = keyspace.ReadImage(image, o); err != nil {
			return err
		}
	}
	m.state.Replace(fresh)
	m.writer.Begin(nil)
	m.ready, m.ahead = true, ahead{}
	m.coming.drop()
	return nil
}

// Watch makes w the watcher of all changes. Without one (nil), watching costs nothing. It may be called where Apply
// may.
func (m *Machine) Watch(w keyspace.Watcher) { m.state.Watch(w) }
