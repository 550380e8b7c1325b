package fsm

import "github.com/raftredis/raftredis/internal/command"

var stringReads = map[command.ID]read{
	command.Get:      get,
	command.GetRange: getRange,
	command.LCS:      lcs,
	command.MGet:     mget,
	command.Strlen:   strlen,
	command.SubStr:   getRange,
}

var stringWrites = map[command.ID]write{
	command.Append:      appendTo,
	command.Decr:        decr,
	command.DecrBy:      decrBy,
	command.GetDel:      getDel,
	command.GetSet:      getSet,
	command.Incr:        incr,
	command.IncrBy:      incrBy,
	command.IncrByFloat: incrByFloat,
	command.MSet:        mset,
	command.MSetNX:      msetNX,
	command.Set:         set,
	command.SetNX:       setNX,
	command.SetRange:    setRange,
}
