package node

import "github.com/raftredis/raftredis/internal/command"

var aclCommands = []*command.Spec{ACL}

// ACL and its subcommands: those that tell of the one user there is.
var (
	ACL = &command.Spec{
		Name:       "acl",
		Arity:      -2,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Holds the commands about users.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"ACL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{
			ACLCat, ACLGenPass, ACLGetUser, ACLList, ACLUsers, ACLWhoAmI, ACLHelp,
		},
	}
	ACLCat = &command.Spec{
		Name:       "acl|cat",
		Usage:      "[<category>]",
		Arity:      -2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Lists the access categories, or the commands of one.",
		Complexity: "O(N) in the number of commands.",
		Help: []string{
			"CAT [<category>]",
			"    List the access categories, or the commands of one.",
		},
	}
	ACLGenPass = &command.Spec{
		Name:       "acl|genpass",
		Usage:      "[<bits:integer>]",
		Arity:      -2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Draws a password that is hard to guess.",
		Complexity: "O(1)",
		Help: []string{
			"GENPASS [<bits>]",
			"    Draw a password of 256 bits, or of so many.",
		},
	}
	ACLGetUser = &command.Spec{
		Name:       "acl|getuser",
		Usage:      "<username>",
		Arity:      3,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Tells what a user may do.",
		Complexity: "O(1)",
		Help: []string{
			"GETUSER <username>",
			"    Show what a user may do. There is one: default.",
		},
	}
	ACLHelp = &command.Spec{
		Name:       "acl|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Lists the subcommands of ACL.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Show this list.",
		},
	}
	ACLList = &command.Spec{
		Name:       "acl|list",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Describes all users, by the rules that make them.",
		Complexity: "O(1)",
		Help: []string{
			"LIST",
			"    Describe all users, by the rules that make them.",
		},
	}
	ACLUsers = &command.Spec{
		Name:       "acl|users",
		Arity:      2,
		Flags:      command.FlagAdmin | command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Lists the names of all users.",
		Complexity: "O(1)",
		Help: []string{
			"USERS",
			"    List the names of all users.",
		},
	}
	ACLWhoAmI = &command.Spec{
		Name:       "acl|whoami",
		Arity:      2,
		Flags:      command.FlagNoScript | command.FlagLoading | command.FlagStale,
		Group:      "server",
		Since:      "6.0.0",
		Summary:    "Names the user of the connection.",
		Complexity: "O(1)",
		Help: []string{
			"WHOAMI",
			"    Show the user of this connection.",
		},
	}
)
