package engine

import (
	"math/bits"
	"testing"
)

// A queue keeps its order in one array as long as that is large enough, and forgets what has gone.
func TestAQueueStaysInItsArray(t *testing.T) {
	for _, length := range []int{0, 1, 2, 7, 8, 9, 1000} {
		var array, queue []*int
		next, arrays := 0, 0
		for added := range 20*length + 100 {
			before := cap(array)
			if queue = enqueue(&array, queue, &added); cap(array) != before {
				arrays++
			}
			if len(queue) > length {
				if *queue[0] != next {
					t.Fatalf("length %d: item %d comes behind %d", length, *queue[0], next-1)
				}
				queue[0], queue = nil, queue[1:]
				next++
			}
			held := 0
			for _, item := range array[:cap(array)] {
				if item != nil {
					held++
				}
			}
			if held != len(queue) {
				t.Fatalf("length %d: %d items are held, %d wait", length, held, len(queue))
			}
		}
		if limit := 3 + bits.Len(uint(length)); arrays > limit {
			t.Errorf("length %d: %d arrays, not %d", length, arrays, limit)
		}
	}
}

// A queue that was long once does not keep its array for ever.
func TestALongQueueGivesItsArrayBack(t *testing.T) {
	for _, c := range []struct {
		room int
		kept bool
	}{{keptItems - 1, true}, {keptItems, true}, {keptItems + 1, false}} {
		array := make([]int, 0, c.room)
		queue := append(array, make([]int, c.room)...)[c.room-1:]
		if queue = enqueue(&array, queue, 7); (cap(array) == c.room) != c.kept || len(queue) != 2 || queue[1] != 7 {
			t.Errorf("room for %d: then for %d, and there are %d items", c.room, cap(array), len(queue))
		}
	}
	array := make([]int, 0, 2*keptItems)
	queue := append(array, make([]int, 2*keptItems)...)[2*keptItems-2*keptItems/8:]
	if enqueue(&array, queue, 7); cap(array) != 2*keptItems {
		t.Error("a queue that is still long has lost its array")
	}
}
