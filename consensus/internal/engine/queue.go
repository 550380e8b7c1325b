package engine

import "slices"

// enqueue appends an item to a queue whose first items are cut off as they go; the queue is the end of the array. Where
// that is full, the queue moves to its front if more than half of it is free, so that each item is moved once on
// average; else to a new array. So does a queue that has been much longer: what it took would stay.
func enqueue[T any](array *[]T, queue []T, item T) []T {
	if len(queue) < cap(queue) {
		return append(queue, item)
	}
	whole := (*array)[:cap(*array)]
	if n := len(queue); 2*n >= len(whole) || len(whole) > keptItems && n < len(whole)/8 {
		queue = append(queue, item)
		*array = queue[:0]
		return queue
	}
	clear(whole[copy(whole, queue):])
	return append(whole[:len(queue)], item)
}

// keptItems is for how many items the array of a queue stays, however short the queue is.
const keptItems = 4096

// queue holds batches that wait to be sent.
type queue struct {
	batches []*Batch
	bytes   int
}

func (q *queue) add(b *Batch) {
	q.batches = append(q.batches, b)
	q.bytes += b.Size()
}

// removeFirst takes out the first n batches.
func (q *queue) removeFirst(n int) {
	for _, b := range q.batches[:n] {
		q.bytes -= b.Size()
	}
	q.batches = slices.Delete(q.batches, 0, n)
}

// remove takes one batch out.
func (q *queue) remove(b *Batch) {
	q.sweep(func(other *Batch) bool { return other == b })
}

// putBack lets batches wait before all others.
func (q *queue) putBack(batches []*Batch) {
	if len(batches) == 0 {
		return
	}
	for _, b := range batches {
		q.bytes += b.Size()
	}
	q.batches = append(batches, q.batches...)
}

// sweep takes out the batches that over names.
func (q *queue) sweep(over func(*Batch) bool) (out []*Batch) {
	kept := q.batches[:0]
	for _, b := range q.batches {
		if over(b) {
			q.bytes -= b.Size()
			out = append(out, b)
			continue
		}
		kept = append(kept, b)
	}
	clear(q.batches[len(kept):])
	q.batches = kept
	return out
}
