package resp

import (
	"fmt"
	"time"

	"github.com/raftredis/raftredis/resp/wire"
)

// Limits bounds what clients can make the server hold. The zero value of a field means its default; Limits are read
// once, when the server is made.
type Limits struct {
	// MaxArguments is the largest number of arguments of one request. Default 1,048,576.
	MaxArguments int
	// MaxInlineBytes is the longest inline request, and the longest line of a header. Default 64 KiB.
	MaxInlineBytes int
	// MaxEntryBytes is the largest body that one command may give a log entry: a longer write is refused. Default 1 MiB.
	MaxEntryBytes int
	// MaxRunBytes is where a run of writes is cut: the body of a run with several is no longer. Default 1 MiB, or
	// MaxEntryBytes where that is less.
	MaxRunBytes int
	// MaxInputBytes is what all clients together can make the readers hold in requests longer than 64 KiB; the request
	// that would exceed it is refused. At least 1 MiB. Default 2 GiB, or half of the memory that there is if that is known
	// and less.
	MaxInputBytes int64
	// MaxRunCalls is the largest number of commands in one run. Default 1,024.
	MaxRunCalls int
	// FlushBytes is how many bytes of replies may be collected before they are sent although more of the same read is
	// still to be answered. Default 256 KiB.
	FlushBytes int
	// RefusalPeriod is for how long a client may be told of everything that it was not done: then its connection is closed
	// behind the next such reply, so that it looks for another node. Default 10 s.
	RefusalPeriod time.Duration
	// ChangeTimeout is how long a client waits for a change of the members before it is told UNCERTAIN. Default 30 s.
	ChangeTimeout time.Duration
}

// Sizes that trade memory for system calls, and for locks.
const (
	// keptArguments is how many argument slots and calls a connection keeps between runs.
	keptArguments = 4 << 10
	// keptOutputBytes is the largest buffer for replies that a connection keeps between flushes.
	keptOutputBytes = 64 << 10
	// viewCalls is how many reads are executed under one read lock.
	viewCalls = 16
)

// defaultInputBytes is the default of MaxInputBytes.
const defaultInputBytes = 2 * int64(wire.MaxBytes)

// inputShare is which part of a machine's memory, or a container's, clients may hold in unfinished requests by default.
const inputShare = 2

// inputBytes is the default of MaxInputBytes where the memory is known.
func (o MemoryOptions) inputBytes() int64 {
	memory := o.HeapBytes
	if memory == 0 {
		memory = o.SystemBytes
	}
	if memory == 0 {
		return defaultInputBytes
	}
	return max(min(defaultInputBytes, memory/inputShare), minQueryBytes)
}

// wire is the part of the limits that bounds single requests. Tuning has the rest.
func (l Limits) wire() wire.Limits {
	return wire.Limits{MaxArguments: l.MaxArguments, MaxInlineBytes: l.MaxInlineBytes}
}

// withDefaults replaces zeros by the defaults.
func (l Limits) withDefaults() Limits {
	byDefault := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	byDefault(&l.MaxEntryBytes, 1<<20)
	byDefault(&l.MaxRunBytes, min(1<<20, l.MaxEntryBytes))
	request := l.wire().WithDefaults()
	l.MaxArguments, l.MaxInlineBytes = request.MaxArguments, request.MaxInlineBytes
	byDefault(&l.MaxRunCalls, 1<<10)
	byDefault(&l.FlushBytes, 256<<10)
	if l.MaxInputBytes == 0 {
		l.MaxInputBytes = defaultInputBytes
	}
	if l.RefusalPeriod == 0 {
		l.RefusalPeriod = 10 * time.Second
	}
	if l.ChangeTimeout == 0 {
		l.ChangeTimeout = 30 * time.Second
	}
	return l
}

// validate refuses limits that contradict each other. It is called on limits with their defaults filled in.
func (l Limits) validate() error {
	for _, field := range []struct {
		name  string
		value int
	}{
		{"MaxArguments", l.MaxArguments}, {"MaxInlineBytes", l.MaxInlineBytes}, {"MaxEntryBytes", l.MaxEntryBytes},
		{"MaxRunBytes", l.MaxRunBytes}, {"MaxRunCalls", l.MaxRunCalls}, {"FlushBytes", l.FlushBytes},
	} {
		if field.value < 1 || field.value > wire.MaxBytes {
			return fmt.Errorf("resp: limit %s is %d, want 1 to 2^30", field.name, field.value)
		}
	}
	switch {
	case l.MaxRunBytes > l.MaxEntryBytes:
		return fmt.Errorf("resp: MaxRunBytes %d is above MaxEntryBytes %d", l.MaxRunBytes, l.MaxEntryBytes)
	case l.MaxInputBytes < minQueryBytes:
		return fmt.Errorf("resp: MaxInputBytes %d is below %d", l.MaxInputBytes, minQueryBytes)
	case l.ChangeTimeout < 0 || l.RefusalPeriod < 0:
		return fmt.Errorf("resp: negative timeout (change %v, refusal %v)", l.ChangeTimeout, l.RefusalPeriod)
	}
	return nil
}

// Bounds of proto-max-bulk-len and client-query-buffer-limit, both in bytes. Redis's have the same minimum.
const (
	minQueryBytes = 1 << 20
	maxQueryBytes = wire.MaxBytes
)

// QueryBounds are the least and the largest value of proto-max-bulk-len and of client-query-buffer-limit, in bytes.
func QueryBounds() (minimum, maximum int64) { return minQueryBytes, maxQueryBytes }
