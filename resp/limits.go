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
	// MaxEntryBytes is the largest body of one log entry: a run of writes is cut before it would exceed this, and a
	// single command that exceeds it is refused. Default 1 MiB, the most that a node takes.
	MaxEntryBytes int
	// MaxRequestBytes is the largest request, headers included: what one client can make the reader hold. It must leave
	// room for one argument of MaxEntryBytes. Default: twice MaxEntryBytes.
	MaxRequestBytes int
	// MaxInputBytes is what all clients together can make the readers hold in requests longer than 64 KiB; the request
	// that would exceed it is refused and its client closed. At least one largest request. Default 1 GiB.
	MaxInputBytes int
	// MaxRunCalls is the largest number of commands in one run. Default 1,024.
	MaxRunCalls int
	// FlushBytes is how many bytes of replies may be collected before they are sent although more of the same read is
	// still to be answered. Default 256 KiB.
	FlushBytes int
	// WriteTimeout is how long one flush may wait for a client that does not read; up to 100 ms more are granted.
	// Default 10 s.
	WriteTimeout time.Duration
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

// wire is the part of the limits that bounds single requests.
func (l Limits) wire() wire.Limits {
	return wire.Limits{
		MaxArguments: l.MaxArguments, MaxInlineBytes: l.MaxInlineBytes, MaxBulkBytes: l.MaxEntryBytes,
		MaxRequestBytes: l.MaxRequestBytes,
	}
}

// withDefaults replaces zeros by the defaults.
func (l Limits) withDefaults() Limits {
	byDefault := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	byDefault(&l.MaxEntryBytes, 1<<20)
	byDefault(&l.MaxRequestBytes, min(max(2*l.MaxEntryBytes, l.MaxEntryBytes+wire.OverheadBytes), wire.MaxBytes))
	request := l.wire().WithDefaults()
	l.MaxArguments, l.MaxInlineBytes = request.MaxArguments, request.MaxInlineBytes
	byDefault(&l.MaxInputBytes, wire.MaxBytes)
	byDefault(&l.MaxRunCalls, 1<<10)
	byDefault(&l.FlushBytes, 256<<10)
	if l.WriteTimeout == 0 {
		l.WriteTimeout = 10 * time.Second
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
		{"MaxRequestBytes", l.MaxRequestBytes}, {"MaxInputBytes", l.MaxInputBytes}, {"MaxRunCalls", l.MaxRunCalls},
		{"FlushBytes", l.FlushBytes},
	} {
		if field.value < 1 || field.value > wire.MaxBytes {
			return fmt.Errorf("resp: limit %s is %d, want 1 to 2^30", field.name, field.value)
		}
	}
	switch {
	case l.MaxRequestBytes < l.MaxEntryBytes+wire.OverheadBytes:
		return fmt.Errorf("resp: MaxRequestBytes %d leaves no room for an argument of MaxEntryBytes %d and its headers (%d)",
			l.MaxRequestBytes, l.MaxEntryBytes, wire.OverheadBytes)
	case l.MaxRequestBytes < l.MaxInlineBytes:
		return fmt.Errorf("resp: MaxRequestBytes %d is below MaxInlineBytes %d", l.MaxRequestBytes, l.MaxInlineBytes)
	case l.MaxInputBytes < l.MaxRequestBytes+l.MaxInlineBytes:
		return fmt.Errorf("resp: MaxInputBytes %d is below one largest request (MaxRequestBytes %d, MaxInlineBytes %d)",
			l.MaxInputBytes, l.MaxRequestBytes, l.MaxInlineBytes)
	case l.WriteTimeout < 0 || l.ChangeTimeout < 0:
		return fmt.Errorf("resp: negative timeout (write %v, change %v)", l.WriteTimeout, l.ChangeTimeout)
	}
	return nil
}

// MaxBulkBytes is the largest single argument that a request of MaxRequestBytes has room for.
func (l Limits) MaxBulkBytes() int { return l.Request() - wire.OverheadBytes }

// Request is the largest request: MaxRequestBytes or its default.
func (l Limits) Request() int { return l.withDefaults().MaxRequestBytes }
