package raftlog

import (
	"errors"
	"fmt"
)

// Group numbers the consensus groups that may one day share a process, its links and its journal. Every format that
// belongs to one group names it; today there is Group0 alone. It fits 16 bits: a group serves at least one slot.
type Group uint16

// Group0 is the only group.
const Group0 Group = 0

// ErrGroup means that bytes belong to a group that this build does not serve.
var ErrGroup = errors.New("unknown group")

// Check refuses every group but Group0, by name.
func (g Group) Check() error {
	if g != Group0 {
		return fmt.Errorf("%w: group %d; this build knows group %d only", ErrGroup, g, Group0)
	}
	return nil
}
