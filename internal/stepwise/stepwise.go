// Package stepwise does to long strings of bytes what the runtime does at one stroke, in steps.
//
// Copying and comparing cannot be interrupted. When the collector stops all goroutines for a moment, all wait for the
// one that copies: with half a gigabyte on a busy machine long enough for an election. Between two steps it can be
// stopped.
//
// A loop around copy is no better than one copy. The collector asks by a signal, several times in each step, and the
// signal counts only where it meets the few instructions between two steps: measured, a leader stood still for 1.2 s
// in 512 such steps. A call of an ordinary function asks whether to stop. So each step is one, and is never inlined.
package stepwise

import "bytes"

// StepBytes is how much is done at one stroke: some tens of microseconds.
const StepBytes = 1 << 20

// Append appends src to dst. Short ones cost what append costs.
func Append(dst, src []byte) []byte {
	length := len(dst) + len(src)
	if length <= StepBytes {
		return append(dst, src...)
	}
	dst = Grow(dst, len(src))
	for len(src) > StepBytes {
		dst = appendStep(dst, src[:StepBytes])
		src = src[StepBytes:]
	}
	return append(dst, src...)
}

// Grow makes room behind dst, as slices.Grow does. It clears no memory that is fresh, and others in steps.
func Grow(dst []byte, bytes int) []byte {
	length := len(dst) + bytes
	if cap(dst) >= length {
		return dst
	}
	return Append(make([]byte, 0, max(length, cap(dst)+cap(dst)/4)), dst)
}

//go:noinline
func appendStep(dst, src []byte) []byte { return append(dst, src...) }

// MoveDown moves b[from:] to the beginning of b, and returns how long that is.
func MoveDown(b []byte, from int) (length int) {
	for rest := b[from:]; len(rest) > 0; {
		n := copyStep(b[length:], rest[:min(len(rest), StepBytes)])
		rest, length = rest[n:], length+n
	}
	return length
}

//go:noinline
func copyStep(dst, src []byte) (n int) { return copy(dst, src) }

// Equal reports whether a and b are the same.
func Equal(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for len(a) > StepBytes {
		if !equalStep(a[:StepBytes], b[:StepBytes]) {
			return false
		}
		a, b = a[StepBytes:], b[StepBytes:]
	}
	return bytes.Equal(a, b)
}

//go:noinline
func equalStep(a, b []byte) bool { return bytes.Equal(a, b) }
