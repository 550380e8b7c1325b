package command

import "bytes"

// Slots is the number of slots into which keys fall: the Redis cluster's.
const Slots = 16384

// Slot is the slot of a key: CRC16 of the key, or of its tag. The tag is what stands between the first { and the next
// }, if that is anything, so that clients can put keys together.
func Slot(key []byte) uint16 {
	if begin := bytes.IndexByte(key, '{'); begin >= 0 {
		if length := bytes.IndexByte(key[begin+1:], '}'); length > 0 {
			key = key[begin+1 : begin+1+length]
		}
	}
	var crc uint16
	for _, c := range key {
		crc = crc<<8 ^ crc16[byte(crc>>8)^c]
	}
	return crc % Slots
}

// crc16 is the table of the CRC that XMODEM uses: polynomial 0x1021, most significant bit first, nothing inverted.
var crc16 = func() (table [256]uint16) {
	for i := range table {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			crc <<= 1
			if carry {
				crc ^= 0x1021
			}
		}
		table[i] = crc
	}
	return table
}()
