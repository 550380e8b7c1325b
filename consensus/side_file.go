package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// sideFile is a small file beside the log, with what a node heard of others. No write of clients waits for it, and a
// node goes on without it.
type sideFile struct {
	// name is the file's, next that of the one which takes its place.
	name, next string
	// work is what writing it is called in a shortage, loss what a node says that cannot read it.
	work, loss string
}

// readSideFile reads what a file says of this node's cluster. A file that cannot be used is no reason not to start.
func readSideFile[T any](n *Node, f sideFile, decode func(b []byte) (clusterID uint64, items []T, err error)) []T {
	path := filepath.Join(n.options.Directory, f.name)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var clusterID uint64
	var items []T
	if err == nil {
		clusterID, items, err = decode(b)
	}
	if err != nil {
		n.options.Logger.Warn(f.loss, "file", path, "error", err)
		return nil
	}
	if clusterID != n.identity.ClusterID {
		return nil
	}
	return items
}

// writeSideFile replaces a file. It reports whether the new one is on the disk: a shortage is a state, and the caller
// tries again; any other error ends the node.
func (n *Node) writeSideFile(f sideFile, b []byte) (written bool) {
	directory := n.options.Directory
	err := vfs.Replace(vfs.OS(), directory, filepath.Join(directory, f.name), filepath.Join(directory, f.next), b)
	switch {
	case err == nil:
		n.shortages.End(f.work)
	case vfs.IsFatal(err):
		n.fail(fmt.Errorf("%s: %w", f.work, err))
	default:
		n.shortages.Begin(f.work, err)
	}
	return err == nil
}

// A node with Options.ReadLeaseMillis promises each leader that it hears to help no other one for so long. A process
// that ends takes nothing of that back: the next one has to keep what it promised, and it may have been started with
// another value. So the directory has the largest value that any process may still be bound by. A node that never had
// leases has no such file, and waits for nothing.
//
//  1. F promises L 250 ms, ends, and is started without leases.
//  2. 20 ms later C, which has lost L, asks F for its vote. L has a lease, and answers reads.
//
// The file is replaced before the first promise of a process. It gets a smaller value when no promise of an earlier
// process can last any more: the next start, too, must know of these.
//
//	offset  0  magic     u32  "RPM1"
//	        4  version   u32
//	        8  millis    u64
//	       16  checksum  u32  CRC32C of everything before it
const (
	promisedName    = "promised"
	promisedNext    = "promised-next"
	promisedMagic   = 0x314d5052
	promisedVersion = 1
	promisedBytes   = 20
)

var promisedFile = sideFile{
	name: promisedName, next: promisedNext, work: "write down for how long this node promises to help no other leader",
}

func encodePromised(millis raftlog.Stamp) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, promisedBytes), promisedMagic)
	b = binary.LittleEndian.AppendUint32(b, promisedVersion)
	b = binary.LittleEndian.AppendUint64(b, uint64(millis))
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

var errPromised = errors.New("this is no whole promise")

func decodePromised(b []byte) (raftlog.Stamp, error) {
	const end = promisedBytes - 4
	if len(b) != promisedBytes || binary.LittleEndian.Uint32(b) != promisedMagic ||
		binary.LittleEndian.Uint32(b[4:]) != promisedVersion ||
		binary.LittleEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return 0, errPromised
	}
	millis := binary.LittleEndian.Uint64(b[8:])
	if millis > maxReadLeaseMillis {
		return 0, errPromised
	}
	return raftlog.Stamp(millis), nil
}

// promisedBefore is for how long an earlier process may have promised: the most that there is if the file cannot be
// read.
func (n *Node) promisedBefore() raftlog.Stamp {
	path := filepath.Join(n.options.Directory, promisedName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	var millis raftlog.Stamp
	if err == nil {
		millis, err = decodePromised(b)
	}
	if err != nil {
		n.options.Logger.Warn("what this node promised before it was started cannot be read: it helps no leader for a while",
			"file", path, "error", err, "millis", maxReadLeaseMillis)
		return maxReadLeaseMillis
	}
	return millis
}

// promiseUpTo makes the directory know the longest promise of this process and of those before. It returns what the
// process may promise: nothing if the file cannot be written now. A node needs no leases to serve, so it does not wait:
// keepPromise tries again, and the process that finds the file has leases.
func (n *Node) promiseUpTo(before, own raftlog.Stamp) raftlog.Stamp {
	if own <= before || n.writeSideFile(promisedFile, encodePromised(own)) {
		return own
	}
	n.options.Logger.Warn("this node has no leases for reads until it is started again: its directory cannot say so",
		"directory", n.options.Directory)
	return 0
}

// keepPromise makes the directory know, after a while, for how long processes of this node promise. It tries until that
// is on the disk.
func (n *Node) keepPromise(after time.Duration, millis raftlog.Stamp) {
	timer := time.NewTimer(after)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-n.context.Done():
			return
		}
		if n.writeSideFile(promisedFile, encodePromised(millis)) {
			return
		}
		timer.Reset(promiseInterval)
	}
}

// promiseInterval is how often a node tries to write its promise down.
const promiseInterval = time.Second
