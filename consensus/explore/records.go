package explore

import "slices"

// records say how each state was reached first: from which state, by which action. The first one is the start. They
// stand in the order in which the search came to them, so those of one depth stand together, and in the order of the
// states that they came from. Eight bytes a state are all that there is of it, besides its fingerprint: a state is made
// again by its actions, from the start.
//
// Other goroutines may read records that are there while one is added.
type records struct {
	pages []*[pageRecords]record
	count int
}

// record is the number of the state before, and the action.
type record uint64

func newRecord(from int, a action) record { return record(from)<<actionBits | record(a) }

func (r record) from() int      { return int(r >> actionBits) }
func (r record) action() action { return action(r & (1<<actionBits - 1)) }

// statesMax is how many states a record can point to.
const statesMax = 1 << (64 - actionBits)

const pageRecords = 1 << 20

// newRecords makes room for a number of states. Memory is taken as it is needed.
func newRecords(states int) *records {
	return &records{pages: make([]*[pageRecords]record, states/pageRecords+1)}
}

func (r *records) at(i int) record { return r.pages[i/pageRecords][i%pageRecords] }

func (r *records) add(next record) {
	page, place := r.count/pageRecords, r.count%pageRecords
	if place == 0 {
		r.pages[page] = new([pageRecords]record)
	}
	r.pages[page][place] = next
	r.count++
}

// path lists the actions that lead to a state.
func (r *records) path(i int) (path []action) {
	for ; i > 0; i = r.at(i).from() {
		path = append(path, r.at(i).action())
	}
	slices.Reverse(path)
	return path
}
