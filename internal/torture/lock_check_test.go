package torture

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// at is a time of the run in milliseconds.
func at(millis int64) int64 { return millis * int64(time.Millisecond) }

// did is an act with an answer. A lock is asked for 2 s.
func did(verb lockVerb, holder string, token uint64, call, end int64, granted bool) lockAct {
	return lockAct{
		verb: verb, holder: holder, token: token, ttl: 2 * time.Second, call: at(call), end: at(end), fate: client.Done,
		granted: granted,
	}
}

// fenced is a write to the register.
func fenced(token uint64, call, end int64, place int) lockAct {
	a := did(writes, "", token, call, end, place > 0)
	a.place = place
	return a
}

// lockStory is a history in which nothing is wrong: a takes the lock and lets its time pass, as it is paused; b takes
// it when the time has passed, and a is refused from then on; b prolongs it and gives it back; c takes it, and is not
// answered; d sees that, and gets it at last.
func lockStory() *lockHistory {
	lost := lockAct{verb: acquires, holder: "c", ttl: 2 * time.Second, call: at(6000), fate: client.Unknown}
	return &lockHistory{name: "l", acts: []lockAct{
		did(acquires, "a", 10, 0, 10, true),
		fenced(10, 20, 30, 1),
		did(acquires, "b", 0, 100, 110, false),
		did(looks, "a", 10, 120, 130, true),
		did(acquires, "b", 14, 2050, 2060, true),
		fenced(14, 2070, 2080, 2),
		fenced(10, 2100, 2110, 0),
		did(releases, "a", 10, 2120, 2130, false),
		did(renews, "b", 14, 3000, 3010, true),
		did(acquires, "a", 0, 4300, 4310, false),
		did(releases, "b", 14, 4400, 4410, true),
		did(looks, "", 0, 4700, 4710, false),
		lost,
		did(looks, "c", 21, 6500, 6510, true),
		did(acquires, "d", 25, 8100, 8110, true),
		did(releases, "d", 25, 8200, 8210, true),
	}}
}

func TestLocks_AHistoryWithoutFaultPasses(t *testing.T) {
	if err := lockStory().check(); err != nil {
		t.Error(err)
	}
}

func TestLocks_FindsEveryFault(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *lockHistory)
		want   string
	}{
		"a token comes twice": {func(h *lockHistory) { h.acts[4].token = 10 }, "a and b both have token 10"},
		"a token is lower than one before": {func(h *lockHistory) { h.acts[14].token, h.acts[15].token = 13, 13 },
			"token 14 was given, and after that d asked and was given 13"},
		"two have it at a time": {func(h *lockHistory) {
			h.acts[4].call, h.acts[4].end = at(1400), at(1410)
		}, "a had it with token 10 until 1.48s at least, and b with token 14 at 1.41s"},
		"two have it, the first having prolonged it": {func(h *lockHistory) {
			h.acts[10].fate = client.NotDone
			h.acts[13].call, h.acts[13].end = at(4450), at(4460)
			h.acts[12].call = at(4420)
		}, "b had it with token 14 until 4.48s at least, and c with token 21"},
		"one that was not answered had it": {func(h *lockHistory) {
			h.acts[14].call, h.acts[14].end = at(7400), at(7410)
		}, "c had it with token 21 until 7.48s at least, and d"},
		"it is free while held": {func(h *lockHistory) { h.acts[3] = did(looks, "", 0, 120, 130, false) },
			"seen to be free while a had it"},
		"an earlier holder is seen": {func(h *lockHistory) { h.acts[11] = did(looks, "a", 10, 4700, 4710, true) },
			"after b had got token 14"},
		"a holder is seen that gave it back": {func(h *lockHistory) {
			h.acts[11] = did(looks, "b", 14, 4700, 4710, true)
		}, "which had been given back"},
		"a holder is seen that was given none": {func(h *lockHistory) {
			h.acts[11] = did(looks, "e", 17, 4700, 4710, true)
		}, "e is seen to hold it with token 17"},
		"a holder is seen with the token of another one": {func(h *lockHistory) { h.acts[3].holder = "b" },
			"a has token 10, and was seen to be b"},
		"more time is left than was asked for": {func(h *lockHistory) { h.acts[3].ttl = 2001 * time.Millisecond },
			"for 2.001s more"},
		"a paused holder prolongs it": {func(h *lockHistory) {
			h.acts[7] = did(renews, "a", 10, 2120, 2130, true)
		}, "b had got token 14, and RENEW with token 10 was done"},
		"a paused holder gives back another's": {func(h *lockHistory) { h.acts[7].granted = true },
			"b had got token 14, and UNLOCK with token 10 was done"},
		"a holder cannot prolong it in its time": {func(h *lockHistory) { h.acts[8].granted = false },
			"b had it with token 14, and RENEW was refused"},
		"a holder cannot give it back in its time": {func(h *lockHistory) { h.acts[10].granted = false },
			"b had it with token 14, and UNLOCK was refused"},
		"the register refuses a holder in its time": {func(h *lockHistory) {
			h.acts[5].granted = false
		}, "b had it with token 14, and a write was refused"},
		"the register takes a lower token": {func(h *lockHistory) {
			h.acts[6].granted, h.acts[6].place = true, 3
		}, "write 2 of the register has token 14, and write 3 token 10"},
		"the register takes two writes in one place": {func(h *lockHistory) { h.acts[5].place = 1 },
			"both made write 1"},
		"the register goes back in time": {func(h *lockHistory) {
			h.acts[6] = fenced(14, 2000, 2010, 3)
			h.acts[5].call, h.acts[5].end = at(2500), at(2510)
		}, "write 3 of the register was done before write 2"},
		"a token that no client was given": {func(h *lockHistory) { h.acts[15].token = 26 },
			"UNLOCK with token 26, which no client was given"},
	} {
		t.Run(name, func(t *testing.T) {
			h := lockStory()
			c.change(h)
			if err := h.check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the check says %v, want %q", err, c.want)
			}
		})
	}
}

