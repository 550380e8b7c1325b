package exec

import "github.com/raftredis/raftredis/internal/reply"

// Keeping is what a command of RAFT.ONCE needs to know whose reply is kept.
type Keeping struct {
	// before is how many bytes of replies the run has before this one, left how many of them were left out.
	before, left int
	// MaxBytes is how long the reply may be to be kept: the same on all nodes.
	MaxBytes int
	// TooLong says that the reply is not kept. It depends on the command and the state alone.
	TooLong bool
}

// fits reports whether a reply may grow by some bytes and be kept.
func (k *Keeping) fits(bytes int) bool {
	if bytes > k.MaxBytes {
		k.TooLong = true
	}
	return !k.TooLong
}

// KeepingOf begins a reply that is kept if it has at most so many bytes.
func (c Call) KeepingOf(maxBytes int) Keeping {
	return Keeping{before: len(c.Reply), left: c.left(), MaxBytes: maxBytes}
}

// Kept is the call whose reply is kept: for no protocol, and in a buffer of its own, behind the replies so far.
func (c Call) Kept(own *Keeping) Call {
	c.Protocol, c.keeping, c.Reply = reply.Neutral, own, c.Reply[len(c.Reply):]
	return c
}

// IsKept reports whether the reply of the call is kept: then every node makes it, while it applies an entry.
func (c Call) IsKept() bool { return c.keeping != nil }

// Unasked is a call whose reply is kept, as a read that is a part of the log. What it may not depend on is not there:
// who asks, and how much that client may receive.
func (c Call) Unasked() Call {
	c.run, c.writes, c.maxReply, c.keeping.left = nil, false, noReply, 0
	return c
}
