package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"slices"

	"github.com/raftredis/raftredis/bench/peers/front"
)

// machine is the store as the library's state machine.
type machine struct{ store *front.Store }

// Apply carries out one entry.
func (m machine) Apply(_ uint64, _ int64, data []byte, _ any) []byte {
	m.store.Apply(1, func(int) []byte { return data })
	return nil
}

// Query answers nothing: clients are answered from the store.
func (m machine) Query(int64, any) bool { return false }

// Freeze copies the store.
func (m machine) Freeze() io.WriterTo { return image(m.store.Entries()) }

// Restore replaces the store by an image.
func (m machine) Restore(r io.Reader) error {
	m.store.Clear()
	if r == nil {
		return nil
	}
	in := bufio.NewReader(r)
	for {
		var length uint32
		if err := binary.Read(in, binary.LittleEndian, &length); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		entry := make([]byte, length)
		if _, err := io.ReadFull(in, entry); err != nil {
			return err
		}
		m.store.Apply(1, func(int) []byte { return entry })
	}
}

// image is the entries that make a store.
type image [][]byte

// WriteTo writes them in the order of their bytes.
func (all image) WriteTo(w io.Writer) (n int64, err error) {
	slices.SortFunc(all, slices.Compare[[]byte])
	out := bufio.NewWriter(w)
	for _, entry := range all {
		frame := binary.LittleEndian.AppendUint32(nil, uint32(len(entry)))
		if _, err := out.Write(append(frame, entry...)); err != nil {
			return n, err
		}
		n += int64(len(frame) + len(entry))
	}
	return n, out.Flush()
}
