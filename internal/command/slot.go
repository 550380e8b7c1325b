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
	crc := uint16(0)
	for ; len(key) >= crcBytes; key = key[crcBytes:] {
		k := (*[crcBytes]byte)(key)
		crc = crc16[7][k[0]^byte(crc>>8)] ^ crc16[6][k[1]^byte(crc)] ^ crc16[5][k[2]] ^ crc16[4][k[3]] ^
			crc16[3][k[4]] ^ crc16[2][k[5]] ^ crc16[1][k[6]] ^ crc16[0][k[7]]
	}
	for _, c := range key {
		crc = crc<<8 ^ crc16[0][byte(crc>>8)^c]
	}
	return crc % Slots
}

// crcBytes is how many bytes of a key are taken at once: their tables are read beside each other. By single bytes, each
// step waits for the one before.
const crcBytes = 8

// crc16 are the tables of the CRC that XMODEM uses: polynomial 0x1021, the highest bit first, no inversion. The first
// one has the CRC of each byte, the next one that of each byte with a zero behind it, and so on.
var crc16 = func() (tables [crcBytes][256]uint16) {
	for i := range tables[0] {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			crc <<= 1
			if carry {
				crc ^= 0x1021
			}
		}
		tables[0][i] = crc
	}
	for n := 1; n < crcBytes; n++ {
		for i, crc := range tables[n-1] {
			tables[n][i] = crc<<8 ^ tables[0][crc>>8]
		}
	}
	return tables
}()
