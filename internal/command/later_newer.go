//go:build newer

package command

// laterCommands are those of later feature levels than the ordinary build's: see docs/decisions/0043.
var laterCommands = []*Spec{LevelProbe}

// LevelProbe is known to the build of the tag newer alone: it sets a key to a value of its own.
var LevelProbe = &Spec{
	Name:       "raft.probe",
	Usage:      "<key:key>",
	Arity:      2,
	Class:      Write,
	Flags:      FlagWrite | FlagDenyOOM | FlagFast,
	Categories: CategoryString,
	KeySpecs:   []KeySpec{oneKey(1, replaces)},
	Group:      "raft",
	Since:      ownSince,
	Level:      2,
	Summary:    "Sets a key to a value that only this command writes.",
	Complexity: "O(1)",
}
