package keyspace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/raftredis/raftredis/fsm/value"
)

// The ways in which bytes are not an image that can be restored.
var (
	// ErrImageDamaged means that the bytes are not what WriteTo wrote: cut, flipped, or continued behind their end.
	ErrImageDamaged = errors.New("keyspace: image is damaged")
	// ErrImageFormat means an image of a format that this build does not know.
	ErrImageFormat = errors.New("keyspace: image has an unknown format")
	// ErrImageForeign means a sound image that is not of this cluster: another seed, or other options.
	ErrImageForeign = errors.New("keyspace: image is of another cluster")
)

// ReadImage reads an image to its end, and verifies everything in it: checksums, order, counts, and the state hash,
// computed anew. An error is one of those above, or the reader's.
func ReadImage(seed uint64, maxValueBytes int, image io.Reader) (Space, error) {
	in := imageReader{r: image, maxValueBytes: maxValueBytes}
	header, err := in.header()
	if err != nil {
		return Space{}, err
	}
	switch {
	case header.seed != seed:
		return Space{}, fmt.Errorf("%w: its hash seed is %016x, not %016x", ErrImageForeign, header.seed, seed)
	case header.maxValueBytes != uint64(maxValueBytes):
		return Space{}, fmt.Errorf("%w: its values have at most %d bytes, not %d",
			ErrImageForeign, header.maxValueBytes, maxValueBytes)
	}
	in.space = New(seed, maxValueBytes)
	in.space.deadlines = deadlines{} // collects, until they are loaded all at once
	if err := in.sections(); err != nil {
		return Space{}, err
	}
	if uint64(in.space.keys) != header.keys {
		return Space{}, fmt.Errorf("%w: it holds %d keys, not %d", ErrImageDamaged, in.space.keys, header.keys)
	}
	in.space.deadlines.load()
	in.space.Advance(header.index, header.time)
	in.space.Settle()
	if hash := in.space.StateHash(); hash != header.hash {
		return Space{}, fmt.Errorf("%w: its state hash is %016x, not %016x", ErrImageDamaged, hash, header.hash)
	}
	return in.space, nil
}

// Replace makes the space another one, of which all watchers are told.
func (s *Space) Replace(fresh Space) {
	fresh.watcher = s.watcher
	*s = fresh
	s.tellFlushed()
}

// imageReader reads an image into a key space.
type imageReader struct {
	r             io.Reader
	maxValueBytes int
	space         Space
	payload       bytes.Buffer
	// last is the entry read last: what follows must rank behind it.
	last struct {
		Place
		key string
		any bool
	}
}

// damaged reports damage. The end of the bytes where more must come is damage, too; other errors are the reader's.
func damaged(what string, err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("%w: %s", ErrImageDamaged, what)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it ends in its %s", ErrImageDamaged, what)
	}
	return fmt.Errorf("keyspace: reading the %s of an image: %w", what, err)
}

func (in *imageReader) header() (imageHeader, error) {
	var b [headerBytes]byte
	if _, err := io.ReadFull(in.r, b[:]); err != nil {
		return imageHeader{}, damaged("header", err)
	}
	if !checked(b[:]) || string(b[:8]) != imageMagic {
		return imageHeader{}, damaged("its header is not one", nil)
	}
	if format := binary.LittleEndian.Uint32(b[8:]); format != imageFormat {
		return imageHeader{}, fmt.Errorf("%w: %d, not %d", ErrImageFormat, format, imageFormat)
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[12+8*i:]) }
	return imageHeader{word(0), word(1), int64(word(2)), word(3), word(4), word(5)}, nil
}

// sections reads everything behind the header.
func (in *imageReader) sections() error {
	for sections := uint64(0); ; sections++ {
		length, checksum, err := in.sectionHeader()
		if err != nil {
			return err
		}
		if length == 0 {
			return in.footer(sections)
		}
		if err := in.section(length, checksum); err != nil {
			return err
		}
	}
}

func (in *imageReader) sectionHeader() (length, checksum uint32, err error) {
	var b [sectionHeaderBytes]byte
	if _, err := io.ReadFull(in.r, b[:]); err != nil {
		return 0, 0, damaged("section header", err)
	}
	if !checked(b[:]) {
		return 0, 0, damaged("a section header has a wrong checksum", nil)
	}
	return binary.LittleEndian.Uint32(b[:]), binary.LittleEndian.Uint32(b[4:]), nil
}

