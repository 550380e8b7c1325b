package keyspace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/section"
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
	in.space.index = header.index
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

// Replace puts another space in place of this one, and tells the watcher.
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
	// last is the place of the entry read last: what follows must rank behind it.
	last struct {
		Place
		key string
		any bool
	}
	// open is an entry whose value is read in parts, if there is one: its key is that of last, and text has its parts.
	open struct {
		any   bool
		entry Entry
		text  value.StringReader
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
		kind, length, checksum, err := in.sectionHeader()
		if err != nil {
			return err
		}
		if kind != sectionKeys && kind != sectionEnd {
			if err := in.skip(kind, length, checksum); err != nil {
				return err
			}
			continue
		}
		payload, err := in.section(length, checksum)
		if err != nil {
			return err
		}
		if kind == sectionEnd {
			return in.end(payload, sections)
		}
		if err := in.keys(payload); err != nil {
			return err
		}
	}
}

func (in *imageReader) sectionHeader() (kind section.Kind, length, checksum uint32, err error) {
	var b [sectionHeaderBytes]byte
	if _, err := io.ReadFull(in.r, b[:]); err != nil {
		return 0, 0, 0, damaged("section header", err)
	}
	if !checked(b[:]) || b[2]|b[3] != 0 {
		return 0, 0, 0, damaged("a section header is not one", nil)
	}
	return section.Kind(binary.LittleEndian.Uint16(b[:])),
		binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:]), nil
}

// section reads the payload of a section, which is valid until the next one. Memory grows with the bytes that are
// there, not with the length that is claimed.
func (in *imageReader) section(length, checksum uint32) ([]byte, error) {
	in.payload.Reset()
	if _, err := io.CopyN(&in.payload, in.r, int64(length)); err != nil {
		return nil, damaged("section", err)
	}
	payload := in.payload.Bytes()
	if crc32.Checksum(payload, castagnoli) != checksum {
		return nil, damaged("a section has a wrong checksum", nil)
	}
	return payload, nil
}

// skip reads over a section of a kind that this build does not know, if the kind allows that.
func (in *imageReader) skip(kind section.Kind, length, checksum uint32) error {
	if !kind.Skippable() {
		return fmt.Errorf("%w: it has a section of kind %v, which this build does not know", ErrImageFormat, kind)
	}
	sum := crc32.New(castagnoli)
	if _, err := io.CopyN(sum, in.r, int64(length)); err != nil {
		return damaged("section", err)
	}
	if sum.Sum32() != checksum {
		return damaged("a section has a wrong checksum", nil)
	}
	return nil
}

// keys reads the items of a section.
func (in *imageReader) keys(payload []byte) error {
	if len(payload) <= databaseBytes {
		return damaged("a section is empty", nil)
	}
	if number := binary.LittleEndian.Uint32(payload); number != database {
		return fmt.Errorf("%w: it has keys of database %d", ErrImageFormat, number)
	}
	for payload = payload[databaseBytes:]; len(payload) > 0; {
		var err error
		if in.open.any {
			payload, err = in.part(payload)
		} else {
			payload, err = in.entry(payload)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry reads an entry, or what precedes the parts of its value, and returns what follows.
func (in *imageReader) entry(b []byte) ([]byte, error) {
	kind, inParts := value.Kind(b[0])&value.MaxKind, b[0]&partsFlag != 0
	if kind != value.KindString {
		return nil, fmt.Errorf("%w: it has a value of kind %d", ErrImageFormat, kind)
	}
	version, deadline, b, headOK := versionAndDeadline(b)
	if !headOK || version > in.space.index {
		return nil, damaged("a version or a deadline is not one", nil)
	}
	key, b, keyOK := lengthPrefixed(b)
	if !keyOK {
		return nil, damaged("an entry is not one", nil)
	}
	at := in.space.Place(key)
	if in.last.any && !in.follows(at, key) {
		return nil, damaged("entries are out of order", nil)
	}
	if inParts {
		in.last.Place, in.last.key, in.last.any = at, string(key), true
		in.open.any, in.open.entry = true, Entry{Deadline: deadline, Version: version}
		return b, nil
	}
	text, b, textOK := lengthPrefixed(b)
	if !textOK || len(text) > min(in.maxValueBytes, value.ChunkBytes) {
		return nil, damaged("an entry is not one", nil)
	}
	e := NewEntry(key, text).Until(deadline)
	e.Version = version
	in.last.Place, in.last.key, in.last.any = at, e.Key(), true
	in.space.store(at, key, &e)
	return b, nil
}

// part reads the next part of the value that is open, and returns what follows. An empty part ends the value.
func (in *imageReader) part(b []byte) ([]byte, error) {
	part, b, ok := lengthPrefixed(b)
	if !ok {
		return nil, damaged("a part of a value is not one", nil)
	}
	s, open := &in.space, &in.open
	if len(part) > 0 {
		if !open.text.Add(part, in.maxValueBytes, s.values, s.generation) {
			return nil, damaged("a part of a string is not one", nil)
		}
		return b, nil
	}
	text, chunks, ok := open.text.Finish(s.values, s.generation)
	if !ok || (chunks == nil && len(text) <= value.ChunkBytes) {
		return nil, damaged("a string has no parts", nil)
	}
	key := []byte(in.last.key)
	e := NewEntry(key, text)
	if chunks != nil {
		e.apart = chunks.Box()
	}
	e.Deadline, e.Version = open.entry.Deadline, open.entry.Version
	s.store(in.last.Place, key, &e)
	open.any = false
	return b, nil
}

// versionAndDeadline reads what stands between the tag of an entry and its key. A deadline of 0 or less is never
// written.
func versionAndDeadline(b []byte) (version uint64, deadline int64, rest []byte, ok bool) {
	tag := b[0]
	version, n := binary.Uvarint(b[1:])
	if n <= 0 {
		return 0, 0, nil, false
	}
	rest = b[1+n:]
	if tag&deadlineFlag == 0 {
		return version, 0, rest, true
	}
	if len(rest) < 8 {
		return 0, 0, nil, false
	}
	deadline = int64(binary.LittleEndian.Uint64(rest))
	return version, deadline, rest[8:], deadline > 0
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

// end checks the last section, behind which nothing may follow.
func (in *imageReader) end(payload []byte, sections uint64) error {
	if in.open.any {
		return damaged("it ends in a value", nil)
	}
	if len(payload) != endBytes || binary.LittleEndian.Uint64(payload) != sections {
		return damaged("its last section is not that of these sections", nil)
	}
	var b [1]byte
	if _, err := io.ReadFull(in.r, b[:]); !errors.Is(err, io.EOF) {
		return damaged("something follows its end", err)
	}
	return nil
}
