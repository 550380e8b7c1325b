package value

import (
	"bytes"
	"testing"
)

// imageOf is the image of a value, in its parts.
func imageOf(t testing.TB, v Value) [][]byte {
	t.Helper()
	return collectParts(t, v.EachPart)
}

// collectParts collects parts, each of which is as long as a part may be.
func collectParts(t testing.TB, eachPart func(buf []byte, emit func(part []byte) error) error) (parts [][]byte) {
	t.Helper()
	err := eachPart(make([]byte, 0, MaxPartBytes), func(part []byte) error {
		if len(part) == 0 || len(part) > MaxPartBytes {
			t.Fatalf("a part of %d bytes", len(part))
		}
		parts = append(parts, bytes.Clone(part))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}
