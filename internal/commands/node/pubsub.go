package node

import "github.com/raftredis/raftredis/internal/command"

var pubSubCommands = []*command.Spec{
	PSubscribe, PubSub, PUnsubscribe, SSubscribe, Subscribe, SUnsubscribe, Unsubscribe,
}

const listenFlags = command.FlagPubSub | command.FlagNoScript | command.FlagLoading | command.FlagStale

// The commands by which a client listens to channels.
var (
	PSubscribe = &command.Spec{
		Name:       "psubscribe",
		Usage:      "<pattern:pattern>...",
		Arity:      -2,
		Flags:      listenFlags,
		Group:      "pubsub",
		Since:      "2.0.0",
		Summary:    "Has the client hear messages on all channels whose names match patterns.",
		Complexity: "O(N) in the number of patterns, and a read that is confirmed.",
	}
	PUnsubscribe = &command.Spec{
		Name:       "punsubscribe",
		Usage:      "[<pattern:pattern>...]",
		Arity:      -1,
		Flags:      listenFlags,
		Group:      "pubsub",
		Since:      "2.0.0",
		Summary:    "Ends what PSUBSCRIBE began, for some patterns or for all.",
		Complexity: "O(N+M) in the numbers of patterns given, and of patterns of the node.",
	}
	SSubscribe = &command.Spec{
		Name:       "ssubscribe",
		Usage:      "<shardchannel>...",
		Arity:      -2,
		Flags:      listenFlags,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, command.IsChannel)},
		Group:      "pubsub",
		Since:      "7.0.0",
		Summary:    "Has the client hear messages on shard channels.",
		Complexity: "O(N) in the number of channels, and a read that is confirmed.",
	}
	Subscribe = &command.Spec{
		Name:       "subscribe",
		Usage:      "<channel>...",
		Arity:      -2,
		Flags:      listenFlags,
		Group:      "pubsub",
		Since:      "2.0.0",
		Summary:    "Has the client hear messages on channels.",
		Complexity: "O(N) in the number of channels, and a read that is confirmed.",
	}
	SUnsubscribe = &command.Spec{
		Name:       "sunsubscribe",
		Usage:      "[<shardchannel>...]",
		Arity:      -1,
		Flags:      listenFlags,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, command.IsChannel)},
		Group:      "pubsub",
		Since:      "7.0.0",
		Summary:    "Ends what SSUBSCRIBE began, for some channels or for all.",
		Complexity: "O(N) in the number of channels.",
	}
	Unsubscribe = &command.Spec{
		Name:       "unsubscribe",
		Usage:      "[<channel>...]",
		Arity:      -1,
		Flags:      listenFlags,
		Group:      "pubsub",
		Since:      "2.0.0",
		Summary:    "Ends what SUBSCRIBE began, for some channels or for all.",
		Complexity: "O(N) in the number of channels.",
	}
)

const pubSubFlags = command.FlagPubSub | command.FlagLoading | command.FlagStale

// PUBSUB and its subcommands.
var (
	PubSub = &command.Spec{
		Name:       "pubsub",
		Arity:      -2,
		Group:      "pubsub",
		Since:      "2.8.0",
		Summary:    "Holds the commands that tell who listens on this node.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{
			PubSubChannels, PubSubNumPat, PubSubNumSub, PubSubShardChannels, PubSubShardNumSub, PubSubHelp,
		},
	}
	PubSubChannels = &command.Spec{
		Name:       "pubsub|channels",
		Usage:      "[<pattern:pattern>]",
		Arity:      -2,
		Globs:      2,
		Flags:      pubSubFlags,
		Group:      "pubsub",
		Since:      "2.8.0",
		Summary:    "Lists the channels to which clients of this node listen.",
		Complexity: "O(N) in the number of channels.",
		Help: []string{
			"CHANNELS [<pattern>]",
			"    List the channels to which clients of this node listen, those that match a pattern.",
		},
	}
	PubSubHelp = &command.Spec{
		Name:       "pubsub|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "pubsub",
		Since:      "6.2.0",
		Summary:    "Lists the subcommands of PUBSUB.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	PubSubNumPat = &command.Spec{
		Name:       "pubsub|numpat",
		Arity:      2,
		Flags:      pubSubFlags,
		Group:      "pubsub",
		Since:      "2.8.0",
		Summary:    "Counts the patterns to which clients of this node listen, each once.",
		Complexity: "O(1)",
		Help: []string{
			"NUMPAT",
			"    Count the patterns to which clients of this node listen, each once.",
		},
	}
	PubSubNumSub = &command.Spec{
		Name:       "pubsub|numsub",
		Usage:      "[<channel>...]",
		Arity:      -2,
		Flags:      pubSubFlags,
		Group:      "pubsub",
		Since:      "2.8.0",
		Summary:    "Counts the clients of this node that listen to channels, patterns aside.",
		Complexity: "O(N) in the number of channels given.",
		Help: []string{
			"NUMSUB [<channel> ...]",
			"    Count the clients of this node that listen to these channels, patterns aside.",
		},
	}
	PubSubShardChannels = &command.Spec{
		Name:       "pubsub|shardchannels",
		Usage:      "[<pattern:pattern>]",
		Arity:      -2,
		Globs:      2,
		Flags:      pubSubFlags,
		Group:      "pubsub",
		Since:      "7.0.0",
		Summary:    "Lists the shard channels to which clients of this node listen.",
		Complexity: "O(N) in the number of shard channels.",
		Help: []string{
			"SHARDCHANNELS [<pattern>]",
			"    List the shard channels to which clients of this node listen, those that match a pattern.",
		},
	}
	PubSubShardNumSub = &command.Spec{
		Name:       "pubsub|shardnumsub",
		Usage:      "[<shardchannel>...]",
		Arity:      -2,
		Flags:      pubSubFlags,
		Group:      "pubsub",
		Since:      "7.0.0",
		Summary:    "Counts the clients of this node that listen to shard channels.",
		Complexity: "O(N) in the number of channels given.",
		Help: []string{
			"SHARDNUMSUB [<shardchannel> ...]",
			"    Count the clients of this node that listen to these shard channels.",
		},
	}
)
