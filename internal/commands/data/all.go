// Package data has the commands on what is stored: strings and the other types, keys, deadlines, topics, locks and
// sessions. A family of commands has a file, with the estimates of their work.
package data

import (
	"slices"

	"github.com/raftredis/raftredis/internal/command"
)

// All lists the commands.
func All() []*command.Spec {
	return slices.Concat(
		stringCommands, conditionCommands, bitmapCommands, hashCommands, setCommands, keyCommands, databaseCommands,
		deadlineCommands, objectCommands, lockCommands, topicCommands, onceCommands, streamCommands,
		hyperLogLogCommands, laterCommands, dumpCommands, listCommands, sortingCommands, sortedSetCommands,
		geoCommands, messageCommands,
	)
}
