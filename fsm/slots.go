package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of the commands here, to the letter those of Redis.
const (
	invalidSlot        = "ERR Invalid slot"
	invalidSlotOrCount = "ERR Invalid slot or number of keys"
)

// slotFunctions are those of the commands on the keys of a slot.
var slotFunctions = []exec.Function{
	{Of: node.ClusterCountKeysInSlot, Read: countKeysInSlot},
	{Of: node.ClusterGetKeysInSlot, Read: getKeysInSlot},
}

// countKeysInSlot is CLUSTER COUNTKEYSINSLOT slot.
func countKeysInSlot(v exec.View, c exec.Call) []byte {
	slot, ok := number.Parse(c.Args[2])
	switch {
	case !ok:
		return c.Error(reply.NotInteger)
	case slot < 0 || slot >= command.Slots:
		return c.Error(invalidSlot)
	}
	return c.Integer(int64(v.Space.SlotSize(uint16(slot))))
}

// getKeysInSlot is CLUSTER GETKEYSINSLOT slot count. The order of keys is that of a walk through the slot: the same on
// every node, and of no other use.
func getKeysInSlot(v exec.View, c exec.Call) []byte {
	slot, isSlot := number.Parse(c.Args[2])
	limit, isCount := number.Parse(c.Args[3])
	switch {
	case !isSlot || !isCount:
		return c.Error(reply.NotInteger)
	case slot < 0 || slot >= command.Slots || limit < 0:
		return c.Error(invalidSlotOrCount)
	}
	count := int(min(limit, int64(v.Space.SlotSize(uint16(slot)))))
	if c.IsTooMany(count, 1, 0) {
		return c.Reply
	}
	var found []string
	v.Space.SlotKeys(uint16(slot), count, func(key string) { found = append(found, key) })
	return c.List(found)
}
