package command

import "slices"

// DataAll lists the commands.
func DataAll() []*Spec {
	return slices.Concat(
		stringCommands, conditionCommands, bitmapCommands, hashCommands, setCommands, keyCommands,
		deadlineCommands, objectCommands, lockCommands, topicCommands, onceCommands, streamCommands,
		hyperLogLogCommands, laterCommands, dumpCommands, listCommands, sortingCommands, sortedSetCommands,
		geoCommands,
	)
}
