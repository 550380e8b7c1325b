//go:build newer

package raftlog

// Level is that of the build that comes after the ordinary one. Only tests make it: see docs/decisions/0043.
const Level = 2

// entryProbe moves time as EntryTick does.
const entryProbe EntryKind = 8

var laterKinds = []Traits{
	{Name: "probe", Title: "tick of a later level", Proposable: true, Compares: true, Level: Level},
}

func tickKind(level uint8) EntryKind {
	if level < Level {
		return EntryTick
	}
	return entryProbe
}
