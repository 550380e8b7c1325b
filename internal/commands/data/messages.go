package data

import "github.com/raftredis/raftredis/internal/command"

var messageCommands = []*command.Spec{Publish, SPublish}

// The commands that send messages. They change no state: they go through the log so that all nodes hand a message to
// their clients at the same place between the same writes.
var (
	Publish = &command.Spec{
		Name:       "publish",
		Usage:      "<channel> <message>",
		Arity:      3,
		Class:      command.Write,
		Flags:      messageFlags,
		Group:      "pubsub",
		Since:      "2.0.0",
		Summary:    "Sends a message to the clients of all nodes that listen to a channel. Counts those of this node.",
		Complexity: "O(N+M) in the numbers of a node's clients that listen to the channel, and of its patterns.",
		Cost:       costOfMessage(false),
	}
	SPublish = &command.Spec{
		Name:       "spublish",
		Usage:      "<shardchannel> <message>",
		Arity:      3,
		Class:      command.Write,
		Flags:      messageFlags,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.IsChannel)},
		Group:      "pubsub",
		Since:      "7.0.0",
		Summary:    "Sends a message to the clients of all nodes that listen to a shard channel. Counts those of this node.",
		Complexity: "O(N) in the number of a node's clients that listen to the shard channel.",
		Cost:       costOfMessage(true),
	}
)

const messageFlags = command.FlagPubSub | command.FlagLoading | command.FlagStale | command.FlagFast |
	command.FlagMayReplicate

// costOfMessage counts those that hear a message. Other nodes may have more of them, or fewer: they count their own
// where their own clients send.
func costOfMessage(sharded bool) command.Cost {
	return func(_ *command.Spec, args [][]byte, stored command.Stored) (cost command.Estimate) {
		if audience, tells := stored.(command.Audience); tells {
			cost.Work = audience.Hearing(args[1], args[2], sharded)
		}
		return cost
	}
}
