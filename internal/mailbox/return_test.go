package mailbox

import (
	"slices"
	"testing"
)

func TestReturnPutsItemsBackInFront(t *testing.T) {
	m := New[int](10)
	m.Put(1, 1)
	m.Put(2, 1)
	taken := m.Take(nil)
	m.Put(3, 1)
	m.Return(taken[1:])
	if left := m.Close(); !slices.Equal(left, []int{2, 3}) {
		t.Fatalf("left is %v, want [2 3]", left)
	}
}
