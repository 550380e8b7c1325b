package command

import (
	"iter"
	"slices"
)

// table has all commands.
var table = NewTable(slices.Concat(DataAll(), NodeAll()))

// Find resolves the arguments of a client: see command.Table.Find.
func Find(args [][]byte) (*Spec, Fault) { return table.Find(args) }

// Lookup finds a command by its name in any mixture of case.
func Lookup(name []byte) (*Spec, bool) { return table.Lookup(name) }

// All lists the commands, sorted by name; subcommands are found in their containers.
func All() []*Spec { return table.All() }

// Each visits all commands, sorted by name, each with its subcommands behind it.
func Each() iter.Seq[*Spec] { return table.Each() }

// IDs is the number of IDs, 0 included: the length of an array with a place for each command.
func IDs() int { return table.IDs() }
