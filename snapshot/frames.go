package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/raftredis/raftredis/internal/guard"
)

// errWhole means that all frames are sound and the whole is not.
const errWhole damage = "the hash of the whole is another than it should be"

// frames knows where the frames of a file lie, and what each must look like. Frame 0 is the header, the blocks follow
// with their numbers, and the footer is the last.
type frames struct {
	headerBytes, blockBytes, fileBytes int64
	// sum is the checksum of the header, with which all others go on.
	sum uint32
}

// layOut finds the frames of a file of some size with a given header; false means that no file has this size.
func layOut(header []byte, blockBytes, fileBytes int64) (frames, bool) {
	f := frames{
		headerBytes: int64(len(header)), blockBytes: blockBytes, fileBytes: fileBytes,
		sum: sumOf(header),
	}
	all := f.fileBytes - f.headerBytes - footerBytes
	rest := all % (blockHeaderBytes + f.blockBytes)
	return f, all >= 0 && (rest == 0 || rest > blockHeaderBytes) && fileBytes <= MaxFileBytes
}

// blocks is how many blocks there are.
func (f *frames) blocks() int64 {
	whole := blockHeaderBytes + f.blockBytes
	return (f.fileBytes - f.headerBytes - footerBytes + whole - 1) / whole
}

// footer is the number of the last frame.
func (f *frames) footer() int64 { return f.blocks() + 1 }

// begin is where a frame begins. Behind the last one it is the end of the file.
func (f *frames) begin(number int64) int64 {
	switch {
	case number == 0:
		return 0
	case number > f.footer():
		return f.fileBytes
	case number == f.footer():
		return f.fileBytes - footerBytes
	}
	return f.headerBytes + (number-1)*(blockHeaderBytes+f.blockBytes)
}

// find is the number of the frame that holds the byte at an offset.
func (f *frames) find(offset int64) int64 {
	switch {
	case offset < f.headerBytes:
		return 0
	case offset >= f.fileBytes-footerBytes:
		return f.footer()
	}
	return 1 + (offset-f.headerBytes)/(blockHeaderBytes+f.blockBytes)
}

// bytes is the size of a frame.
func (f *frames) bytes(number int64) int64 { return f.begin(number+1) - f.begin(number) }

// check verifies the bytes of a frame, which are as many as the frame has. The error is a damage.
func (f *frames) check(number int64, b []byte) error {
	switch {
	case number == 0:
		if !checked(b, 0) || binary.LittleEndian.Uint32(b[len(b)-checksumBytes:]) != f.sum {
			return damage("the header does not match its checksum")
		}
		return nil
	case number == f.footer():
		return f.checkFooter(b)
	}
	length, claimed := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	image := b[blockHeaderBytes:]
	switch {
	case claimed != number && !guard.Down(guard.BlocksNumbered):
		return damage(fmt.Sprintf("here should begin block %d of %d, and what is here calls itself %d",
			number, f.blocks(), claimed))
	case length != int64(len(image)):
		return damage(fmt.Sprintf("block %d of %d has a length of %d, and the size of the file leaves it %d",
			number, f.blocks(), length, len(image)))
	case binary.LittleEndian.Uint32(b[8:]) != blockSum(f.sum, b[:8], image) && !guard.Down(guard.BlocksChained):
		return damage(fmt.Sprintf("block %d of %d does not match its checksum", number, f.blocks()))
	}
	return nil
}

func (f *frames) checkFooter(b []byte) error {
	end, err := parseFooter(b, f.sum)
	if err != nil {
		return err
	}
	if end.fileBytes != f.fileBytes || int64(end.blocks) != f.blocks() {
		return damage(fmt.Sprintf("the footer tells of %d blocks and %d bytes, and there are %d and %d",
			end.blocks, end.fileBytes, f.blocks(), f.fileBytes))
	}
	return nil
}

// checker verifies the frames of a file in their order, and the hash of the whole at its end.
type checker struct {
	frames
	hash hash.Hash
	// next is the number of the frame that comes next.
	next int64
}

func newChecker(f frames) checker { return checker{frames: f, hash: sha256.New()} }

// take verifies the next frame. The error is a damage; the frame may then be offered again, except with errWhole.
func (c *checker) take(b []byte) error {
	if err := c.check(c.next, b); err != nil {
		return err
	}
	hashed := b
	if c.next == c.footer() {
		hashed = b[:footerHashedBytes]
	}
	c.hash.Write(hashed)
	whole := c.next != c.footer() || sum64(c.hash) == binary.LittleEndian.Uint64(b[footerHashedBytes:])
	if !whole && !guard.Down(guard.WholeFileHashed) {
		return errWhole
	}
	c.next++
	return nil
}

// done reports whether all frames were taken.
func (c *checker) done() bool { return c.next > c.footer() }

// sum64 is the hash of a file: the first eight bytes of the SHA-256.
func sum64(h hash.Hash) uint64 {
	var b [sha256.Size]byte
	return binary.LittleEndian.Uint64(h.Sum(b[:0]))
}
