package fsm

import "github.com/raftredis/raftredis/internal/command"

var keyReads = map[command.ID]read{
	command.ClusterCountKeysInSlot: countKeysInSlot,
	command.ClusterGetKeysInSlot:   getKeysInSlot,
	command.DBSize:                 dbsize,
	command.DebugObject:            debugObject,
	command.Exists:                 exists,
	command.ExpireTime:             expireTime,
	command.Keys:                   keysLike,
	command.MemoryUsage:            memoryUsage,
	command.ObjectEncoding:         objectEncoding,
	command.ObjectFreq:             objectFreq,
	command.ObjectHelp:             objectHelp,
	command.ObjectIdleTime:         objectIdleTime,
	command.ObjectRefCount:         objectRefCount,
	command.PExpireTime:            pExpireTime,
	command.PTTL:                   pTTL,
	command.RandomKey:              randomKey,
	command.Scan:                   scanKeys,
	command.Touch:                  touch,
	command.TTL:                    ttl,
	command.Type:                   typeOf,
}

var keyWrites = map[command.ID]write{
	command.Copy:      copyKey,
	command.Del:       del,
	command.Expire:    expire,
	command.ExpireAt:  expireAt,
	command.FlushAll:  flush,
	command.FlushDB:   flush,
	command.GetEX:     getEX,
	command.PExpire:   pExpire,
	command.PExpireAt: pExpireAt,
	command.Persist:   persist,
	command.PSetEX:    pSetEX,
	command.Rename:    rename,
	command.RenameNX:  renameNX,
	command.SetEX:     setEX,
	command.Unlink:    del,
}
