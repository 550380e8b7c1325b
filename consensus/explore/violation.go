package explore

import "strings"

// Violation is a broken rule, and how to get there.
type Violation struct {
	// Rules are those that were broken.
	Rules []string
	// Steps is how many actions lead there.
	Steps int
	// Transcript tells what happens, a line each, in the words of the core's transcripts.
	Transcript []string
}

// String is all of it.
func (v *Violation) String() string {
	return strings.Join(v.Transcript, "\n") + "\n" + strings.Join(v.Rules, "\n")
}

// tell plays what leads to a violation again.
func (s *search) tell(f *failure) *Violation {
	m := newMachine(s.bounds, &s.options)
	v := &Violation{Rules: f.violations, Steps: s.depthOf(f.from) + 1}
	w := m.start()
	m.trace = func(line string) { v.Transcript = append(v.Transcript, line) }
	for _, n := range w.nodes {
		m.tracef("%v", n.core.Status())
	}
	for _, a := range append(s.records.path(f.from), f.action) {
		if next := m.try(w, a); next != nil {
			w = next
		}
	}
	return v
}
