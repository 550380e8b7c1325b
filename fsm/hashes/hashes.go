// Package hashes has the commands on hashes: values that are fields with strings.
//
// The order in which commands show fields is a part of the contents: small hashes have that in which the fields came,
// large ones that of value.Position. It decides also what HRANDFIELD draws of the same chance. So both are the same on
// all nodes, also on one that restored an image.
package hashes

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// Functions are those of the commands.
var Functions = []exec.Function{
	{Of: data.HDel, Write: del},
	{Of: data.HExists, Read: exists},
	{Of: data.HGet, Read: get},
	{Of: data.HGetAll, Read: getAll},
	{Of: data.HIncrBy, Write: incrBy},
	{Of: data.HIncrByFloat, Write: incrByFloat},
	{Of: data.HKeys, Read: keys},
	{Of: data.HLen, Read: length},
	{Of: data.HMGet, Read: getSeveral},
	{Of: data.HMSet, Write: setAll},
	{Of: data.HRandField, Read: randField},
	{Of: data.HScan, Read: scan},
	{Of: data.HSet, Write: set},
	{Of: data.HSetNX, Write: setNew},
	{Of: data.HStrlen, Read: valueLength},
	{Of: data.HVals, Read: values},
}

// hashOf gives the hash of an entry, nil for no entry. ok is false if the value is of another kind.
func hashOf(e *keyspace.Entry) (h *value.Hash, ok bool) { return exec.ValueOf[*value.Hash](e) }

// written is a hash that a command writes.
type written struct {
	exec.Target[*value.Hash]
	value.HashEdit
}

// write begins to write the hash at the key of a call. ok is false if the value there is of another kind.
func write(w *exec.Writer, c exec.Call) (h written, ok bool) {
	if h.Target, ok = exec.TargetOf[*value.Hash](w, c.Args[1]); ok {
		h.HashEdit = h.Value.Edit(w.Making())
	}
	return h, ok
}

// put puts the hash in place of the old one: its key goes with its last field.
func (h *written) put() { h.Put(h.Hash()) }

// fit reports whether strings may be put into a hash.
func fit(w *exec.Writer, texts [][]byte) bool {
	for _, text := range texts {
		if len(text) > w.MaxValueBytes() {
			return false
		}
	}
	return true
}
