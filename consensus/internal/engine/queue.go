package engine

import "slices"

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
