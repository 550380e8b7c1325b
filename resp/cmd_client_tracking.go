package resp

import (
	"strings"

	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// maxPrefixes is how many prefixes one client may ask for. Each is looked for in the keys of each entry, while no read
// runs, and is compared with all others when it comes.
const maxPrefixes = 1_000

// Errors that are not Redis's.
const (
	trackingUnwatched = "ERR this node is not told of changes"
	trackingPrefixes  = "ERR a client may have 1000 prefixes at most"
)

// Error texts of CLIENT TRACKING and CLIENT CACHING, to the letter those of Redis.
const (
	trackingPrefix = "ERR PREFIX option requires BCAST mode to be enabled"
	trackingSwitch = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, " +
		"and then re-enabling it with a different mode."
	trackingOptions  = "ERR OPTIN and OPTOUT are not compatible with BCAST"
	trackingBoth     = "ERR You can't specify both OPTIN mode and OPTOUT mode"
	trackingOpposite = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, " +
		"and then re-enabling it with a different mode."
	trackingNobody   = "ERR The client ID you want redirect to does not exist"
	trackingOne      = "ERR A client can only redirect to a single other client"
	cachingUntracked = "ERR CLIENT CACHING can be called only when the client is in tracking mode " +
		"with OPTIN or OPTOUT mode enabled"
	cachingNotOptIn  = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
	cachingNotOptOut = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
)

// parseTracking reads the options behind ON or OFF, or returns the text of an error.
func (c *Conn) parseTracking(args [][]byte) (wanted tracking, failure string) {
	for i := 0; i < len(args); i++ {
		following := len(args) - 1 - i
		switch option := strings.ToLower(string(args[i])); {
		case option == "redirect" && following > 0:
			i++
			id, ok := number.Parse(args[i])
			switch {
			case wanted.redirect != 0:
				return wanted, trackingOne
			case !ok:
				return wanted, reply.NotInteger
			case c.server.sessions.find(id) == nil:
				return wanted, trackingNobody
			}
			wanted.redirect = id
		case option == "bcast":
			wanted.broadcast = true
		case option == "optin":
			wanted.optIn = true
		case option == "optout":
			wanted.optOut = true
		case option == "noloop":
			wanted.noLoop = true
		case option == "prefix" && following > 0:
			if i++; len(wanted.prefixes)+len(c.facts().tracking.prefixes) >= maxPrefixes {
				return wanted, trackingPrefixes
			}
			wanted.prefixes = append(wanted.prefixes, string(args[i]))
		default:
			return wanted, reply.Syntax
		}
	}
	return wanted, ""
}

// conflict says what is wrong with options for a client that has others already; empty if nothing is.
func (wanted *tracking) conflict(now *tracking) string {
	switch {
	case !wanted.broadcast && len(wanted.prefixes) > 0:
		return trackingPrefix
	case now.on && now.broadcast != wanted.broadcast:
		return trackingSwitch
	case wanted.broadcast && (wanted.optIn || wanted.optOut):
		return trackingOptions
	case wanted.optIn && wanted.optOut:
		return trackingBoth
	case (wanted.optIn && now.optOut) || (wanted.optOut && now.optIn):
		return trackingOpposite
	}
	for i, prefix := range wanted.prefixes {
		for _, other := range now.prefixes {
			if overlap(prefix, other) {
				return overlapText(prefix, "an existing", other)
			}
		}
		for _, other := range wanted.prefixes[i+1:] {
			if overlap(prefix, other) {
				return overlapText(prefix, "another provided", other)
			}
		}
	}
	return ""
}

func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

func overlapText(prefix, which, other string) string {
	return "ERR Prefix '" + prefix + "' overlaps with " + which + " prefix '" + other +
		"'. Prefixes for a single client must not overlap."
}

// clientTracking is CLIENT TRACKING ON|OFF [REDIRECT id] [PREFIX prefix ...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP].
func clientTracking(c *Conn, dst []byte, args [][]byte) []byte {
	wanted, failure := c.parseTracking(args[3:])
	if failure != "" {
		return reply.Error(dst, failure)
	}
	now := c.facts().tracking
	on, ok := parseSwitch(args[2])
	switch {
	case !ok:
		return reply.Error(dst, reply.Syntax)
	case !on:
		c.server.tracker.follow(c.session, tracking{})
		return reply.OK(dst)
	}
	if !c.server.tracker.watched {
		return reply.Error(dst, trackingUnwatched)
	}
	if failure = wanted.conflict(&now); failure != "" {
		return reply.Error(dst, failure)
	}
	wanted.on, wanted.caching = true, now.caching
	if wanted.broadcast {
		if wanted.prefixes = append(now.prefixes, wanted.prefixes...); len(wanted.prefixes) == 0 {
			wanted.prefixes = []string{""}
		}
	}
	c.server.tracker.follow(c.session, wanted)
	return reply.OK(dst)
}

// clientCaching is CLIENT CACHING YES|NO: what becomes of the keys of the next command.
func clientCaching(c *Conn, dst []byte, args [][]byte) []byte {
	now := &c.facts().tracking
	switch word := string(args[2]); {
	case !now.on:
		return reply.Error(dst, cachingUntracked)
	case strings.EqualFold(word, "yes"):
		if !now.optIn {
			return reply.Error(dst, cachingNotOptIn)
		}
	case strings.EqualFold(word, "no"):
		if !now.optOut {
			return reply.Error(dst, cachingNotOptOut)
		}
	default:
		return reply.Error(dst, reply.Syntax)
	}
	c.session.set(func(f *facts) { f.tracking.caching = true })
	return reply.OK(dst)
}

// clientGetRedir is CLIENT GETREDIR: -1 if the client does not track, 0 if it is told itself.
func clientGetRedir(c *Conn, dst []byte, _ [][]byte) []byte {
	now := c.facts().tracking
	return reply.Integer(dst, now.redirection())
}

func (t *tracking) redirection() int64 {
	if !t.on {
		return -1
	}
	return t.redirect
}

// clientTrackingInfo is CLIENT TRACKINGINFO.
func clientTrackingInfo(c *Conn, dst []byte, _ [][]byte) []byte {
	now := c.facts().tracking
	var flags []string
	add := func(name string, set bool) {
		if set {
			flags = append(flags, name)
		}
	}
	add("off", !now.on)
	add("on", now.on)
	add("bcast", now.broadcast)
	add("optin", now.optIn)
	add("caching-yes", now.optIn && now.caching)
	add("optout", now.optOut)
	add("caching-no", now.optOut && now.caching)
	add("noloop", now.noLoop)
	add("broken_redirect", c.session.redirectBroken.Load())
	dst = reply.MapHeader(dst, c.protocol(), 3)
	dst = reply.SetHeader(reply.BulkString(dst, "flags"), c.protocol(), len(flags))
	for _, flag := range flags {
		dst = reply.BulkString(dst, flag)
	}
	dst = reply.Integer(reply.BulkString(dst, "redirect"), now.redirection())
	dst = reply.ArrayHeader(reply.BulkString(dst, "prefixes"), len(now.prefixes))
	for _, prefix := range now.prefixes {
		dst = reply.BulkString(dst, prefix)
	}
	return dst
}

// stopTracking ends what CLIENT TRACKING began.
func (c *Conn) stopTracking() {
	if c.facts().tracking.on {
		c.server.tracker.follow(c.session, tracking{})
	}
}
