package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Identity says who a node is. Incarnation is drawn when its directory is made and never changes; ClusterID and NodeID
// are zero until it belongs to a cluster, and do not change afterwards.
type Identity struct {
	ClusterID   uint64
	NodeID      uint64
	Incarnation uint64
}

// IdentityName is the name of the file in a log's directory that says who the node is.
const IdentityName = "identity"

// The identity file, numbers little-endian:
//
//	offset  0  magic        u32  "RID1"
//	        4  version      u32
//	        8  cluster id   u64  0 while the node is blank
//	       16  node id      u64  0 while the node is blank
//	       24  incarnation  u64  never 0
//	       32  group        u16  the group of nodes that cluster and node id are about; always 0 today
//	       34  zero         u16
//	       36  checksum     u32  CRC32C of everything before it
//
// In every version the file begins with magic and version and ends with the checksum.
const (
	identityNext    = "identity-next"
	identityVersion = 2
	identityMagic   = 0x31444952
	identityBytes   = 40
	// maxIdentityBytes bounds what is read of a file of another version.
	maxIdentityBytes = 4096
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNoIdentity means that the directory has no identity file.
var errNoIdentity = errors.New("no identity")

func (i Identity) validate() error {
	if i.Incarnation == 0 {
		return errors.New("identity: the incarnation is 0")
	}
	return nil
}

// mayBecome reports whether a node may take on another identity: the same node, as a member of a cluster.
func (i Identity) mayBecome(next Identity) error {
	free := i.ClusterID == 0 || i.ClusterID == next.ClusterID
	if i.Incarnation != next.Incarnation || !free || i.NodeID != 0 && i.NodeID != next.NodeID {
		return fmt.Errorf("identity: %+v cannot become %+v", i, next)
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
	if len(b) != identityBytes {
		return Identity{}, fmt.Errorf("it has %d bytes, an identity has %d", len(b), identityBytes)
	}
	if err := raftlog.Group(binary.LittleEndian.Uint16(b[32:])).Check(); err != nil {
		return Identity{}, fmt.Errorf("identity: %w: %w", err, ErrVersion)
	}
	if b[34]|b[35] != 0 {
		return Identity{}, errors.New("reserved bytes are in use")
	}
	return Identity{
		ClusterID:   binary.LittleEndian.Uint64(b[8:]),
		NodeID:      binary.LittleEndian.Uint64(b[16:]),
		Incarnation: binary.LittleEndian.Uint64(b[24:]),
	}, nil
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

// storeIdentity makes an identity durable. A crash leaves the old one or the new one:
//
//  1. the new one is written and synced under another name;
//  2. it takes the place of the old one;
//  3. the directory is synced.
func storeIdentity(fsys vfs.FS, directory string, i Identity) error {
	next := filepath.Join(directory, identityNext)
	f, err := fsys.Open(next, true)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(i.encode(), 0)
	if err == nil {
		err = f.Truncate(identityBytes)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("store the identity: %w", err)
	}
	if err := fsys.Rename(next, filepath.Join(directory, IdentityName)); err != nil {
		return err
	}
	return fsys.SyncDir(directory)
}
