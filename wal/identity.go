package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Identity says who a node is. All of it is zero until the node tells another one who it is: a directory that was only
// made may be copied. ClusterID and NodeID are zero until the node belongs to a cluster. Then only Note changes.
type Identity struct {
	ClusterID   uint64
	NodeID      uint64
	Incarnation uint64
	// Note is what the node must remember about itself across restarts, such as that it was removed from its cluster. The
	// log does not read it. At most MaxNoteBytes.
	Note string
}

// MaxNoteBytes bounds Identity.Note.
const MaxNoteBytes = 8 << 10

// IdentityName is the name of the file in a log's directory that says who the node is.
const IdentityName = "identity"

// The identity file, numbers little-endian:
//
//	offset  0  magic        u32  "RID1"
//	        4  version      u32
//	        8  cluster id   u64  0 while the node is blank
//	       16  node id      u64  0 while the node is blank
//	       24  incarnation  u64  0 until the node tells another one who it is
//	       32  group        u16  the group of nodes that cluster and node id are about; always 0 today
//	       34  zero         u16
//	       36  sections          kind 1: the note; see package section
//	       ..  checksum     u32  CRC32C of everything before it
//
// In every version the file begins with magic and version and ends with the checksum.
const (
	identityNext    = "identity-next"
	identityVersion = 2
	identityMagic   = 0x31444952
	// identityBytes is the size of a file without sections.
	identityBytes = 40
	sectionNote   = section.Kind(1)
	// maxIdentityBytes bounds what is read of a file of another version.
	maxIdentityBytes = 16 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNoIdentity means that the directory has no identity file.
var errNoIdentity = errors.New("no identity")

// mayBecome reports whether a node may take on another identity: a blank node any, a member only the same with another
// note.
func (i Identity) mayBecome(next Identity) error {
	member := i.ClusterID != 0 || i.NodeID != 0
	other := i.ClusterID != 0 && i.ClusterID != next.ClusterID || i.NodeID != 0 && i.NodeID != next.NodeID ||
		i.Incarnation != next.Incarnation
	if member && other && !guard.Down(guard.IdentityStays) || next.Incarnation == 0 {
		return fmt.Errorf("identity: %+v cannot become %+v", i, next)
	}
	if len(next.Note) > MaxNoteBytes {
		return fmt.Errorf("identity: a note of %d bytes, allowed are %d", len(next.Note), MaxNoteBytes)
	}
	return nil
}

func (i Identity) encode() []byte {
	b := make([]byte, 0, identityBytes)
	b = binary.LittleEndian.AppendUint32(b, identityMagic)
	b = binary.LittleEndian.AppendUint32(b, identityVersion)
	for _, n := range [...]uint64{i.ClusterID, i.NodeID, i.Incarnation} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(raftlog.Group0))
	b = append(b, 0, 0)
	if i.Note != "" {
		b = section.Append(b, sectionNote, []byte(i.Note))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeIdentity(b []byte) (Identity, error) {
	end := len(b) - 4
	if end < 8 || binary.LittleEndian.Uint32(b) != identityMagic ||
		binary.LittleEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return Identity{}, errors.New("this is not a whole identity")
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != identityVersion {
		return Identity{}, fmt.Errorf("identity of version %d, this build knows version %d: %w",
			v, identityVersion, ErrVersion)
	}
	if len(b) < identityBytes {
		return Identity{}, fmt.Errorf("it has %d bytes, an identity has %d", len(b), identityBytes)
	}
	if err := raftlog.Group(binary.LittleEndian.Uint16(b[32:])).Check(); err != nil {
		return Identity{}, fmt.Errorf("identity: %w: %w", err, ErrVersion)
	}
	if b[34]|b[35] != 0 {
		return Identity{}, errors.New("reserved bytes are in use")
	}
	i := Identity{
		ClusterID:   binary.LittleEndian.Uint64(b[8:]),
		NodeID:      binary.LittleEndian.Uint64(b[16:]),
		Incarnation: binary.LittleEndian.Uint64(b[24:]),
	}
	_, err := section.Read(b[identityBytes-4:end], func(kind section.Kind, body []byte) (bool, error) {
		if kind != sectionNote {
			return false, nil
		}
		if len(body) == 0 || len(body) > MaxNoteBytes {
			return true, fmt.Errorf("a note of %d bytes, allowed are 1 to %d", len(body), MaxNoteBytes)
		}
		i.Note = string(body)
		return true, nil
	})
	if errors.Is(err, section.ErrUnknown) {
		err = fmt.Errorf("identity: %w: %w", err, ErrVersion)
	}
	return i, err
}

// readIdentity returns errNoIdentity if there is none, and a CorruptionError if it is damaged.
func readIdentity(fsys vfs.FS, directory string) (Identity, error) {
	path := filepath.Join(directory, IdentityName)
	f, err := fsys.Open(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, errNoIdentity
	}
	if err != nil {
		return Identity{}, err
	}
	defer f.Close() // only read
	bytes, err := f.Size()
	if err != nil {
		return Identity{}, err
	}
	if bytes == 0 || bytes > maxIdentityBytes {
		return Identity{}, &CorruptionError{File: path, Offset: bytes, Reason: "its size is not that of an identity"}
	}
	b := make([]byte, bytes)
	if _, err := f.ReadAt(b, 0); err != nil {
		return Identity{}, fmt.Errorf("read %s: %w", path, err)
	}
	i, err := decodeIdentity(b)
	if err != nil && !errors.Is(err, ErrVersion) {
		err = &CorruptionError{File: path, Reason: err.Error()}
	}
	return i, err
}

// storeIdentity makes an identity durable. A crash leaves the old one or the new one.
func storeIdentity(fsys vfs.FS, directory string, i Identity) error {
	next := filepath.Join(directory, identityNext)
	if guard.Down(guard.IdentityReplaced) {
		next = filepath.Join(directory, IdentityName)
	}
	err := vfs.Replace(fsys, directory, filepath.Join(directory, IdentityName), next, i.encode())
	if err != nil {
		return fmt.Errorf("store the identity: %w", err)
	}
	return nil
}
