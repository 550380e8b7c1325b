package reply

import "bytes"

// Neutral stands for a protocol where a reply is made to be kept, and sent later in either protocol by Render. The
// bytes are those of RESP3, which tells all kinds of values apart, but for the absence of an array, which keeps the
// form that it has in RESP2, and for pairs, which have marks of their own.
const Neutral = 4

// PairsHeader begins an array of n pairs, each of which begins with PairHeader: in RESP3 each is an array of its own,
// in RESP2 all their values follow each other in one array.
func PairsHeader(dst []byte, protocol, n int) []byte {
	switch protocol {
	case RESP3:
		return ArrayHeader(dst, n)
	case Neutral:
		return header(dst, '&', n)
	}
	return ArrayHeader(dst, 2*n)
}

// PairHeader begins a pair of a PairsHeader; two values follow.
func PairHeader(dst []byte, protocol int) []byte {
	switch protocol {
	case RESP3:
		return ArrayHeader(dst, 2)
	case Neutral:
		return append(dst, neutralPair...)
	}
	return dst
}

// neutralPair is the line for the beginning of a pair, in Neutral. The header of pairs is a line of that kind too: &
// and a number.
const neutralPair = "|\r\n"

// isRich reports whether a protocol tells more kinds of values apart than RESP2 does.
func isRich(protocol int) bool { return protocol == RESP3 || protocol == Neutral }

// Render appends a reply that was made for Neutral as the protocol 2 or 3 has it: the bytes that the same functions
// append for that protocol. Of bytes that no function of this package has made, nothing sensible is said, but nothing
// panics either.
func Render(dst, neutral []byte, protocol int) []byte {
	if IsShared(neutral) {
		return append(dst, neutral...)
	}
	for len(neutral) > 0 {
		end := bytes.IndexByte(neutral, '\n') + 1
		if end < len("_\r\n") {
			return append(dst, neutral...)
		}
		line, length := neutral[:end], 0
		if n := number(line[1 : end-2]); n >= 0 && (line[0] == '$' || line[0] == '=') {
			length = min(n+len("\r\n"), len(neutral)-end)
		}
		value := neutral[end : end+length]
		neutral = neutral[end+length:]
		if protocol == RESP3 {
			dst = append(renderRESP3(dst, line), value...)
		} else {
			dst = renderRESP2(dst, line, value)
		}
	}
	return dst
}

// IsShared reports whether a reply has one form in both protocols, as nearly all have: one line, or one string.
func IsShared(neutral []byte) bool {
	if len(neutral) == 0 {
		return true
	}
	switch neutral[0] {
	case '+', '-', ':', '$':
		return true
	}
	return false
}

// absentArray is the line for the absence of an array, in RESP2 and in Neutral.
const absentArray = "*-1\r\n"

func renderRESP3(dst, line []byte) []byte {
	switch {
	case string(line) == absentArray:
		return NullArray(dst, RESP3)
	case line[0] == '&':
		return PairsHeader(dst, RESP3, max(number(line[1:len(line)-2]), 0))
	case line[0] == '|':
		return PairHeader(dst, RESP3)
	}
	return append(dst, line...)
}

// renderRESP2 appends a line, and the value behind it with its line break, in the form of RESP2.
func renderRESP2(dst, line, value []byte) []byte {
	text := line[1 : len(line)-2]
	switch line[0] {
	case '_':
		return Null(dst, RESP2)
	case '#':
		return Bool(dst, RESP2, string(text) == "t")
	case ',':
		return Bulk(dst, text)
	case '%':
		return MapHeader(dst, RESP2, max(number(text), 0))
	case '~', '>':
		return ArrayHeader(dst, max(number(text), 0))
	case '&':
		return PairsHeader(dst, RESP2, max(number(text), 0))
	case '|':
		return PairHeader(dst, RESP2)
	case '=':
		text = bytes.TrimSuffix(value, []byte("\r\n"))
		return Bulk(dst, text[min(len("txt:"), len(text)):])
	}
	return append(append(dst, line...), value...)
}
