package rope

import "fmt"

// Check returns what does not hold of the rope: what nodes and blocks say of what is in them, the balance of the tree,
// and memory that is not used. It goes through all elements: it is for tests.
func (r *Rope) Check(w *Edit) error {
	if r.front == nil || r.middle != nil && r.back == nil {
		return fmt.Errorf("the ends are not where they should be")
	}
	err := r.front.check(w)
	if err == nil {
		err = r.middle.check(w)
	}
	if err == nil && r.back != nil {
		err = r.back.check(w)
	}
	return err
}

func (t *tree) check(w *Edit) error {
	if t == nil {
		return nil
	}
	for _, below := range []*tree{t.left, t.right} {
		if err := below.check(w); err != nil {
			return err
		}
	}
	if again := *t; *w.tie(again.left, &again, again.right) != *t {
		return fmt.Errorf("a node says that it is %+v, and is %+v", *t, again)
	}
	if left, right := t.left.weight(), t.right.weight(); !balanced(left, right) {
		return fmt.Errorf("a node has %d blocks to the left and %d to the right", left-1, right-1)
	}
	return t.block.check(w)
}

func (b *block) check(w *Edit) error {
	switch {
	case b.generation > w.Generation || b.count < 1:
		return fmt.Errorf("a block of generation %d has %d elements", b.generation, b.count)
	case b.begin == alone:
		if b.count != 1 || len(b.entries) <= MaxPackedBytes || b.sum != hashElement(w.state, b.entries) {
			return fmt.Errorf("a block has one element of %d bytes", len(b.entries))
		}
	case w.hashOf(b.entries, int(b.begin), len(b.entries)) != b.hash():
		return fmt.Errorf("a block of %d elements has another hash than %v", b.count, b.hash())
	case cap(b.entries) > BlockBytes:
		return fmt.Errorf("a block has %d bytes of memory", cap(b.entries))
	case b.size() < cap(b.entries)/4-maxPackedEntry:
		return fmt.Errorf("a block uses %d of %d bytes of memory", b.size(), cap(b.entries))
	}
	return nil
}
