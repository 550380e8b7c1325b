// Package glob matches texts against the patterns of Redis: * for any bytes, ? for one, [a-c] and [^a] for sets, \x for
// x itself. What else looks like a pattern matches itself, so that there is no pattern that is an error.
//
// Invariants:
//
//  1. Texts and patterns are bytes: nothing is decoded.
//  2. A compiled Pattern looks at each byte of a text once, whatever the pattern is: see MaxBytes. Where a text is
//     compared with many patterns, the work is at most the product of the lengths (Match), or bounded (Within), and
//     nothing is allocated.
//
// The package imports nothing of the project. Rejected: path.Match, whose patterns are others.
package glob

import "math"

// Match matches a text against a pattern. An empty text matches the empty pattern and the plain star, and as in Redis
// no other pattern, such as two stars.
//
// Only the last star is ever tried again, so the work is at most the product of the lengths; the recursion that is
// usual here takes exponential time for patterns with many stars.
func Match[T string | []byte](pattern []byte, text T) bool {
	return Within(pattern, text, math.MaxInt)
}

// Within is Match in at most so many steps: what is not known to match then does not match. A step is the look at one
// byte of the pattern for one of the text, and each two are looked at together at most once. So where the product of
// the lengths is at most the number of steps, the answer is that of Match. A set in brackets is looked at as a whole:
// the last one may go beyond the steps by its length.
func Within[T string | []byte](pattern []byte, text T, steps int) bool {
	if len(text) == 0 {
		return len(pattern) == 0 || string(pattern) == "*"
	}
	p, t := 0, 0
	starP, starT := -1, 0
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			starP, starT = p, t
			p++
			if p == len(pattern) {
				return true
			}
			continue
		}
		if p < len(pattern) {
			matched, width := matchOne(pattern[p:], text[t])
			if steps -= width; steps < 0 {
				return false
			}
			if matched {
				p, t = p+width, t+1
				continue
			}
		}
		if starP < 0 {
			return false
		}
		starT++
		p, t = starP+1, starT
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// Spread is about how many steps it may take to match a pattern: at most its length, and the spread for each byte of
// the text. It is the length of the longest part behind a star up to the next one, since such a part is tried from each
// byte of the text at most once, and each part once more.
func Spread(pattern []byte) (longest int) {
	part, starred := 0, false
	for p := 0; p < len(pattern); {
		if pattern[p] == '*' {
			part, starred = 0, true
			p++
			continue
		}
		_, width := matchOne(pattern[p:], 0)
		p, part = p+width, part+width
		if starred {
			longest = max(longest, part)
		}
	}
	return longest
}

// matchOne matches one byte against the first element of a pattern, which is no star, and returns the element's width.
func matchOne(pattern []byte, b byte) (matched bool, width int) {
	switch {
	case pattern[0] == '?':
		return true, 1
	case pattern[0] == '[':
		return matchSet(pattern, b)
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1] == b, 2
	}
	return pattern[0] == b, 1
}

// matchSet matches one byte against a set in brackets. One that is not closed ends with the pattern, as in Redis.
func matchSet(pattern []byte, b byte) (matched bool, width int) {
	i, negated := beginSet(pattern)
	for i < len(pattern) && pattern[i] != ']' {
		var low, high byte
		low, high, i = rangeAt(pattern, i)
		matched = matched || (low <= b && b <= high)
	}
	return matched != negated, min(i+1, len(pattern))
}

// beginSet is where in a set in brackets the first range stands, and whether the set is what is not in them.
func beginSet(pattern []byte) (first int, negated bool) {
	if len(pattern) > 1 && pattern[1] == '^' {
		return 2, true
	}
	return 1, false
}

// rangeAt is what stands at a place in a set, a range or a byte, and where the next one does.
func rangeAt(pattern []byte, i int) (low, high byte, next int) {
	low = pattern[i]
	switch {
	case low == '\\' && i+1 < len(pattern):
		return pattern[i+1], pattern[i+1], i + 2
	case i+2 < len(pattern) && pattern[i+1] == '-':
		high = pattern[i+2]
		return min(low, high), max(low, high), i + 3
	}
	return low, low, i + 1
}
