package sessions

// deadlines is a heap of all sessions: the one that ends first is at its root, and of two that end at once the older
// one. It is exact at any time, so which sessions Expire removes depends on the sessions alone, and not on how the heap
// came about. It implements heap.Interface.
type deadlines []*session

// Len implements sort.Interface.
func (d deadlines) Len() int { return len(d) }

// Less implements sort.Interface.
func (d deadlines) Less(i, j int) bool {
	if d[i].deadline != d[j].deadline {
		return d[i].deadline < d[j].deadline
	}
	return d[i].id < d[j].id
}

// Swap implements sort.Interface.
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = int32(i), int32(j)
}

// Push implements heap.Interface.
func (d *deadlines) Push(s any) {
	s.(*session).place = int32(len(*d))
	*d = append(*d, s.(*session))
}

// Pop implements heap.Interface.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	s := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return s
}
