package streams

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of XCLAIM and XAUTOCLAIM, to the letter those of Redis.
const (
	claimIdleInvalid     = "ERR Invalid min-idle-time argument for XCLAIM"
	claimIdleOption      = "ERR Invalid IDLE option argument for XCLAIM"
	claimTimeOption      = "ERR Invalid TIME option argument for XCLAIM"
	claimCountOption     = "ERR Invalid RETRYCOUNT option argument for XCLAIM"
	autoClaimIdleInvalid = "ERR Invalid min-idle-time argument for XAUTOCLAIM"
	autoClaimCount       = "ERR COUNT must be > 0"
)

// claimOptions are those of XCLAIM.
type claimOptions struct {
	minIdle int64
	// ids are which entries to claim. time is when they count as delivered, in wall time, -1 for now.
	ids  []value.StreamID
	time int64
	// count is how often they count as delivered, -1 if that was not given.
	count         int64
	force, justID bool
	last          value.StreamID
}

// parseClaim reads the arguments of XCLAIM from the minimum of idle time on.
func parseClaim(args [][]byte, now keyspace.Now) (o claimOptions, refusal string) {
	minIdle, ok := number.Parse(args[0])
	if !ok {
		return o, claimIdleInvalid
	}
	o = claimOptions{minIdle: max(minIdle, 0), time: -1, count: -1}
	at := 1
	for ; at < len(args); at++ {
		id, ok := parseID(args[at], 0)
		if !ok {
			break
		}
		o.ids = append(o.ids, id)
	}
	for ; at < len(args); at++ {
		arg, more := args[at], at+1 < len(args)
		switch {
		case exec.Is(arg, "FORCE"):
			o.force = true
		case exec.Is(arg, "JUSTID"):
			o.justID = true
		case more && exec.Is(arg, "IDLE"):
			at++
			o.time, ok = number.Parse(args[at])
			o.time = now.Wall - o.time
			refusal = refusalUnless(ok, claimIdleOption)
		case more && exec.Is(arg, "TIME"):
			at++
			o.time, ok = number.Parse(args[at])
			refusal = refusalUnless(ok, claimTimeOption)
		case more && exec.Is(arg, "RETRYCOUNT"):
			at++
			o.count, ok = number.Parse(args[at])
			refusal = refusalUnless(ok, claimCountOption)
		case more && exec.Is(arg, "LASTID"):
			at++
			o.last, refusal = refusedUnless(parseID(args[at], 0))
		default:
			refusal = "ERR Unrecognized XCLAIM option '" + shown(arg) + "'"
		}
		if refusal != "" {
			return o, refusal
		}
	}
	return o, ""
}

func refusalUnless(ok bool, text string) (refusal string) {
	if !ok {
		return text
	}
	return ""
}

// delivered is when what is claimed counts as delivered, in log time: now, if the moment given is none or to come.
func (o *claimOptions) delivered(now keyspace.Now) int64 {
	if o.time < 0 || o.time > now.Wall {
		return now.Log
	}
	return o.time - (now.Wall - now.Log)
}

// claim is XCLAIM key group consumer min-idle-time ID … [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID]
// [LASTID ID].
func claim(w *exec.Writer, c exec.Call) []byte {
	t, refusal := claimedOf(w, c)
	if refusal != "" {
		return c.Error(refusal)
	}
	now := w.Now()
	o, refusal := parseClaim(c.Args[4:], now)
	if refusal != "" {
		return c.Error(refusal)
	}
	change := t.change(w)
	g := change.Group(c.Args[2])
	if o.last.Compare(g.Group().Last()) > 0 {
		g.SetLast(o.last, g.Group().Read())
	}
	consumer, _ := g.Consumer(c.Args[3], now.Log)
	g.SetTimes(consumer, now.Log, consumer.Active())
	var claimed []value.StreamID
	for _, id := range o.ids {
		if o.claimOne(t.stream, g, consumer, id, now) {
			claimed = append(claimed, id)
		}
	}
	if len(claimed) > 0 {
		g.SetTimes(consumer, now.Log, now.Log)
	}
	t.put(change)
	return claims(c, t.stream, claimed, o.justID, nil)
}

// claimedOf looks for the stream with the group of a claim.
func claimedOf(w *exec.Writer, c exec.Call) (t target, refusal string) {
	t, ok := targetOf(w, c.Args[1])
	c.Lookups().Count(t.Value != nil)
	switch {
	case !ok:
		return t, reply.WrongType
	case t.stream == nil || t.stream.Group(c.Args[2]) == nil:
		return t, noGroup(c.Args[1], c.Args[2])
	}
	return t, ""
}

// claimOne gives the consumer an entry, and reports whether it did. An entry that is deleted is not pending any more.
func (o *claimOptions) claimOne(t *value.Stream, g *value.StreamGroupChange, to *value.StreamConsumer,
	id value.StreamID, now keyspace.Now) bool {
	if _, held := t.Entry(id); !held {
		g.Acknowledge(id)
		return false
	}
	p, pending := g.Group().PendingOf(id)
	switch {
	case !pending && !o.force, pending && o.minIdle > 0 && now.Log-p.Time < o.minIdle:
		return false
	case !pending:
		p.Count = 1 // as if it had just been delivered
	}
	count := p.Count
	switch {
	case o.count >= 0:
		count = uint64(o.count)
	case !o.justID:
		count++
	}
	g.Deliver(id, to, o.delivered(now), count)
	return true
}

