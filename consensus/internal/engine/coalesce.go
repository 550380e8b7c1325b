package engine

import "github.com/raftredis/raftredis/consensus/raft"

// CoalescePromises collects the promises of operations that became durable together. Of several acknowledgements to the
// same leader in the same term only the last is kept: what it acknowledges includes the others.
func CoalescePromises(operations []raft.AppendOperation) []Message {
	var messages []Message
	for i := range operations {
		for _, m := range operations[i].Promises {
			if at := superseded(messages, &m); at >= 0 {
				messages[at].Message = m
				continue
			}
			messages = append(messages, Message{Message: m})
		}
	}
	return messages
}

// superseded finds the message that m makes needless, or -1.
func superseded(messages []Message, m *raft.Message) int {
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
