package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"github.com/raftredis/raftredis/internal/vfs"
)

// Identity says who a node is. Incarnation and Name are drawn when its directory is made and never change; ClusterID
// and NodeID are zero until it belongs to a cluster, and do not change afterwards.
type Identity struct {
	ClusterID   uint64
	NodeID      uint64
	Incarnation uint64
	// Name is the 40 hex digits by which Redis clients know the node.
	Name string
}

// IdentityName is the name of the file in a log's directory that says who the node is.
const IdentityName = "identity"

const (
	identityNext    = "identity-next"
	identityVersion = 1
	identityMagic   = 0x31444952 // "RID1"
	nameBytes       = 40
	// identityBytes: magic u32, version u32, cluster, node and incarnation u64 each, name, CRC32C of all that u32.
	identityBytes = 4 + 4 + 3*8 + nameBytes + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNoIdentity means that the directory has no identity file.
var errNoIdentity = errors.New("no identity")

func (i Identity) validate() error {
	if len(i.Name) != nameBytes || i.Incarnation == 0 {
		return fmt.Errorf("identity: incarnation %d and name %q: want a number and %d characters",
			i.Incarnation, i.Name, nameBytes)
	}
	return nil
}

// mayBecome reports whether a node may take on another identity: the same node, as a member of a cluster.
func (i Identity) mayBecome(next Identity) error {
	same := i.Incarnation == next.Incarnation && i.Name == next.Name
	free := i.ClusterID == 0 || i.ClusterID == next.ClusterID
	if !same || !free || i.NodeID != 0 && i.NodeID != next.NodeID {
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
	b = append(b, i.Name...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeIdentity(b []byte) (Identity, error) {
	if len(b) != identityBytes || binary.LittleEndian.Uint32(b) != identityMagic ||
		binary.LittleEndian.Uint32(b[identityBytes-4:]) != crc32.Checksum(b[:identityBytes-4], castagnoli) {
		return Identity{}, errors.New("this is not a whole identity")
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != identityVersion {
		return Identity{}, fmt.Errorf("identity of version %d: %w", v, ErrVersion)
	}
	return Identity{
		ClusterID:   binary.LittleEndian.Uint64(b[8:]),
		NodeID:      binary.LittleEndian.Uint64(b[16:]),
		Incarnation: binary.LittleEndian.Uint64(b[24:]),
		Name:        string(b[32 : 32+nameBytes]),
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
	if bytes != identityBytes {
		return Identity{}, &CorruptionError{File: path, Offset: bytes, Reason: "its size is not that of an identity"}
	}
	b := make([]byte, identityBytes)
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
