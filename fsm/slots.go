package fsm

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of the commands here, to the letter those of Redis.
const (
	invalidSlot        = "ERR Invalid slot"
	invalidSlotOrCount = "ERR Invalid slot or number of keys"
)

// slotFunctions are those of the commands on the keys of a slot.
var slotFunctions = []function{
	{of: command.ClusterCountKeysInSlot, read: countKeysInSlot},
	{of: command.ClusterGetKeysInSlot, read: getKeysInSlot},
}

// countKeysInSlot is CLUSTER COUNTKEYSINSLOT slot.
func countKeysInSlot(v view, c call) []byte {
	slot, ok := number.Parse(c.args[2])
	switch {
	case !ok:
		return c.error(reply.NotInteger)
	case slot < 0 || slot >= command.Slots:
		return c.error(invalidSlot)
	}
	return c.integer(int64(v.space.SlotSize(uint16(slot))))
}

// getKeysInSlot is CLUSTER GETKEYSINSLOT slot count. The order of keys is that of a walk through the slot: the same on
// every node, and of no other use.
func getKeysInSlot(v view, c call) []byte {
	slot, isSlot := number.Parse(c.args[2])
	limit, isCount := number.Parse(c.args[3])
	switch {
	case !isSlot || !isCount:
		return c.error(reply.NotInteger)
	case slot < 0 || slot >= command.Slots || limit < 0:
		return c.error(invalidSlotOrCount)
	}
	count := int(min(limit, int64(v.space.SlotSize(uint16(slot)))))
	var found []string
	v.space.SlotKeys(uint16(slot), count, func(key string) { found = append(found, key) })
	return c.list(found)
}
