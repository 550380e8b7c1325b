package channels

import "github.com/raftredis/raftredis/internal/reply"

// Message is a message on its way to clients. It is encoded once for each protocol, whatever the number of clients.
type Message struct {
	// word is what clients tell messages by; pattern is the pattern by which it is heard, nil if there is none.
	word          string
	pattern       *string
	channel, text []byte
	// encoded has the forms for the protocols that were asked for: parts of buffer.
	encoded [reply.RESP3 + 1]span
	buffer  []byte
}

// span is a part of a buffer, empty if there is none.
type span struct{ begin, end int }

// keptBytes is how much of the buffer is kept between messages.
const keptBytes = 64 << 10

// In is the message as clients of a protocol get it: valid while the message is.
func (m *Message) In(protocol int) []byte {
	at := &m.encoded[protocol]
	if at.end == 0 {
		begin := len(m.buffer)
		m.buffer = m.append(m.buffer, protocol)
		*at = span{begin, len(m.buffer)}
	}
	return m.buffer[at.begin:at.end]
}

func (m *Message) append(dst []byte, protocol int) []byte {
	if m.pattern == nil {
		dst = reply.BulkString(reply.PushHeader(dst, protocol, 3), m.word)
	} else {
		dst = reply.BulkString(reply.PushHeader(dst, protocol, 4), m.word)
		dst = reply.BulkString(dst, *m.pattern)
	}
	return reply.Bulk(reply.Bulk(dst, m.channel), m.text)
}

// trim lets go of a buffer that is large.
func (m *Message) trim() {
	if cap(m.buffer) > keptBytes {
		m.buffer = nil
	}
}
