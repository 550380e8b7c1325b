package command

import (
	"cmp"
	"iter"
	"slices"
)

// Table is commands, sorted and found by name. Each has its ID from its place, and its subcommands have the next ones.
type Table struct {
	commands []*Spec
	ids      int
	// byName has each command at the place of its hash, or at the next free one. Most places are free, so nearly every
	// search ends at its first place. Every command of every client needs a search, and a map of Go's is several times
	// slower for names as short as these.
	byName [places]*Spec
}

// places is the number of places in byName, minShare how many of them a command has on average, and maxSteps how far
// from its own it is found at most.
const places, minShare, maxSteps = 2048, 4, 4

// NewTable makes a table of commands and works out what follows from their literals. It panics if they are too many for
// lookups to be fast, or if two have one name.
func NewTable(commands []*Spec) *Table {
	t := &Table{commands: commands, ids: 1}
	slices.SortFunc(commands, inOrder)
	if len(commands)*minShare > places {
		panic("command: the table needs more places")
	}
	for _, s := range commands {
		s.complete(t.ids, t, nil)
		t.ids++
		for _, sub := range s.Subcommands {
			sub.complete(t.ids, t, s)
			t.ids++
		}
		t.place(s)
	}
	return t
}

// place gives a command its place.
func (t *Table) place(s *Spec) {
	own := hash([]byte(s.Name))
	for at := own; at <= own+maxSteps; at++ {
		switch there := t.byName[at%places]; {
		case there == nil:
			t.byName[at%places] = s
			return
		case there.Name == s.Name:
			panic("command: two commands have the name " + s.Name)
		}
	}
	panic("command: too many names are hashed to the place of " + s.Name)
}

func inOrder(a, b *Spec) int { return cmp.Compare(a.Name, b.Name) }

// All lists the commands, sorted by name; subcommands are found in their containers.
func (t *Table) All() []*Spec { return slices.Clone(t.commands) }

// Each visits all commands, sorted by name, each with its subcommands behind it.
func (t *Table) Each() iter.Seq[*Spec] {
	return func(yield func(*Spec) bool) {
		for _, s := range t.commands {
			if !yield(s) {
				return
			}
			for _, sub := range s.Subcommands {
				if !yield(sub) {
					return
				}
			}
		}
	}
}

// IDs is the number of IDs, 0 included: the length of an array with a place for each command.
func (t *Table) IDs() int { return t.ids }
