package command

import (
	"cmp"
	"iter"
	"slices"
)

// table has all commands, sorted by name. Each has its ID from its place, and its subcommands have the next ones.
var table, ids = numbered(slices.Concat(
	stringCommands, conditionCommands, bitmapCommands, hashCommands, setCommands, keyCommands, deadlineCommands,
	objectCommands, connectionCommands,
	clientCommands, serverCommands, introspectionCommands, configCommands, latencyCommands, slowLogCommands,
	memoryCommands, debugCommands, clusterCommands, raftCommands, lockCommands, topicCommands, onceCommands,
	streamCommands, transactionCommands, aclCommands, hyperLogLogCommands, laterCommands, dumpCommands, listCommands,
	sortingCommands, sortedSetCommands, geoCommands,
))

func numbered(all []*Spec) (sorted []*Spec, ids int) {
	slices.SortFunc(all, inOrder)
	ids = 1
	for _, s := range all {
		s.complete(ids, nil)
		ids++
		for _, sub := range s.Subcommands {
			sub.complete(ids, s)
			ids++
		}
	}
	return all, ids
}

func inOrder(a, b *Spec) int { return cmp.Compare(a.Name, b.Name) }

// All lists the commands, sorted by name; subcommands are found in their containers.
func All() []*Spec { return slices.Clone(table) }

// Each visits all commands, sorted by name, each with its subcommands behind it.
func Each() iter.Seq[*Spec] {
	return func(yield func(*Spec) bool) {
		for _, s := range table {
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
func IDs() int { return ids }
