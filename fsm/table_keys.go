package fsm

import "github.com/raftredis/raftredis/internal/command"

var keyReads = map[command.ID]read{
	command.ClusterCountKeysInSlot: countKeysInSlot,
	command.ClusterGetKeysInSlot:   getKeysInSlot,
	command.DBSize:                 dbsize,
	command.Exists:                 exists,
}

var keyWrites = map[command.ID]write{
	command.Del: del,
}
