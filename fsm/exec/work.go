package exec

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
)

// Reads that are much work are executed on a frozen state: see command.MaxPresentWork.

// Weighs reports whether it is asked how much work a call is: not of a write, not where a frozen state answers, nor
// where the state cannot be frozen for the client.
func (c Call) Weighs() bool { return c.run != nil && c.run.LateBytes != 0 && !c.frozen && !c.writes }

// IsTooMuch reports whether a read that is so much work must not go on here, since others wait: then its function
// returns Reply as it is, and is called again with a frozen state; it has answered nothing before. All reads of a run
// that go on count together, but those of smallWork. A function for which Spec says how much it is need not ask.
func (c Call) IsTooMuch(work int) bool {
	if work <= smallWork || !c.Weighs() {
		return false
	}
	if c.run.Spent+work > command.MaxPresentWork {
		c.run.WantsFreeze = true
		return true
	}
	c.run.Spent += work
	return false
}

const (
	// elementWork is what it costs to answer with an element, besides its bytes.
	elementWork = 64
	// smallWork is how much a read is that does not count: it is no more than a GET. A run has a thousand at most.
	smallWork = 4 << 10
)

// IsTooMany is IsTooMuch for a read of count elements of a container that has so many of so many bytes together.
func (c Call) IsTooMany(count, elements, bytes int) bool {
	return c.IsTooMuch(count * (elementWork + bytes/max(elements, 1)))
}

// copiesTooMuch is IsTooMuch for a string that is copied into a reply beside a write: a transaction may ask for
// a thousand of them. In a run of reads what was answered is sent before more is. The caller may go on, as what it
// answers is thrown away.
func (c Call) copiesTooMuch(bytes int) bool {
	return bytes > smallWork && c.applies && c.IsTooMuch(bytes)
}

// CopiesMore is copiesTooMuch for one of many strings of a reply. Those that are as short as a GET count together:
// uncounted is how many bytes of them did not yet.
func (c Call) CopiesMore(uncounted *int, bytes int) bool {
	if bytes > smallWork || !c.applies { // it counts for itself
		return false
	}
	if *uncounted += bytes; *uncounted <= smallWork {
		return false
	}
	bytes, *uncounted = *uncounted, 0
	return c.IsTooMuch(bytes)
}

// IsLongRead is IsTooMuch for a read as a whole, by what its specification says.
func (c Call) IsLongRead(v View, spec *command.Spec) bool {
	return c.Weighs() && spec.MayBeLong(c.Args) && c.IsTooMuch(spec.ReadWork(c.Args, v.Space))
}

// IsPutOff reports whether a read that is executed while an entry is applied wants a frozen state.
func (c Call) IsPutOff() bool { return c.applies && c.run != nil && c.run.WantsFreeze }

// PutOff leaves a read to the connection, which executes it when no lock is held, on the state that is frozen here.
func (c Call) PutOff(read Read, v View, frozen keyspace.Frozen) []byte {
	run, args, protocol := c.run, c.Args, c.Protocol
	run.WantsFreeze = false
	run.Long.Cut(len(c.Reply))
	run.Long.AddLate(len(c.Reply), func(maxBytes int) []byte {
		defer frozen.Release()
		own := command.Run{Protocol: protocol, MaxReplyBytes: maxBytes}
		v.Space = frozen.State().Space(v.Database)
		v.IsFrozen, v.Use.Unnoted = true, true
		return read(v, Queried(&own, frozen.State()).Reading(args))
	})
	return c.Reply
}
