package rdb

import (
	"encoding/binary"
	"hash/crc64"
)

// Version is a version of the format. A server reads what has its own version or a lower one.
type Version uint16

// The versions that matter here, by the first Redis that has them.
const (
	// Version6 is that of Redis 2.6, the first with DUMP: strings, lists, sets and hashes.
	Version6 Version = 6
	// Version8 is that of Redis 4: sorted sets with binary scores.
	Version8 Version = 8
	// Version9 is that of Redis 5: streams.
	Version9 Version = 9
	// Version10 is that of Redis 7.0: streams that know what was deleted.
	Version10 Version = 10
	// Version11 is that of Redis 7.2: consumers that know when they were active.
	Version11 Version = 11
)

// maxVersion is the highest version that is read.
const maxVersion = Version11

const (
	versionBytes  = 2
	checksumBytes = 8
	footerBytes   = versionBytes + checksumBytes
)

// jones is the table of Redis's polynomial, 0xad93d23594c935a9, whose bits hash/crc64 wants in the other order.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// checksum is Redis's CRC-64. It begins with 0 and ends with what it has; hash/crc64 inverts both.
func checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), jones, b) }

// Seal puts the footer behind an object of a version.
func Seal(object []byte, version Version) []byte {
	object = binary.LittleEndian.AppendUint16(object, uint16(version))
	return binary.LittleEndian.AppendUint64(object, checksum(object))
}

// Unseal takes the footer off. It reports false if the object is of an unknown version or damaged.
func Unseal(payload []byte) (object []byte, ok bool) {
	if len(payload) < footerBytes {
		return nil, false
	}
	summed := payload[:len(payload)-checksumBytes]
	object = payload[:len(payload)-footerBytes]
	version := Version(binary.LittleEndian.Uint16(summed[len(object):]))
	sum := binary.LittleEndian.Uint64(payload[len(summed):])
	return object, version <= maxVersion && checksum(summed) == sum
}
