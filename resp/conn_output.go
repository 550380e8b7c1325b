package resp

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/setting"
)

// OutputLimits is client-output-buffer-limit: how much may wait for a client before it is closed. Redis has a limit
// for each class of clients, here it is one for each kind of output:
//
//	normal   replies. Those of writes are never cut: a client that saw only their end would not know what was done.
//	         Reads are executed as replies drain, so that more than FlushBytes waits only of one long reply. The replies
//	         of a run with a write are made at once: maxRidingReplyBytes bounds them where this limit does not.
//	pubsub   what is sent besides replies: messages, invalidations, and what MONITOR shows
//	slave    nothing: nodes are no clients of each other. It can be set and shown, because files and tools do that.
type OutputLimits struct {
	normal, mail, replica outputLimit
}

// outputLimit is the limit of one class. More than hard is never let wait, unless it is 0; more than soft for
// softSeconds at a stretch is not either, unless one of the two is 0.
type outputLimit struct {
	hard, soft, softSeconds atomic.Int64
}

// Defaults, which are Redis's. That of normal is none.
const (
	defaultMailHardBytes    = 32 << 20
	defaultMailSoftBytes    = 8 << 20
	defaultReplicaHardBytes = 256 << 20
	defaultReplicaSoftBytes = 64 << 20
	defaultSoftSeconds      = 60
)

// Why a limit is refused: Redis's texts.
const (
	bufferCount = "Wrong number of arguments in buffer limit configuration."
	bufferClass = "Invalid client class specified in buffer limit configuration."
	bufferValue = "Error in hard, soft or soft_seconds setting in buffer limit configuration."
)

func (all *OutputLimits) init() {
	all.normal.store([3]int64{})
	all.mail.store([3]int64{defaultMailHardBytes, defaultMailSoftBytes, defaultSoftSeconds})
	all.replica.store([3]int64{defaultReplicaHardBytes, defaultReplicaSoftBytes, defaultSoftSeconds})
}

// store sets hard, soft and softSeconds.
func (l *outputLimit) store(values [3]int64) {
	l.hard.Store(values[0])
	l.soft.Store(values[1])
	l.softSeconds.Store(values[2])
}

func (l *outputLimit) String() string {
	text := strconv.FormatInt(l.hard.Load(), 10)
	for _, n := range []*atomic.Int64{&l.soft, &l.softSeconds} {
		text += " " + strconv.FormatInt(n.Load(), 10)
	}
	return text
}

// Replies is the hard limit of replies, in bytes; 0: none.
func (all *OutputLimits) Replies() *atomic.Int64 { return &all.normal.hard }

// String is the limits as CONFIG GET shows them.
func (all *OutputLimits) String() string {
	return "normal " + all.normal.String() + " slave " + all.replica.String() + " pubsub " + all.mail.String()
}

// Words are the limits as arguments of a line in a file.
func (all *OutputLimits) Words() []string { return strings.Fields(all.String()) }

// class finds the limit of a class, or nil.
func (all *OutputLimits) class(name string) *outputLimit {
	switch strings.ToLower(name) {
	case "normal":
		return &all.normal
	case "slave", "replica":
		return &all.replica
	case "pubsub":
		return &all.mail
	}
	return nil
}

// Parse reads any number of: class, hard limit, soft limit, seconds.
func (all *OutputLimits) Parse(text string) (apply func(), refusal *setting.Refusal) {
	words := strings.Fields(text)
	if len(words)%4 != 0 {
		return nil, refuseOutput(text, bufferCount)
	}
	chosen := make(map[*outputLimit][3]int64)
	for ; len(words) > 0; words = words[4:] {
		limit := all.class(words[0])
		if limit == nil {
			return nil, refuseOutput(text, bufferClass)
		}
		hard, ok := setting.ParseMemory(words[1])
		soft, softOK := setting.ParseMemory(words[2])
		seconds, secondsOK := number.Parse([]byte(words[3]))
		if !ok || !softOK || !secondsOK || seconds < 0 {
			return nil, refuseOutput(text, bufferValue)
		}
		chosen[limit] = [3]int64{hard, soft, min(seconds, int64(maxSoftPeriod/time.Second))}
	}
	return func() {
		for limit, values := range chosen {
			limit.store(values)
		}
	}, nil
}

func refuseOutput(text, redis string) *setting.Refusal {
	const wanted = "any number of: class (normal, replica or pubsub), hard limit, soft limit, seconds"
	return &setting.Refusal{Found: strconv.Quote(text), Wanted: wanted, Redis: redis}
}

// maxSoftPeriod is as good as for ever.
const maxSoftPeriod = 100 * 365 * 24 * time.Hour

// isSoft reports whether the limit has a soft part.
func (l *outputLimit) isSoft() bool { return l.soft.Load() > 0 && l.softSeconds.Load() > 0 }

// stretch is since when a soft limit has been exceeded; zero while it is not. It is the watch's own.
type stretch struct{ since time.Time }

// tooLong notes how much waits now, and reports whether it has been too much for too long.
func (at *stretch) tooLong(l *outputLimit, waiting int64, now time.Time) bool {
	switch {
	case !l.isSoft() || waiting <= l.soft.Load():
		at.since = time.Time{}
	case at.since.IsZero():
		at.since = now
	default:
		return now.Sub(at.since) >= time.Duration(l.softSeconds.Load())*time.Second
	}
	return false
}

// enforceSoftLimits closes the clients for which too much has waited for too long. It is the watch's.
func (s *Server) enforceSoftLimits(now time.Time) {
	limits := &s.tuning.Output
	if !limits.normal.isSoft() && !limits.mail.isSoft() {
		return
	}
	var late []*session
	s.sessions.each(func(one *session) {
		replies := one.slowReplies.tooLong(&limits.normal, one.unsent.Load(), now)
		mail := one.slowMail.tooLong(&limits.mail, int64(one.mailBytes()), now)
		if replies || mail {
			late = append(late, one)
		}
	})
	for _, one := range late {
		s.metrics.OutputLimit.Inc()
		s.logger.Info("client closed: too much has waited for it for too long (client-output-buffer-limit)",
			"client", one.id, "address", one.address, "replies", one.unsent.Load(), "besides", one.mailBytes())
		one.cut()
	}
}
