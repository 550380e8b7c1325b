package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A node keeps on its disk how far the disks of the members were, as it heard last from a leader: see engine.Confirmed.
// So it refuses a member that was rolled back also after all nodes were started again. The file is written beside the
// log, now and then: no write waits for it, and without it a node knows what it hears from then on.
//
// The file, numbers little-endian:
//
//	offset  0  magic       u32  "RCM1"
//	        4  version     u32
//	        8  cluster id  u64
//	       16  count       u32
//	       20  marks            node id u64, boot u64, index u64; in ascending order of ids
//	       ..  checksum    u32  CRC32C of everything before it
const (
	confirmedName    = "confirmed"
	confirmedNext    = "confirmed-next"
	confirmedMagic   = 0x314d4352
	confirmedVersion = 1
	// confirmedBytes is the size of a file without marks, markBytes that of one.
	confirmedBytes = 24
	markBytes      = 24
	// confirmedInterval is how often the file is written, if there is news.
	confirmedInterval = 10 * time.Second
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encodeConfirmed(clusterID uint64, marks []engine.Confirmed) []byte {
	b := make([]byte, 0, confirmedBytes+len(marks)*markBytes)
	b = binary.LittleEndian.AppendUint32(b, confirmedMagic)
	b = binary.LittleEndian.AppendUint32(b, confirmedVersion)
	b = binary.LittleEndian.AppendUint64(b, clusterID)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(marks)))
	for _, mark := range marks {
		for _, n := range [...]uint64{uint64(mark.Node), uint64(mark.Boot), uint64(mark.Index)} {
			b = binary.LittleEndian.AppendUint64(b, n)
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeConfirmed(b []byte) (clusterID uint64, marks []engine.Confirmed, err error) {
	end := len(b) - 4
	if end < confirmedBytes-4 || binary.LittleEndian.Uint32(b) != confirmedMagic ||
		binary.LittleEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return 0, nil, errors.New("this is no whole file of marks")
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != confirmedVersion {
		return 0, nil, fmt.Errorf("marks of version %d, this build knows version %d", v, confirmedVersion)
	}
	count := int(binary.LittleEndian.Uint32(b[16:]))
	if count > membership.MaxMembers || end-20 != count*markBytes {
		return 0, nil, fmt.Errorf("%d marks in %d bytes", count, len(b))
	}
	previous := raftlog.NodeID(0)
	for at := 20; at < end; at += markBytes {
		mark := engine.Confirmed{
			Node:  raftlog.NodeID(binary.LittleEndian.Uint64(b[at:])),
			Boot:  raftlog.Boot(binary.LittleEndian.Uint64(b[at+8:])),
			Index: raftlog.Index(binary.LittleEndian.Uint64(b[at+16:])),
		}
		if mark.Node <= previous {
			return 0, nil, fmt.Errorf("a mark of node %d behind one of node %d", mark.Node, previous)
		}
		marks, previous = append(marks, mark), mark.Node
	}
	return binary.LittleEndian.Uint64(b[8:]), marks, nil
}

// confirmedFile has the marks. What a node without it would not refuse, others refuse.
var confirmedFile = sideFile{
	name: confirmedName, next: confirmedNext, work: "write down how far the members are",
	loss: "what other members had confirmed cannot be read; a member that was rolled back may not be recognised before " +
		"the next leader tells",
}

// readConfirmed reads the marks of this node's cluster.
func (n *Node) readConfirmed() []engine.Confirmed {
	return readSideFile(n, confirmedFile, decodeConfirmed)
}

// keepConfirmed writes the marks now and then, and when the node is closed.
func (n *Node) keepConfirmed() {
	ticker := time.NewTicker(confirmedInterval)
	defer ticker.Stop()
	kept := n.runner.Load().Status().Confirmed
	for open := true; open; {
		select {
		case <-ticker.C:
		case <-n.context.Done():
			open = false
		}
		marks := n.runner.Load().Status().Confirmed
		if !slices.Equal(marks, kept) && n.writeSideFile(confirmedFile, encodeConfirmed(n.clusterID(), marks)) {
			kept = marks
		}
	}
}
