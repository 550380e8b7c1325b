package fsm

import "github.com/raftredis/raftredis/internal/command"

var bitmapReads = map[command.ID]read{
	command.BitCount:   bitCount,
	command.BitFieldRO: bitFieldRO,
	command.BitPos:     bitPos,
	command.GetBit:     getBit,
}

var bitmapWrites = map[command.ID]write{
	command.BitField: bitField,
	command.BitOp:    bitOp,
	command.SetBit:   setBit,
}