// What may be: a lock is deleted, given back by a command that is not answered, or given again at the end of its time.
func TestLocks_LetsHappenWhatMay(t *testing.T) {
	const ttl = 2000
	ends := endsEarliest(at(0), ttl*time.Millisecond) / int64(time.Millisecond)
	unanswered := func(a lockAct) lockAct {
		a.fate = client.Unknown
		return a
	}
	taken, perhapsBack := did(acquires, "b", 11, 70, 80, true), unanswered(did(releases, "a", 10, 50, 60, true))
	for name, c := range map[string]struct {
		acts []lockAct
		fits bool
	}{
		"at the end of its time": {[]lockAct{did(acquires, "b", 11, 100, ends, true)}, true},
		"1 ms before":            {[]lockAct{did(acquires, "b", 11, 100, ends-1, true)}, false},
		"deleted before":         {[]lockAct{did(drops, "", 0, 50, 60, true), taken}, true},
		"deleted, perhaps":       {[]lockAct{unanswered(did(drops, "", 0, 50, 60, true)), taken}, true},
		"deleted after":          {[]lockAct{did(drops, "", 0, 90, 95, true), taken}, false},
		"given back, perhaps":    {[]lockAct{perhapsBack, taken}, true},
		"certainly not given back": {[]lockAct{{verb: releases, token: 10, call: at(50), end: at(60), fate: client.NotDone},
			taken}, false},
		"asked for again": {[]lockAct{did(acquires, "a", 10, 1000, 1010, true),
			did(acquires, "b", 11, 2600, 2610, true)}, true},
		"asked for again, and given to another": {[]lockAct{did(acquires, "a", 10, 1000, 1010, true),
			did(acquires, "b", 11, 2200, 2210, true)}, false},
		"asked for again in its time, and given anew": {[]lockAct{did(acquires, "a", 11, 1000, 1010, true)}, false},
		"prolonged, perhaps": {[]lockAct{unanswered(did(renews, "a", 10, 1000, 1010, true)),
			did(acquires, "b", 11, 1800, 1810, true)}, true},
		"never given to one that was not answered": {[]lockAct{{verb: acquires, holder: "b", ttl: time.Second, call: at(20),
			end: math.MaxInt64, fate: client.Unknown}, did(acquires, "c", 12, 1800, 1810, true)}, true},
	} {
		h := &lockHistory{name: "l", acts: append([]lockAct{did(acquires, "a", 10, 0, 10, true)}, c.acts...)}
		if err := h.check(); (err == nil) != c.fits {
			t.Errorf("%s: %v, want fits %v", name, err, c.fits)
		}
	}
}