// section reads one section. Memory grows with the bytes that are there, not with the length that is claimed.
func (in *imageReader) section(length, checksum uint32) error {
	in.payload.Reset()
	if _, err := io.CopyN(&in.payload, in.r, int64(length)); err != nil {
		return damaged("section", err)
	}
	payload := in.payload.Bytes()
	if crc32.Checksum(payload, castagnoli) != checksum {
		return damaged("a section has a wrong checksum", nil)
	}
	for len(payload) > 0 {
		rest, err := in.entry(payload)
		if err != nil {
			return err
		}
		payload = rest
	}
	return nil
}

// entry reads one entry, and returns what follows it.
func (in *imageReader) entry(b []byte) ([]byte, error) {
	if b[0]&^deadlineFlag != kindString {
		return nil, fmt.Errorf("%w: it holds a value of kind %d", ErrImageFormat, b[0])
	}
	deadline, b, deadlineOK := optionalDeadline(b)
	if !deadlineOK {
		return nil, damaged("a deadline is not one", nil)
	}
	key, b, keyOK := lengthPrefixed(b)
	value, b, valueOK := lengthPrefixed(b)
	if !keyOK || !valueOK || len(value) > in.maxValueBytes {
		return nil, damaged("an entry is not one", nil)
	}
	at := in.space.Place(key)
	if in.last.any && !in.follows(at, key) {
		return nil, damaged("entries are out of order", nil)
	}
	e := in.space.restoredEntry(key, value).Until(deadline)
	in.last.Place, in.last.key, in.last.any = at, e.Key(), true
	in.space.Put(at, key, e)
	return b, nil
}

// restoredEntry is NewEntry, but a long string that is mostly zeros lies in chunks, without those: otherwise a node
// whose clients set single bits far behind the end of short strings would need a thousand times the memory after a
// restart.
func (s *Space) restoredEntry(key, content []byte) Entry {
	isZero := func(piece []byte) bool { return len(bytes.TrimRight(piece, "\x00")) == 0 }
	zeros := 0
	for offset := 0; offset < len(content); offset += value.ChunkBytes {
		if isZero(content[offset:min(offset+value.ChunkBytes, len(content))]) {
			zeros++
		}
	}
	if len(content) <= value.ChunkBytes || 2*zeros < value.ChunkCount(len(content)) {
		return NewEntry(key, content)
	}
	e := NewEntry(key, nil)
	e.chunks = value.BuildChunks(len(content), s.values, s.generation, func(piece []byte, offset int) bool {
		return copy(piece, content[offset:offset+len(piece)]) > 0 && !isZero(piece)
	})
	return e
}

// optionalDeadline reads kind and deadline; a deadline of 0 or less is never written.
func optionalDeadline(b []byte) (deadline int64, rest []byte, ok bool) {
	kind, rest := b[0], b[1:]
	if kind&deadlineFlag == 0 {
		return 0, rest, true
	}
	if len(rest) < 8 {
		return 0, nil, false
	}
	deadline = int64(binary.LittleEndian.Uint64(rest))
	return deadline, rest[8:], deadline > 0
}

// follows reports whether a key ranks behind the last one.
func (in *imageReader) follows(at Place, key []byte) bool {
	last := &in.last
	switch {
	case at.slot != last.slot:
		return at.slot > last.slot
	case at.hash != last.hash:
		return at.hash > last.hash
	}
	return string(key) > last.key
}

func lengthPrefixed(b []byte) (value, rest []byte, ok bool) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return nil, nil, false
	}
	end := n + int(length)
	return b[n:end], b[end:], true
}

// footer reads the footer, behind which nothing may follow.
func (in *imageReader) footer(sections uint64) error {
	var b [footerBytes]byte
	if _, err := io.ReadFull(in.r, b[:]); err != nil {
		return damaged("footer", err)
	}
	if !checked(b[:]) || string(b[:8]) != footerMagic || binary.LittleEndian.Uint64(b[8:]) != sections {
		return damaged("its footer is not that of these sections", nil)
	}
	if _, err := io.ReadFull(in.r, b[:1]); !errors.Is(err, io.EOF) {
		return damaged("something follows its footer", err)
	}
	return nil
}
