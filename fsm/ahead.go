package fsm

import (
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/stepwise"
)

// ahead is what the machine has done for a body of which a part is here. A body above 1 MiB comes through the log in
// pieces, with other entries between them, and takes effect with the last one. To copy and hash a value of 512 MB then
// takes a second, in which no other command is executed. So the machine cuts and hashes each long argument as it comes,
// beside its state; what is left at the end is to put the values where they belong.
//
//	body    ───────piece───────┼───────piece───────┼───────piece───────►
//	cursor  count, lengths ──► each long argument ──► value.Arriving ──► texts
//	sum     ──────────────────────────────────────────────────────────► compared with the run's
//
// Nothing here is part of the state: without it every entry has the same effect, only more slowly.
type ahead struct {
	// body is what is here of totalBytes.
	body       []byte
	totalBytes int
	// sum is the checksum of body.
	sum    uint32
	cursor argv.Cursor
	// arriving is a long argument that is not all here, nil if there is none; it reaches from begin to end.
	arriving   *value.Arriving
	begin, end int
	// texts are the long arguments that are here, by their first byte in the body.
	texts map[*byte]*value.Chunks
}

const (
	// defaultAheadBytes is how long an argument is that is worth it: shorter ones are cheaper to copy than to keep apart.
	defaultAheadBytes = 16 << 10
	// minAheadBytes is one more than the longest number has: what lies apart is none.
	minAheadBytes = 21
	// keepShare: an argument that is all of a body but an eighth keeps the body's memory. Others are copied, or a short
	// value that is left of many would keep all of them.
	keepShare = 8
)

// Prepare takes what is here of a body of so many bytes, at the places in memory where Apply will get it: what it was
// given before, and what has come since. It does not touch the state, and may run beside Query; the same goroutine
// calls it that calls Apply. Another body may begin at any time, and nil says that the last one will not come.
//
// The values that Apply makes of it may keep the memory of the body, so it must not be changed.
func (m *Machine) Prepare(body []byte, totalBytes int) {
	if !m.ready || len(body) == 0 {
		m.ahead = ahead{}
		return
	}
	if !m.ahead.goesOn(body, totalBytes) {
		m.ahead = ahead{totalBytes: totalBytes, texts: map[*byte]*value.Chunks{}}
	}
	a := &m.ahead
	a.sum = command.Checksum(a.sum, body[len(a.body):])
	a.body = body
	for a.arrive() {
		begin, length, ok := a.cursor.Next(body)
		if !ok || length > totalBytes-begin {
			return
		}
		if length >= m.aheadBytes && length <= m.maxValueBytes {
			keeps := length >= totalBytes-totalBytes/keepShare
			a.arriving, a.begin, a.end = m.state.NewArriving(length, keeps), begin, begin+length
		}
	}
}

// goesOn reports whether a body is the present one, or more of it.
func (a *ahead) goesOn(body []byte, totalBytes int) bool {
	return len(a.body) > 0 && len(body) >= len(a.body) && &body[0] == &a.body[0] && totalBytes == a.totalBytes
}

// arrive works on the argument that is not all here, and reports whether the next one may begin.
func (a *ahead) arrive() bool {
	if a.arriving == nil {
		return true
	}
	here := min(len(a.body), a.end)
	if a.arriving.Add(a.body[min(a.begin, here):here]); here < a.end {
		return false
	}
	a.texts[&a.body[a.begin]] = a.arriving.Finish()
	a.arriving = nil
	return true
}

// has reports whether a body is the one that was prepared, and all of it.
func (a *ahead) has(body []byte) bool {
	return len(body) > 0 && len(body) == a.totalBytes && len(body) == len(a.body) && &body[0] == &a.body[0]
}

// isSubmitted reports whether a body is the one that a run submitted. Of a long one that was prepared it compares the
// checksums.
func (m *Machine) isSubmitted(run *command.Run, body []byte) bool {
	if run.Summed && m.ahead.has(body) {
		return len(run.Submitted) == len(body) && run.Sum == m.ahead.sum
	}
	return stepwise.Equal(run.Submitted, body)
}
