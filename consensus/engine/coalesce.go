package engine

import "github.com/raftredis/raftredis/consensus/raft"

// CoalescePromises collects the promises of operations that became durable together. Of several acknowledgements to the
// same leader in the same term only the last is kept: what it acknowledges includes the others.
func CoalescePromises(operations []raft.AppendOperation) []raft.Message {
	var messages []raft.Message
	for i := range operations {
		for _, m := range operations[i].Promises {
			if at := superseded(messages, &m); at >= 0 {
				messages[at] = m
				continue
			}
			messages = append(messages, m)
		}
	}
	return messages
}

// superseded finds the message that m makes needless, or -1.
func superseded(messages []raft.Message, m *raft.Message) int {
	if m.Kind != raft.AppendReply || m.Reject {
		return -1
	}
	for i := range messages {
		old := &messages[i]
		if old.Kind == m.Kind && old.To == m.To && old.Term == m.Term && !old.Reject && old.Index <= m.Index {
			return i
		}
	}
	return -1
}
