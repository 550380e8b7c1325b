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

// Parallel calls do for each number below n, maybe several at once, and returns when all calls have returned.
type Parallel func(n int, do func(i int))

// inTurn is a Parallel that does one after the other.
func inTurn(n int, do func(i int)) {
	for i := range n {
		do(i)
	}
}

// ReadOptions are what ReadImage needs to know besides the image.
type ReadOptions struct {
	// Seed is the cluster's, and MaxValueBytes its limit of a value: an image with others is of another cluster.
	Seed          uint64
	MaxValueBytes int
	// Parallel reads sections while others are worked on; nil does one thing after the other. The space does not depend
	// on it.
	Parallel Parallel
	// NewReader makes a reader for values of a kind, or gives nil for an unknown kind. It stands for value.NewReader if
	// it is nil.
	NewReader func(value.Kind) value.Reader
}

// ReadImage reads an image to its end, and verifies everything in it: checksums, order, counts, and the state hash,
// computed anew. An error is one of those above, or the reader's.
func ReadImage(image io.Reader, o ReadOptions) (State, error) {
	if o.Parallel == nil {
		o.Parallel = inTurn
	}
	if o.NewReader == nil {
		o.NewReader = value.NewReader
	}
	in := imageReader{r: image, maxValueBytes: o.MaxValueBytes, parallel: o.Parallel}
	in.readers.learn(o.NewReader)
	header, err := in.header()
	if err != nil {
		return State{}, err
	}
	switch {
	case header.seed != o.Seed:
		return State{}, fmt.Errorf("%w: its hash seed is %016x, not %016x", ErrImageForeign, header.seed, o.Seed)
	case header.maxValueBytes != uint64(o.MaxValueBytes):
		return State{}, fmt.Errorf("%w: its values have at most %d bytes, not %d",
			ErrImageForeign, header.maxValueBytes, o.MaxValueBytes)
	}
	in.state = New(o.Seed, o.MaxValueBytes)
	in.state.index, in.state.now, in.state.offset = header.index, header.now, header.offset
	in.state.number = header.number
	in.state.spaces[0].collect()
	if err := in.sections(); err != nil {
		return State{}, err
	}
	if keys := in.state.keys(); uint64(keys) != header.keys {
		return State{}, fmt.Errorf("%w: it holds %d keys, not %d", ErrImageDamaged, keys, header.keys)
	}
	for _, space := range in.state.spaces {
		if space != nil {
			space.byLog.load()
			space.byWall.load()
		}
	}
	in.state.Advance(header.index, header.now.Log)
	in.state.Settle()
	if hash := in.state.StateHash(); hash != header.hash {
		return State{}, fmt.Errorf("%w: its state hash is %016x, not %016x", ErrImageDamaged, hash, header.hash)
	}
	return in.state, nil
}

// collect lets the deadlines of a database be noted as its keys are read, until they are loaded all at once.
func (s *Space) collect() { s.byLog, s.byWall = deadlines{}, deadlines{} }

// open is a database into which keys are read.
func (in *imageReader) open(database int) *Space {
	if database < len(in.state.spaces) && in.state.spaces[database] != nil {
		return in.state.spaces[database]
	}
	space := in.state.Open(database)
	space.collect()
	return space
}

// imageReader reads an image into a key space. Sections come in batches: while pieces of one are decoded, each by
// itself, the next one is read; then the pieces are put into the space in their order.
type imageReader struct {
	r             io.Reader
	maxValueBytes int
	parallel      Parallel
	state         State
	// read counts the sections that were read. end is the payload of the last one, nil before it was read.
	read uint64
	end  []byte
	// swaps is the payload of the section with swaps, which follows those with keys, nil without one. sessions are the
	// payloads of the sections with the sessions, which follow both.
	swaps    []byte
	sessions []io.Reader
	// removals are those of the section that follows; nil before it.
	removals *removals
	// last is the entry put into the space last: what follows must rank behind it.
	last rankedKey
	// readers make values of their parts. partly is an entry whose value is read in parts, if there is one: its key is
	// that of last, and the reader of its kind has the parts.
	readers kindReaders
	partly  struct {
		any   bool
		entry Entry
		kind  value.Kind
	}
}

// kindReaders has a reader for each kind that is known, and nil for all others. A reader serves one value after the
// other.
type kindReaders [value.MaxKind + 1]value.Reader

