package glob

import (
	"bytes"
	"strings"
)

// MaxBytes is how long a pattern may be that a client asks for, unless it is a text that matches itself. It bounds a
// step of a search to MaxBytes/64 words, and what a compiled pattern holds to some 50 KiB.
const MaxBytes = 1 << 10

// IsTooLong reports whether a pattern is longer than MaxBytes, and no text that matches itself.
func IsTooLong(pattern []byte) bool { return len(pattern) > MaxBytes && isSpecial(pattern) }

func isSpecial(pattern []byte) bool { return bytes.ContainsAny(pattern, `*?[\`) }

// compileWork is more than it is to compile a byte of a pattern, in the unit of command.MaxEntryWork: a set of two
// bytes is gone through byte value by byte value.
const compileWork = 128

// Work is how much it is to compile a pattern, in the unit of command.MaxEntryWork.
func Work(pattern []byte) int {
	if len(pattern) > MaxBytes || !isSpecial(pattern) {
		return len(pattern)
	}
	return compileWork * len(pattern)
}

// Pattern is a pattern that is compared with many texts. Make one with Compile. Any goroutine may use it.
//
// Between its stars it has parts, and a part has elements, each of which matches one byte. The first part has to be
// where the text begins, the last one where it ends, and each of the others is looked for behind the one before it: the
// first place is as good as any. So each byte of the text is looked at once. A part of bytes alone is found as a text
// is. Any other one is found by the bits of words (the algorithm Shift-And): bit k says whether the k+1 bytes up to
// here match the first elements of the part, and for each byte there is a row of words with a bit for each element that
// matches it.
type Pattern struct {
	source []byte
	// parts are the parts, without empty ones in the middle; none if the pattern is too long to be compiled.
	parts []part
	// literals are, for each element, the byte that it is, if it is one.
	literals string
	// rows are the rows of words, for each byte, nil if all parts are of bytes alone. A row has so many words.
	rows  []uint64
	words int
}

// part is a part: elements from one on up to before another one. They are plain if all of them are bytes.
type part struct {
	from, to int
	plain    bool
}

func (p part) len() int { return p.to - p.from }

// Compile makes a pattern, which keeps the bytes. One that IsTooLong is not looked at here: it costs what Match does.
func Compile(pattern []byte) *Pattern {
	p := &Pattern{source: pattern}
	if IsTooLong(pattern) {
		return p
	}
	literals := make([]byte, 0, len(pattern))
	now, stars, plain := part{plain: true}, 0, true
	for i := 0; i < len(pattern); {
		if pattern[i] == '*' {
			if stars == 0 || now.len() > 0 {
				p.parts = append(p.parts, now)
			}
			now = part{from: now.to, to: now.to, plain: true}
			stars++
			i++
			continue
		}
		b, isByte, width := literal(pattern[i:])
		literals = append(literals, b)
		now.to, now.plain, plain = now.to+1, now.plain && isByte, plain && isByte
		i += width
	}
	p.parts, p.literals = append(p.parts, now), string(literals)
	if !plain {
		p.makeRows()
	}
	return p
}

// literal is the byte that the first element of a pattern is, if it is one, and the element's width.
func literal(pattern []byte) (b byte, isByte bool, width int) {
	switch {
	case pattern[0] == '?':
		return 0, false, 1
	case pattern[0] == '[':
		_, width = matchSet(pattern, 0)
		return 0, false, width
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1], true, 2
	}
	return pattern[0], true, 1
}

// makeRows makes the rows: 2 KiB for each 64 elements.
func (p *Pattern) makeRows() {
	p.words = (len(p.literals) + 63) / 64
	p.rows = make([]uint64, 256*p.words)
	anything := make([]uint64, p.words)
	for i, k := 0, 0; i < len(p.source); {
		word, bit := k/64, uint64(1)<<(k%64)
		width := 1
		switch p.source[i] {
		case '*':
			i++
			continue
		case '?':
			anything[word] |= bit
		case '[':
			width = p.addSet(p.source[i:], word, bit)
		default:
			_, _, width = literal(p.source[i:])
			p.row(p.literals[k])[word] |= bit
		}
		i, k = i+width, k+1
	}
	for b := range 256 {
		for word, bits := range anything {
			p.rows[b*p.words+word] |= bits
		}
	}
}

func (p *Pattern) row(b byte) []uint64 { return p.rows[int(b)*p.words:][:p.words] }

// addSet puts the bit of a set in brackets, with which a pattern begins, into the rows of what is in it.
func (p *Pattern) addSet(pattern []byte, word int, bit uint64) (width int) {
	var in [256]bool
	i, negated := beginSet(pattern)
	for i < len(pattern) && pattern[i] != ']' {
		var low, high byte
		low, high, i = rangeAt(pattern, i)
		for b := int(low); b <= int(high); b++ {
			in[b] = true
		}
	}
	for b := range in {
		if in[b] != negated {
			p.rows[b*p.words+word] |= bit
		}
	}
	return min(i+1, len(pattern))
}

// Match is the Match of the package, for a pattern that is compared with many texts.
func (p *Pattern) Match(text string) bool {
	matches, _ := p.match(text)
	return matches
}

// match also counts the steps: the bytes of the text that are looked at, each once for each word of a row.
func (p *Pattern) match(text string) (matches bool, steps int) {
	switch {
	case len(p.parts) == 0:
		return Match(p.source, text), len(p.source) * len(text)
	case len(text) == 0:
		return len(p.source) == 0 || string(p.source) == "*", 0
	case len(text) < len(p.literals), len(p.parts) == 1 && len(text) > len(p.literals):
		return false, 0
	}
	first, last := p.parts[0], p.parts[len(p.parts)-1]
	steps = first.len() + last.len()
	if !p.isAt(first, text) || !p.isAt(last, text[len(text)-last.len():]) {
		return false, steps
	}
	if len(p.parts) == 1 {
		return true, steps
	}
	text = text[first.len() : len(text)-last.len()]
	for _, one := range p.parts[1 : len(p.parts)-1] {
		end, more := p.find(one, text)
		if steps += more; end < 0 {
			return false, steps
		}
		text = text[end:]
	}
	return true, steps
}

// isAt reports whether a part is where a text begins, which is as long at least.
func (p *Pattern) isAt(one part, text string) bool {
	if one.plain {
		return text[:one.len()] == p.literals[one.from:one.to]
	}
	for i := range one.len() {
		k := one.from + i
		if p.row(text[i])[k/64]>>(k%64)&1 == 0 {
			return false
		}
	}
	return true
}

// find gives where the first place of a part in a text ends, -1 if there is none.
func (p *Pattern) find(one part, text string) (end, steps int) {
	if one.plain {
		at := strings.Index(text, p.literals[one.from:one.to])
		if at < 0 {
			return -1, len(text)
		}
		return at + one.len(), at + one.len()
	}
	var state [MaxBytes / 64]uint64
	begin, last := one.from/64, (one.to-1)/64
	first, whole := uint64(1)<<(one.from%64), uint64(1)<<((one.to-1)%64)
	for i := range len(text) {
		row, carry := p.row(text[i]), first
		for w := begin; w <= last; w++ {
			shifted := state[w]<<1 | carry
			carry = state[w] >> 63
			state[w] = shifted & row[w]
		}
		if steps += last - begin + 1; state[last]&whole != 0 {
			return i + 1, steps
		}
	}
	return -1, steps
}
