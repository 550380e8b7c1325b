package command

import "slices"

// NodeAll lists the commands.
func NodeAll() []*Spec {
	return slices.Concat(
		connectionCommands, clientCommands, serverCommands, introspectionCommands, configCommands,
		latencyCommands, slowLogCommands, memoryCommands, debugCommands, clusterCommands, raftCommands,
		transactionCommands, aclCommands,
	)
}
