package raftlog

import (
	"errors"
	"fmt"
)

// A feature level numbers what a build understands: kinds of entries, commands, the codec of configurations, images,
// messages. A build understands all levels up to its own. A cluster has a level, too: the least of its members'. The
// configuration in force names it, and nodes write nothing above it. docs/decisions/0043 has the rules, and
// internal/levels/testdata lists what each level contains.
//
// Level is that of this build. To add something that older builds do not understand, raise it, give what is new the new
// level, and write it only while the level in force has reached that.

// FirstLevel is the lowest level.
const FirstLevel = 1

// ErrLaterBuild means that something was written by a later build, in a feature level that this one does not know.
var ErrLaterBuild = errors.New("a later build wrote it")

// LevelError is an ErrLaterBuild about something: it names both levels and the way out.
func LevelError(what string, needs, known uint8) error {
	return laterBuild(fmt.Sprintf("%s needs feature level %d, this build knows %d: upgrade this node", what, needs, known))
}

// laterBuild is an ErrLaterBuild in other words.
type laterBuild string

func (e laterBuild) Error() string { return string(e) }

// Is reports whether the target is ErrLaterBuild.
func (e laterBuild) Is(target error) bool { return target == ErrLaterBuild }

// TickKind is the kind of the entries that only move time, in a cluster of a level.
func TickKind(level uint8) EntryKind { return tickKind(level) }
