package node

import "github.com/raftredis/raftredis/internal/command"

var serverCommands = []*command.Spec{
	BGRewriteAOF, BGSave, Failover, Info, LastSave, LolWut, Module, Monitor, PSync, ReplicaOf, Role, Save, Shutdown,
	SlaveOf, Sync, Time, Wait, WaitAOF,
}

// The commands on the node.
var (
	BGRewriteAOF = &command.Spec{
		Name:       "bgrewriteaof",
		Arity:      1,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagNoAsyncLoading,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Asks for a snapshot, so that the log before it can go, and does not wait for it.",
		Complexity: "O(1)",
	}
	BGSave = &command.Spec{
		Name:       "bgsave",
		Usage:      "[SCHEDULE]",
		Arity:      -1,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagNoAsyncLoading,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Asks for a snapshot and does not wait for it.",
		Complexity: "O(1)",
	}
	Failover = &command.Spec{
		Name:       "failover",
		Usage:      "[TO target={<host> <port:integer> [FORCE]}] [ABORT] [TIMEOUT <milliseconds:integer>]",
		Arity:      -1,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagStale,
		Group:      "server",
		Since:      "6.2.0",
		Summary:    "Has the node that leads hand leadership over to another.",
		Complexity: "O(1)",
	}
	Info = &command.Spec{
		Name:       "info",
		Usage:      "[<section>...]",
		Arity:      -1,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryDangerous,
		Tips:       []string{command.TipVaries, command.TipEveryNode, command.TipOwnWay},
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Reports the state of the node, in sections of text.",
		Complexity: "O(1)",
	}
	LastSave = &command.Spec{
		Name:       "lastsave",
		Arity:      1,
		Flags:      command.FlagFast | command.FlagLoading | command.FlagStale,
		Categories: command.CategoryAdmin | command.CategoryDangerous,
		Tips:       []string{command.TipVaries},
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Answers with the time of the last snapshot.",
		Complexity: "O(1)",
	}
	LolWut = &command.Spec{
		Name:       "lolwut",
		Usage:      "[VERSION <version:integer>]",
		Arity:      -1,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Group:      "server",
		Since:      "5.0.0",
		Summary:    "Says which version of Redis is spoken.",
		Complexity: "O(1)",
	}
	Module = &command.Spec{
		Name:        "module",
		Arity:       -2,
		Group:       "server",
		Since:       "4.0.0",
		Summary:     "Holds the commands about modules.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"MODULE <subcommand>. Subcommands are:"},
		Subcommands: []*command.Spec{ModuleList, ModuleHelp},
	}
	ModuleHelp = &command.Spec{
		Name:       "module|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of MODULE.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	ModuleList = &command.Spec{
		Name:       "module|list",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript,
		Tips:       []string{command.TipVariesInOrder},
		Group:      "server",
		Since:      "4.0.0",
		Summary:    "Lists the modules; there are none.",
		Complexity: "O(1)",
		Help: []string{
			"LIST",
			"    List the modules: there are none.",
		},
	}
	Monitor = &command.Spec{
		Name:       "monitor",
		Arity:      1,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Shows the client every command of the node's other clients.",
		Complexity: "O(1)",
	}
	PSync = &command.Spec{
		Name:       "psync",
		Usage:      "<replicationid> <offset:integer>",
		Arity:      -3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagNoAsyncLoading | command.FlagNoMulti,
		Group:      "server",
		Since:      "2.8.0",
		Summary:    "Is refused: what the node has goes to the members of its cluster only.",
		Complexity: "O(1)",
	}
	ReplicaOf = &command.Spec{
		Name:       "replicaof",
		Usage:      "args=(host-port={<host> <port:integer>} | no-one={NO ONE})",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "server",
		Since:      "5.0.0",
		Summary:    "Is refused: a node becomes a member by CLUSTER ADDNODE, and leads by CLUSTER FAILOVER.",
		Complexity: "O(1)",
	}
	Role = &command.Spec{
		Name:       "role",
		Arity:      1,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale | command.FlagFast,
		Categories: command.CategoryAdmin | command.CategoryDangerous,
		Group:      "server",
		Since:      "2.8.12",
		Summary:    "Says whether the node is a master or a replica, as the cluster's view has it.",
		Complexity: "O(1)",
	}
	Save = &command.Spec{
		Name:       "save",
		Arity:      1,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagNoAsyncLoading | command.FlagNoMulti,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Has a snapshot written and waits until it is.",
		Complexity: "O(N) in the bytes of all keys.",
	}
	Shutdown = &command.Spec{
		Name:  "shutdown",
		Usage: "[save-selector=(NOSAVE | SAVE)] [NOW] [FORCE] [ABORT]",
		Arity: -1,
		Flags: command.FlagAdmin | command.FlagNoScript | command.FlagLoading |
			command.FlagStale | command.FlagNoMulti | command.FlagAllowBusy,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Hands leadership over and ends the node.",
		Complexity: "O(1), or with SAVE O(N) in the bytes of all keys.",
	}
	SlaveOf = &command.Spec{
		Name:       "slaveof",
		Usage:      "args=(host-port={<host> <port:integer>} | no-one={NO ONE})",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagStale | command.FlagNoAsyncLoading,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Is the older name of REPLICAOF.",
		Complexity: "O(1)",
	}
	Sync = &command.Spec{
		Name:       "sync",
		Arity:      1,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagNoAsyncLoading | command.FlagNoMulti,
		Group:      "server",
		Since:      "1.0.0",
		Summary:    "Is refused: what the node has goes to the members of its cluster only.",
		Complexity: "O(1)",
	}
	Time = &command.Spec{
		Name:       "time",
		Arity:      1,
		Flags:      command.FlagFast | command.FlagLoading | command.FlagStale,
		Tips:       []string{command.TipVaries},
		Group:      "server",
		Since:      "2.6.0",
		Summary:    "Answers with the clock of the node.",
		Complexity: "O(1)",
	}
	Wait = &command.Spec{
		Name:       "wait",
		Usage:      "<numreplicas:integer> <timeout:integer>",
		Arity:      3,
		Categories: command.CategoryConnection,
		Group:      "generic",
		Since:      "3.0.0",
		Summary:    "Waits until the writes so far are on the disks of so many other nodes.",
		Complexity: "O(1)",
	}
	WaitAOF = &command.Spec{
		Name:       "waitaof",
		Usage:      "<numlocal:integer> <numreplicas:integer> <timeout:integer>",
		Arity:      4,
		Flags:      command.FlagNoScript,
		Categories: command.CategoryConnection,
		Group:      "generic",
		Since:      "7.2.0",
		Summary:    "As WAIT, and may ask for the disk of this node too.",
		Complexity: "O(1)",
	}
)
