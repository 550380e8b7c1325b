package raft

import (
	"fmt"
	"strings"
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
	case ReadIndexReply:
		fmt.Fprintf(&b, " request=%d index=%d", m.Request, m.Index)
	case ReadIndex:
		fmt.Fprintf(&b, " request=%d", m.Request)
	case Presence:
		fmt.Fprintf(&b, " request=%d absent=%d", m.Request, m.Absent)
	case Forward:
		fmt.Fprintf(&b, " boot=%x batches=%d", uint64(m.Boot), len(m.Batches))
	case InstallReply:
		fmt.Fprintf(&b, " index=%d", m.Index)
	case Install:
		if m.Snapshot != nil {
			fmt.Fprintf(&b, " snapshot=%v", m.Snapshot.Mark)
		}
	}
	if m.Kind == Vote && m.Hint != (Mark{}) {
		fmt.Fprintf(&b, " transferred-at=%v", m.Hint)
	}
	if m.Kind == Append || m.Kind == Heartbeat {
		fmt.Fprintf(&b, " commit=%d", m.Commit)
	}
	if m.Epoch != 0 {
		fmt.Fprintf(&b, " epoch=%d", m.Epoch)
	}
	if len(m.Entries) > 0 {
		fmt.Fprintf(&b, " entries=[%s]", describeEntries(m.Entries))
	}
	return b.String()
}

// String is the kind's name in lower case.
func (k EntryKind) String() string {
	if k < EntryNoOp || k > EntryTick {
		return fmt.Sprintf("kind-%d", uint8(k))
	}
	return [...]string{"no-op", "command", "configuration", "tick"}[k-EntryNoOp]
}

// String is the entry in one line: its mark, and what it holds if that is short.
func (e Entry) String() string {
	switch {
	case e.Kind == EntryConfiguration && e.Configuration != nil:
		return fmt.Sprintf("%v %v", e.Mark(), e.Configuration)
	case e.Kind != EntryCommand:
		return fmt.Sprintf("%v %v", e.Mark(), e.Kind)
	case len(e.Body) <= 16:
		return fmt.Sprintf("%v %q", e.Mark(), e.Body)
	default:
		return fmt.Sprintf("%v %d bytes", e.Mark(), len(e.Body))
	}
}

// String names voters, and what else there is.
func (c *Configuration) String() string {
	text := fmt.Sprintf("voters=%d", c.Voters)
	if c.Joint() {
		text += fmt.Sprintf(" outgoing=%d", c.Outgoing)
	}
	if len(c.Learners) > 0 {
		text += fmt.Sprintf(" learners=%d", c.Learners)
	}
	if len(c.Promote) > 0 {
		text += fmt.Sprintf(" promote=%d", c.Promote)
	}
	if len(c.Retire) > 0 {
		text += fmt.Sprintf(" retire=%d", c.Retire)
	}
	return text
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

func describeEntries(entries []Entry) string {
	described := make([]string, len(entries))
	for i := range entries {
		described[i] = entries[i].String()
	}
	return strings.Join(described, ", ")
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
