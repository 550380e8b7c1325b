// Package node has the commands on a connection, on a node and on the cluster.
package node

import (
	"slices"

	"github.com/raftredis/raftredis/internal/command"
)

// All lists the commands.
func All() []*command.Spec {
	return slices.Concat(
		connectionCommands, clientCommands, serverCommands, introspectionCommands, configCommands,
		latencyCommands, slowLogCommands, memoryCommands, debugCommands, clusterCommands, raftCommands,
		transactionCommands, aclCommands, pubSubCommands,
	)
}
