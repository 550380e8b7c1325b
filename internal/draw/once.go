package draw

import (
	"slices"
	"strconv"
)

const (
	// remembered is how many calls of RAFT.ONCE a mix may send again, and how many sessions it knows.
	remembered = 8
	// guessed is up to which number a mix guesses sessions of others.
	guessed = 40
)

// Opened says that a session was opened, which the mix uses from now on.
func (x *Mix) Opened(session int64) {
	x.sessions = append(x.sessions, session)
	if len(x.sessions) > remembered {
		x.sessions = x.sessions[1:]
	}
}

// Once is a call about sessions: mostly one of the mix or of Own, to be executed once. Often it is one that was made
// before, to the byte, as a client makes it that has no reply; now and then its sequence was another command, or is far
// away.
func (x *Mix) Once() []string {
	switch n := x.IntN(20); {
	case n < 3 || len(x.sessions) == 0 && n < 14:
		return x.with([]string{"raft.session", "open"}, 1, func() []string {
			return []string{Pick(x.Rand, "ttl"), x.later(1)}
		})
	case n == 3:
		return []string{"raft.session", x.pick("info", "close"), x.session()}
	case n == 4:
		return []string{"raft.session", "info", x.session()}
	case n < 10 && len(x.sent) > 0:
		return x.sent[x.IntN(len(x.sent))]
	}
	_, line := x.Call()
	if x.IntN(4) == 0 {
		_, line = x.Own()
	}
	line = append([]string{x.spelled("raft.once"), x.session(), x.sequenceNumber()}, line...)
	x.sent = append(x.sent, slices.Clone(line))
	if len(x.sent) > remembered {
		x.sent = x.sent[1:]
	}
	return line
}

// session is a session that the mix knows, or one that somebody else may have, or none.
func (x *Mix) session() string {
	switch n := x.IntN(12); {
	case n == 0:
		return x.integer()
	case n == 1 || len(x.sessions) == 0:
		return strconv.Itoa(x.IntN(guessed))
	}
	return strconv.FormatInt(x.sessions[x.IntN(len(x.sessions))], 10)
}

// sequenceNumber is the next one, one that may be in flight, or one at an edge.
func (x *Mix) sequenceNumber() string {
	x.sequences++
	switch x.IntN(10) {
	case 0:
		return strconv.Itoa(x.sequences + x.IntN(200) - 100)
	case 1:
		return x.integer()
	}
	return strconv.Itoa(x.sequences)
}
