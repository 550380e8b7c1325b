//go:build !newer

package raftlog

// Level is the highest feature level that this build understands.
const Level = 1

// laterKinds are kinds of entries of later levels.
var laterKinds []Traits

func tickKind(uint8) EntryKind { return EntryTick }
