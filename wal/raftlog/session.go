package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// SessionOperation says what an entry in a session is for. The numbers are part of the format on disk and on the wire.
type SessionOperation uint8

// The operations.
const (
	// SessionCommand is a command: it is executed unless its sequence was.
	SessionCommand SessionOperation = 1
	// SessionOpen opens a session. Its number is the index of the entry.
	SessionOpen SessionOperation = 2
	// SessionClose closes one.
	SessionClose SessionOperation = 3
)

// SessionBody is the body of an entry in a session:
//
//	offset  0  operation      u8
//	        1  session        u64  0 where one is opened
//	        9  number         u64  of a command its sequence, where a session is opened its time to live; else 0
//	       17  command        the rest; nothing but in a command
type SessionBody struct {
	Operation SessionOperation
	// Session and Sequence name a command.
	Session, Sequence uint64
	// TTLMillis is how long a session lives without use, in milliseconds.
	TTLMillis int64
	// Command is for the state machine.
	Command []byte
}

// SessionHeaderBytes is the size of an encoded SessionBody without its command.
const SessionHeaderBytes = 17

// AppendHeader appends all but the command to dst; the command follows it.
func (b *SessionBody) AppendHeader(dst []byte) []byte {
	number := b.Sequence
	if b.Operation == SessionOpen {
		number = uint64(b.TTLMillis)
	}
	dst = append(dst, byte(b.Operation))
	dst = binary.LittleEndian.AppendUint64(dst, b.Session)
	return binary.LittleEndian.AppendUint64(dst, number)
}

// ErrSessionBody means that bytes are no SessionBody.
var ErrSessionBody = errors.New("the body of an entry in a session is malformed")

// DecodeSessionBody reads the body of an entry in a session. The command aliases src.
func DecodeSessionBody(src []byte) (SessionBody, error) {
	if len(src) < SessionHeaderBytes {
		return SessionBody{}, ErrSessionBody
	}
	b := SessionBody{
		Operation: SessionOperation(src[0]), Session: binary.LittleEndian.Uint64(src[1:]),
		Command: src[SessionHeaderBytes:],
	}
	number := binary.LittleEndian.Uint64(src[9:])
	switch {
	case b.Operation == SessionCommand:
		b.Sequence = number
	case b.Operation == SessionOpen && b.Session == 0 && len(b.Command) == 0:
		b.TTLMillis = int64(number)
	case b.Operation == SessionClose && number == 0 && len(b.Command) == 0:
	default:
		return SessionBody{}, ErrSessionBody
	}
	return b, nil
}

// String is what the entry is for, in words.
func (b SessionBody) String() string {
	switch b.Operation {
	case SessionOpen:
		return fmt.Sprintf("opens a session that lives for %d ms without use", b.TTLMillis)
	case SessionClose:
		return fmt.Sprintf("closes session %d", b.Session)
	}
	return fmt.Sprintf("session %d, sequence %d, %d bytes", b.Session, b.Sequence, len(b.Command))
}
