package command

import "bytes"

// Slots is the number of slots of a Redis cluster.
const Slots = 16384

// Slot is the slot of a key: CRC16 of the key, or of its tag. The tag is the text between the first { and the next },
// unless it is empty: with it, clients put keys into one slot.
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

// crc16 is the table of the CRC that XMODEM uses: polynomial 0x1021, the highest bit first, no inversion.
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
