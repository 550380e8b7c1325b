package raft

import (
	"fmt"
	"strings"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// String is the message in one line, for logs and transcripts: who, what, and the fields that its kind uses.
func (m Message) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d->%d %v term=%d", m.From, m.To, m.Kind, m.Term)
	if m.Reject {
		b.WriteString(" reject")
	}
	switch m.Kind {
	case PreVote, Vote, TimeoutNow, Append:
		fmt.Fprintf(&b, " previous=%v", m.Previous)
	case AppendReply:
		if m.Reject {
			fmt.Fprintf(&b, " previous=%v hint=%v", m.Previous, m.Hint)
		} else {
			fmt.Fprintf(&b, " index=%d", m.Index)
		}
	case InstallReply:
		if m.Reject && m.Snapshot != nil {
			fmt.Fprintf(&b, " part=%v", m.Snapshot.Mark)
		} else {
			fmt.Fprintf(&b, " index=%d", m.Index)
		}
	case Install:
		if m.Snapshot != nil {
			fmt.Fprintf(&b, " snapshot=%v", m.Snapshot.Mark)
		}
		if m.Hint != (raftlog.Mark{}) {
			fmt.Fprintf(&b, " instead-of=%v", m.Hint)
		}
	}
	if m.Kind == Vote && m.Hint != (raftlog.Mark{}) {
		fmt.Fprintf(&b, " transferred-at=%v", m.Hint)
	}
	if m.Kind == Append || m.Kind == Heartbeat {
		fmt.Fprintf(&b, " commit=%d", m.Commit)
	}
	if m.Epoch != 0 {
		fmt.Fprintf(&b, " epoch=%d", m.Epoch)
	}
	if m.PromiseMillis != 0 {
		fmt.Fprintf(&b, " promise=%dms", m.PromiseMillis)
	}
	if len(m.Entries) > 0 {
		fmt.Fprintf(&b, " entries=[%s]", describeEntries(m.Entries))
	}
	return b.String()
}

// String is the operation in one line; promises are counted only.
func (o AppendOperation) String() string {
	text := fmt.Sprintf("operation %d: term=%d vote=%d", o.Number, o.Term, o.Vote)
	if s := o.Switch; s != nil {
		text += fmt.Sprintf(" snapshot=%v", s.Snapshot.Mark)
		if s.Retained != nil {
			text += fmt.Sprintf(" retained=%v", s.Retained.Mark)
		}
		if s.Restart {
			text += " restart"
		}
	}
	if len(o.Entries) > 0 {
		text += fmt.Sprintf(" entries=[%s]", describeEntries(o.Entries))
	}
	if len(o.Promises) > 0 {
		text += fmt.Sprintf(" promises=%d", len(o.Promises))
	}
	return text
}

func describeEntries(entries []raftlog.Entry) string {
	described := make([]string, len(entries))
	for i := range entries {
		described[i] = describeEntry(&entries[i])
	}
	return strings.Join(described, ", ")
}

// describeEntry is the entry in one line, a configuration in words.
func describeEntry(e *raftlog.Entry) string {
	if e.Kind.Traits().Configures {
		if c, err := membership.Decode(e.Body); err == nil {
			return fmt.Sprintf("%v %v", e.Mark(), c)
		}
	}
	return e.String()
}

// String is the status in a few lines: the node, then each follower.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d: %v term=%d vote=%d leader=%d commit=%d last=%v durable=%d floor=%v configuration=%d",
		s.ID, s.Role, s.Term, s.Vote, s.Leader, s.Commit, s.Last, s.Durable, s.Floor, s.ConfigurationIndex)
	for i := range s.Followers {
		f := &s.Followers[i]
		fmt.Fprintf(&b, "\n  %d: %v match=%d next=%d inflight=%d silent=%d",
			f.ID, f.State, f.Match, f.Next, f.InflightMessages, f.SilentTicks)
		if !f.Voter && !f.Leaving {
			b.WriteString(" learner")
		}
		if f.Fetching {
			b.WriteString(" fetching")
		}
		if f.Leaving {
			b.WriteString(" leaving")
		}
	}
	return b.String()
}
