package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A node keeps on its disk where other members said, or are said, to be. The log has that only when a leader has
// written it, and that may be too late:
//
//  1. All nodes move, one after the other, each as soon as the one before is ready.
//  2. The third one is stopped. It knows the new addresses of the others, and its log does not: the entry is on its
//     way.
//  3. It starts at its new address, and dials the old ones. The others dial its old one. They never meet.
//
// The file is written beside the log, with each address that is news. No write waits for it, and a node without it
// knows what its log says.
//
// The file, numbers little-endian:
//
//	offset  0  magic       u32  "RCA1"
//	        4  version     u32
//	        8  cluster id  u64
//	       16  count       u32
//	       20  claims           node id u64, incarnation u64, start u64, boot u64, length u16 and address
//	       ..  checksum    u32  CRC32C of everything before it
const (
	learnedName    = "addresses"
	learnedNext    = "addresses-next"
	learnedMagic   = 0x31414352
	learnedVersion = 1
	// learnedBytes is the size of a file without claims, claimBytes that of one without its address.
	learnedBytes = 24
	claimBytes   = 34
)

func encodeLearned(clusterID uint64, claims []locations.Claim) []byte {
	b := make([]byte, 0, learnedBytes+len(claims)*(claimBytes+maxAddressBytes))
	b = binary.LittleEndian.AppendUint32(b, learnedMagic)
	b = binary.LittleEndian.AppendUint32(b, learnedVersion)
	b = binary.LittleEndian.AppendUint64(b, clusterID)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(claims)))
	for _, c := range claims {
		for _, n := range [...]uint64{uint64(c.ID), c.Incarnation, c.Start, uint64(c.Boot)} {
			b = binary.LittleEndian.AppendUint64(b, n)
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(len(c.Address)))
		b = append(b, c.Address...)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeLearned(b []byte) (clusterID uint64, claims []locations.Claim, err error) {
	end := len(b) - 4
	if end < learnedBytes-4 || binary.LittleEndian.Uint32(b) != learnedMagic ||
		binary.LittleEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return 0, nil, errors.New("this is no whole file of addresses")
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != learnedVersion {
		return 0, nil, fmt.Errorf("addresses of version %d, this build knows version %d", v, learnedVersion)
	}
	count, rest := int(binary.LittleEndian.Uint32(b[16:])), b[20:end]
	if count > membership.MaxMembers {
		return 0, nil, fmt.Errorf("addresses of %d members", count)
	}
	for range count {
		if len(rest) < claimBytes || len(rest) < claimBytes+int(binary.LittleEndian.Uint16(rest[32:])) {
			return 0, nil, errors.New("addresses are cut short")
		}
		length := claimBytes + int(binary.LittleEndian.Uint16(rest[32:]))
		claims = append(claims, locations.Claim{
			ID:          raftlog.NodeID(binary.LittleEndian.Uint64(rest)),
			Incarnation: binary.LittleEndian.Uint64(rest[8:]),
			Start:       binary.LittleEndian.Uint64(rest[16:]),
			Boot:        raftlog.Boot(binary.LittleEndian.Uint64(rest[24:])),
			Address:     string(rest[claimBytes:length]),
		})
		rest = rest[length:]
	}
	if len(rest) > 0 {
		return 0, nil, fmt.Errorf("%d bytes behind the addresses", len(rest))
	}
	return binary.LittleEndian.Uint64(b[8:]), claims, nil
}

// learnedFile has the addresses.
var learnedFile = sideFile{
	name: learnedName, next: learnedNext, work: "write down where other members are",
	loss: "where other members were said to be cannot be read; this node looks for them where its log says",
}

// readLearned reads where members of this node's cluster were said to be.
func (n *Node) readLearned() []locations.Claim {
	return readSideFile(n, learnedFile, decodeLearned)
}

// recall takes what the file says of the members that this node's log names, before the first turn tells the transport
// whom to dial.
func (n *Node) recall(claims []locations.Claim) {
	s := n.runner.Load().Status()
	if s.Configuration == nil || len(claims) == 0 {
		return
	}
	n.peers.mu.Lock()
	if !n.peers.configured {
		n.peers.book.Configure(s.ID, s.Configuration.Members)
	}
	n.peers.mu.Unlock()
	n.hearClaims(claims)
}

// keepLearned writes down where members are said to be: at once when there is news, and again where that failed. kept
// is what the file says.
func (n *Node) keepLearned(kept []locations.Claim) {
	ticker := time.NewTicker(addressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-n.located:
		case <-ticker.C:
		case <-n.context.Done():
			return
		}
		claims := n.peers.claims()
		if !slices.Equal(claims, kept) && n.writeSideFile(learnedFile, encodeLearned(n.clusterID(), claims)) {
			kept = claims
		}
	}
}
