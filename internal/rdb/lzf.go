package rdb

// maxExpansion is more than the factor by which a compressed string can grow: three bytes stand for 264 at most.
const maxExpansion = 88

// Of a control byte of LZF, the upper three bits are the length of a match less two, or all ones if a byte follows that
// adds to it. The lower five bits, and the byte behind, are how far before the end of what was made it begins, less
// one. Below 32 it is no match: so many bytes and one follow as they are.
const (
	literalEnd    = 1 << 5
	longMatch     = 7
	shortestMatch = 2
	distanceBits  = literalEnd - 1
)

// expand makes a string of a length of its compressed form.
func expand(packed []byte, length int) (text []byte, ok bool) {
	text = make([]byte, 0, length)
	for len(packed) > 0 {
		control := int(packed[0])
		packed = packed[1:]
		if control < literalEnd {
			count := control + 1
			if count > len(packed) || count > length-len(text) {
				return nil, false
			}
			text, packed = append(text, packed[:count]...), packed[count:]
			continue
		}
		count := control >> 5
		if count == longMatch {
			if len(packed) == 0 {
				return nil, false
			}
			count += int(packed[0])
			packed = packed[1:]
		}
		count += shortestMatch
		if len(packed) == 0 {
			return nil, false
		}
		from := len(text) - (control&distanceBits<<8 | int(packed[0])) - 1
		packed = packed[1:]
		if from < 0 || count > length-len(text) {
			return nil, false
		}
		for range count { // the match may reach into what it makes
			text = append(text, text[from])
			from++
		}
	}
	return text, len(text) == length
}
