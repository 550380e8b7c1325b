//go:build newer

package data

import "github.com/raftredis/raftredis/internal/command"

// laterCommands are those of later feature levels than the ordinary build's: see docs/decisions/0043.
var laterCommands = []*command.Spec{LevelProbe}

// LevelProbe is known to the build of the tag newer alone: it sets a key to a value of its own.
var LevelProbe = &command.Spec{
	Name:       "raft.probe",
	Usage:      "<key:key>",
	Arity:      2,
	Class:      command.Write,
	Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
	Categories: command.CategoryString,
	KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces)},
	Group:      "raft",
	Since:      command.OwnSince,
	Level:      2,
	Summary:    "Sets a key to a value that only this command writes.",
	Complexity: "O(1)",
}
