package engine

import "github.com/raftredis/raftredis/internal/guard"

// A stream is sent again when the connection to the leader is new, or when it made no progress for too long. The leader
// drops batches that it has. What is sent again begins with one message, and more follows as the log shows that it
// arrived: slow start. Otherwise a small mailbox is never passed:
//
//  1. The leader's mailbox has room for two forwards of this node in a turn. It breaks a connection that brings more.
//  2. Three forwards come while the leader is held up. The connection breaks.
//  3. It is made anew, and all three are sent again at once. The leader is not held up any more, but it takes no turn
//     between two messages that come together: the connection breaks. And so on, for ever.
//
// The window is bytes that left and were not met. It grows by what is met, so it doubles with each round trip, up to
// Options.MaxUnmetBytes, at which it bounds nothing that is not bounded already. New batches wait while there are some
// to be sent again: they come behind them in the stream.
//
// A batch that was given up leaves no trace in the log, so the window does not count it: else one that is full of them
// would never move. Those that follow each other go as one, which has the size of a number.

// maxResendDoublings bounds how far the wait between two resends grows: to eight times Options.ResendTicks.
const maxResendDoublings = 3

// resend begins to send the whole stream again.
func (e *Engine) resend() {
	s := &e.stream
	s.progress = e.tick
	if s.term != e.term || s.leader != e.leader || e.leads() {
		return
	}
	s.sent, s.sentBytes = 0, 0
	s.windowBytes = min(e.options.MaxMessageBytes, e.options.MaxUnmetBytes)
	if e.options.Weakened.Down(guard.ResendsStartSlowly) {
		s.windowBytes = e.options.MaxUnmetBytes
	}
	e.continueResend()
}

// continueResend sends what is to be sent again, as far as the window lets it: a message at least, if none is on its
// way.
func (e *Engine) continueResend() {
	s := &e.stream
	if s.sent == len(s.unmet) || s.term != e.term || s.leader != e.leader || e.leads() {
		return
	}
	var forward forwardBuilder
	for s.sent < len(s.unmet) && (s.sentBytes == 0 || s.sentBytes+s.unmet[s.sent].liveBytes() <= s.windowBytes) {
		forward.add(e, s.unmet[s.sent].batch())
		s.noteSent()
	}
	forward.flush(e)
}

// resendIfStuck repairs a message that was lost while its connection stands. A lost message is sent again after
// ResendTicks. A leader may make no progress because its disk or its majority is gone: then the wait doubles, so that
// it is not sent the same megabytes at the same pace for ever.
func (e *Engine) resendIfStuck() {
	s := &e.stream
	wait := uint64(e.options.ResendTicks) << min(s.resends, maxResendDoublings)
	if len(s.unmet) > 0 && e.tick-s.progress >= wait {
		s.resends++
		e.resend()
	}
}

// noteSent counts the first batch that had not left.
func (s *stream) noteSent() {
	s.sentBytes += s.unmet[s.sent].liveBytes()
	s.sent++
}

// liveBytes is the size of a batch that was not given up.
func (u *unmetBatch) liveBytes() int {
	if u.skip {
		return 0
	}
	return u.bytes
}

// dropFirst forgets the first batch, which the log has shown. The leader may have it from an earlier connection, so it
// need not have been sent again.
func (s *stream) dropFirst(maxUnmetBytes int) {
	met := &s.unmet[0]
	s.unmetBytes -= met.bytes
	if !met.skip {
		s.live--
	}
	if s.sent > 0 {
		s.sent--
		s.sentBytes -= met.liveBytes()
		s.windowBytes = min(s.windowBytes+met.bytes, maxUnmetBytes)
	}
	*met = unmetBatch{}
	s.unmet = s.unmet[1:]
}
