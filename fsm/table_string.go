package fsm

import "github.com/raftredis/raftredis/internal/command"

var stringReads = map[command.ID]read{
	command.Get:    get,
	command.MGet:   mget,
	command.Strlen: strlen,
}

var stringWrites = map[command.ID]write{
	command.Append: appendTo,
	command.Decr:   decr,
	command.DecrBy: decrBy,
	command.Incr:   incr,
	command.IncrBy: incrBy,
	command.MSet:   mset,
	command.Set:    set,
}
