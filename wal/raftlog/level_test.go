package raftlog

import (
	"errors"
	"strings"
	"testing"
)

// An entry of a kind that came in a later level is no damage: who reads it learns that it needs another build.
func TestAnEntryOfALaterLevelIsRefusedInWords(t *testing.T) {
	for level, later := range map[uint8]bool{Level: false, Level + 1: true} {
		e := Entry{Index: 7, Term: 2, Kind: 99, Level: level}
		e.Seal()
		_, _, err := DecodeEntry(e.AppendHeader(nil))
		if !errors.Is(err, ErrUnknownKind) || errors.Is(err, ErrLaterBuild) != later {
			t.Errorf("level %d: %v", level, err)
		}
		if later != strings.Contains(err.Error(), ": upgrade this node") {
			t.Errorf("level %d: %v", level, err)
		}
	}
	for _, k := range Kinds() {
		if !k.Known() || k.Traits().Level > Level {
			t.Errorf("kind %v of level %d", k, k.Traits().Level)
		}
	}
}