func (k *kindReaders) learn(newReader func(value.Kind) value.Reader) {
	for kind := range k {
		k[kind] = newReader(value.Kind(kind))
	}
}

// rankedKey is a key with its place in the order of an image. any is false for none.
type rankedKey struct {
	database int
	Place
	key string
	any bool
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
	now := Now{Log: int64(word(2)), Wall: int64(word(3))}
	return imageHeader{word(0), word(1), now, int64(word(4)), word(5), word(6), word(7), word(8)}, nil
}

// batchPieces is how many sections of keys are decoded at once, and so, twice, how many are in memory.
const batchPieces = 16

// sections reads everything behind the header.
func (in *imageReader) sections() error {
	var batches [2][batchPieces]piece
	count, err := in.batch(&batches[0])
	for turn := 0; ; turn = 1 - turn {
		pieces, next := batches[turn][:count], &batches[1-turn]
		failed := err
		count = 0
		in.parallel(1+len(pieces), func(i int) {
			switch {
			case i > 0:
				in.decode(&pieces[i-1])
			case failed == nil && in.end == nil:
				count, err = in.batch(next)
			}
		})
		for i := range pieces {
			if err := in.put(&pieces[i]); err != nil {
				return err
			}
		}
		switch {
		case failed != nil:
			return failed
		case count == 0 && err == nil:
			return in.finish()
		}
	}
}

// batch reads sections of keys until the batch is full, or the last section was read. With an error it returns the
// sections that it had read before.
func (in *imageReader) batch(pieces *[batchPieces]piece) (count int, err error) {
	for count < batchPieces && in.end == nil {
		kind, length, checksum, err := in.sectionHeader()
		if err != nil {
			return count, err
		}
		switch kind {
		case sectionRemovals:
			if err := in.readRemovals(length, checksum); err != nil {
				return count, err
			}
		case sectionSessions:
			if in.removals != nil {
				return count, damaged("sessions follow the removals", nil)
			}
			if err := in.readSessions(length, checksum); err != nil {
				return count, err
			}
		case sectionSwaps:
			if err := in.readSwaps(length, checksum); err != nil {
				return count, err
			}
		case sectionKeys:
			if len(in.sessions) > 0 || in.swaps != nil || in.removals != nil {
				return count, damaged("keys follow what follows the keys", nil)
			}
			p := &pieces[count]
			p.checksum = checksum
			if err := in.payload(&p.payload, length); err != nil {
				return count, err
			}
			count++
		case sectionEnd:
			var last piece
			last.checksum = checksum
			if err := in.payload(&last.payload, length); err != nil {
				return count, err
			}
			if err := last.check(); err != nil {
				return count, err
			}
			in.end = last.payload.Bytes()
			return count, in.nothingFollows()
		default:
			if err := in.skip(kind, length, checksum); err != nil {
				return count, err
			}
		}
		in.read++
	}
	return count, nil
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

// payload reads the payload of a section. Memory grows with the bytes that are there, not with the length that is
// claimed.
func (in *imageReader) payload(into *bytes.Buffer, length uint32) error {
	into.Reset()
	if _, err := io.CopyN(into, in.r, int64(length)); err != nil {
		return damaged("section", err)
	}
	return nil
}

// whole reads the payload of a section that is kept as it is, and checks it.
func (in *imageReader) whole(length, checksum uint32) (payload []byte, err error) {
	p := piece{checksum: checksum}
	if err := in.payload(&p.payload, length); err != nil {
		return nil, err
	}
	return p.payload.Bytes(), p.check()
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

// nothingFollows checks that the image ends here.
func (in *imageReader) nothingFollows() error {
	var b [1]byte
	if _, err := io.ReadFull(in.r, b[:]); !errors.Is(err, io.EOF) {
		return damaged("something follows its end", err)
	}
	return nil
}

// finish checks the last section, when everything is in the space.
func (in *imageReader) finish() error {
	if in.partly.any {
		return damaged("it ends in a value", nil)
	}
	if len(in.end) != endBytes || binary.LittleEndian.Uint64(in.end) != in.read {
		return damaged("its last section is not that of these sections", nil)
	}
	if in.removals != nil {
		in.state.removals = *in.removals
	}
	if err := in.finishSwaps(); err != nil {
		return err
	}
	return in.finishSessions()
}
