package commands

import (
	"iter"
	"slices"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

// table has all commands.
var table = command.NewTable(slices.Concat(data.All(), node.All()))

// Find resolves the arguments of a client: see command.Table.Find.
func Find(args [][]byte) (*command.Spec, command.Fault) { return table.Find(args) }

// Lookup finds a command by its name in any mixture of case.
func Lookup(name []byte) (*command.Spec, bool) { return table.Lookup(name) }

// All lists the commands, sorted by name; subcommands are found in their containers.
func All() []*command.Spec { return table.All() }

// Each visits all commands, sorted by name, each with its subcommands behind it.
func Each() iter.Seq[*command.Spec] { return table.Each() }

// IDs is the number of IDs, 0 included: the length of an array with a place for each command.
func IDs() int { return table.IDs() }