// claims answers with what was claimed, with justID the IDs alone. parts are what XAUTOCLAIM answers besides, nil for
// XCLAIM.
func claims(c exec.Call, t *value.Stream, claimed []value.StreamID, justID bool, parts *claimParts) []byte {
	through, room := entriesOf(t, claimed), c.Reading(c.Args) // it keeps to the bound of reads
	_, bytes, fits := measured(room, through)
	if parts != nil {
		bytes += entryBytes * (len(parts.deleted) + 1)
	}
	if !fits || !room.Fits(bytes) {
		return c.TooLong()
	}
	if parts != nil {
		c.Reply = replyID(reply.ArrayHeader(c.Reply, 3), parts.next)
	}
	if justID {
		c.Reply = replyIDs(c.Reply, claimed)
	} else {
		c.Reply = appendEntries(c, len(claimed), through)
	}
	if parts != nil {
		c.Reply = replyIDs(c.Reply, parts.deleted)
	}
	return c.Reply
}

// replyIDs appends an array of IDs.
func replyIDs(dst []byte, ids []value.StreamID) []byte {
	dst = reply.ArrayHeader(dst, len(ids))
	for _, id := range ids {
		dst = replyID(dst, id)
	}
	return dst
}

// claimParts is what XAUTOCLAIM answers besides: where to go on, and what was deleted and is not pending any more.
type claimParts struct {
	next    value.StreamID
	deleted []value.StreamID
}

// autoClaimOptions are those of XAUTOCLAIM.
type autoClaimOptions struct {
	minIdle, count int64
	from           value.StreamID
	justID         bool
}

// XAUTOCLAIM claims up to defaultClaims entries without COUNT, looks at claimAttempts times as many, and takes a COUNT
// up to maxClaims.
const (
	defaultClaims = 100
	claimAttempts = 10
	maxClaims     = (1<<63 - 1) / 16
)

// parseAutoClaim reads the arguments of XAUTOCLAIM from the minimum of idle time on.
func parseAutoClaim(args [][]byte) (o autoClaimOptions, refusal string) {
	minIdle, ok := number.Parse(args[0])
	if !ok {
		return o, autoClaimIdleInvalid
	}
	o = autoClaimOptions{minIdle: max(minIdle, 0), count: defaultClaims}
	if o.from, refusal = parseStart(args[1]); refusal != "" {
		return o, refusal
	}
	for at := 2; at < len(args); at++ {
		switch {
		case at+1 < len(args) && exec.Is(args[at], "COUNT"):
			at++
			if o.count, ok = number.Parse(args[at]); !ok || o.count < 1 || o.count > maxClaims {
				return o, autoClaimCount
			}
		case exec.Is(args[at], "JUSTID"):
			o.justID = true
		default:
			return o, reply.Syntax
		}
	}
	return o, ""
}

// autoClaim is XAUTOCLAIM key group consumer min-idle-time start [COUNT n] [JUSTID].
func autoClaim(w *exec.Writer, c exec.Call) []byte {
	o, refusal := parseAutoClaim(c.Args[4:])
	if refusal != "" {
		return c.Error(refusal)
	}
	t, refusal := claimedOf(w, c)
	if refusal != "" {
		return c.Error(refusal)
	}
	now := w.Now().Log
	change := t.change(w)
	g := change.Group(c.Args[2])
	consumer, _ := g.Consumer(c.Args[3], now)
	g.SetTimes(consumer, now, consumer.Active())
	claimed, parts := o.claimIdle(t.stream, g, consumer, now)
	if len(claimed) > 0 {
		g.SetTimes(consumer, now, now)
	}
	t.put(change)
	return claims(c, t.stream, claimed, o.justID, &parts)
}

// claimIdle gives a consumer what is idle for long enough.
func (o *autoClaimOptions) claimIdle(t *value.Stream, g *value.StreamGroupChange, to *value.StreamConsumer,
	now int64) (claimed []value.StreamID, parts claimParts) {
	left, more, from := o.count, true, o.from
	for attempts := o.count * claimAttempts; attempts > 0 && left > 0 && more; attempts-- {
		p, ok := pendingFrom(g.Group(), from)
		if !ok {
			return claimed, parts
		}
		_, held := t.Entry(p.ID)
		switch {
		case !held:
			g.Acknowledge(p.ID)
			parts.deleted = append(parts.deleted, p.ID)
			left--
		case o.minIdle == 0 || now-p.Time >= o.minIdle:
			count := p.Count
			if !o.justID {
				count++
			}
			g.Deliver(p.ID, to, now, count)
			claimed = append(claimed, p.ID)
			left--
		}
		from, more = p.ID.Next()
	}
	if more {
		p, _ := pendingFrom(g.Group(), from)
		parts.next = p.ID
	}
	return claimed, parts
}

// pendingFrom gives the first entry that is pending with an ID or behind it.
func pendingFrom(g *value.StreamGroup, from value.StreamID) (p value.StreamPending, ok bool) {
	g.EachPending(from, nil, func(found value.StreamPending) bool {
		p, ok = found, true
		return false
	})
	return p, ok
}
