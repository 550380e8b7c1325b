package torture

import (
	"math"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/client"
)

// topicStory is a history in which nothing is wrong: a and b are acknowledged, c is of unknown fate and there, d of
// unknown fate and not, e refused, f acknowledged; a and b are trimmed, which one reader meets.
func topicStory() *topicHistory {
	const forever = math.MaxInt64
	entry := func(data string, index uint64) topicEntry { return topicEntry{index, data} }
	return &topicHistory{
		topic: "t",
		addends: []*addend{
			{data: "a", call: 10, end: 20, fate: client.Done, index: 5},
			{data: "b", call: 15, end: 25, fate: client.Done, index: 6},
			{data: "c", call: 30, end: forever, fate: client.Unknown},
			{data: "d", call: 31, end: forever, fate: client.Unknown},
			{data: "e", call: 32, end: forever, fate: client.NotDone},
			{data: "f", call: 40, end: 50, fate: client.Done, index: 8},
		},
		pages: []page{
			{reader: 0, after: 0, call: 11, end: 12},
			{reader: 0, after: 0, call: 26, end: 27, entries: []topicEntry{entry("a", 5)}, full: true},
			{reader: 0, after: 5, call: 51, end: 52, entries: []topicEntry{entry("b", 6), entry("c", 7), entry("f", 8)}},
			{reader: 1, after: 0, call: 70, end: 71, gone: true, goOn: 6},
			{reader: 1, after: 6, call: 72, end: 73, entries: []topicEntry{entry("c", 7), entry("f", 8)}},
		},
		cuts: []cut{{before: 7, call: 60, end: 61, fate: client.Done}},
		rest: []topicEntry{entry("c", 7), entry("f", 8)},
	}
}

func TestTopics_AHistoryWithoutFaultPasses(t *testing.T) {
	if err := topicStory().check(); err != nil {
		t.Error(err)
	}
	// A trim that may not have happened explains both what is gone and what is there.
	h := topicStory()
	h.cuts[0].fate = client.Unknown
	h.rest = append([]topicEntry{{6, "b"}}, h.rest...)
	if err := h.check(); err != nil {
		t.Errorf("a trim of unknown fate: %v", err)
	}
}

func TestTopics_FindsEveryFault(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *topicHistory)
		want   string
	}{
		"an acknowledged entry is lost": {func(h *topicHistory) {
			h.addends[5].index, h.pages[2].entries, h.pages[4].entries, h.rest = 9, h.pages[2].entries[:2],
				h.pages[4].entries[:1], h.rest[:1]
		}, `"f" was at 9 and is gone at the end`},
		"a reader is not shown an entry": {func(h *topicHistory) { h.pages[4].entries = h.pages[4].entries[1:] },
			"asked for what is after 6"},
		"a reader is shown the second half of a page": {func(h *topicHistory) {
			h.pages[2].after, h.pages[2].entries = 0, h.pages[2].entries[1:]
		}, `"a" at 5 is missing`},
		"a reader is shown an entry twice": {func(h *topicHistory) {
			h.pages[4].entries = append(h.pages[4].entries, topicEntry{9, "f"})
		}, `"f" at 9, which was acknowledged at 8`},
		"an entry of unknown fate is there twice": {func(h *topicHistory) {
			h.rest = append(h.rest, topicEntry{9, "c"})
		}, `"c" is at 7 and`},
		"readers see different orders": {func(h *topicHistory) {
			h.addends[0].fate, h.addends[1].fate = client.Unknown, client.Unknown
			h.pages[1].entries = []topicEntry{{5, "b"}}
		}, `"b" is at 5 and`},
		"two entries have one index": {func(h *topicHistory) { h.addends[1].index = 5 }, "at 5 is"},
		"a refused entry is there": {func(h *topicHistory) {
			h.rest = append(h.rest, topicEntry{9, "e"})
		}, `"e", which was said not to be done`},
		"an entry that no client appended": {func(h *topicHistory) {
			h.rest = append(h.rest, topicEntry{9, "z"})
		}, `"z", which no client appended`},
		"an entry lies elsewhere than acknowledged": {func(h *topicHistory) { h.addends[5].index = 9 },
			"which was acknowledged at 9"},
		"a later entry is in front": {func(h *topicHistory) {
			h.addends[0].call, h.addends[0].end = 26, 29
		}, `"a" is at 5, and "b", acknowledged before it was sent, at 6`},
		"an entry of unknown fate is in front of what was known before": {func(h *topicHistory) {
			h.addends[2].call = 55
		}, `"c" is at 7, and "f", acknowledged before it was sent, at 8`},
		"a stale read": {func(h *topicHistory) { h.pages[0].call, h.pages[0].end = 21, 22 },
			`answered nothing after 0, and "a" had been acknowledged at 5`},
		"a page ends too early and is not full": {func(h *topicHistory) {
			h.pages[2].entries = h.pages[2].entries[:2]
		}, `answered nothing after 7, and "f" had been acknowledged at 8`},
		"a gap where the index is no longer dense": {func(h *topicHistory) {
			h.addends[5].index = 9
			h.pages[2].entries[2].index, h.pages[4].entries[1].index, h.rest[1].index = 9, 9, 9
		}, "asked for what is after 5"},
		"an error without a trim": {func(h *topicHistory) { h.cuts = nil }, "and no client trimmed them"},
		"an error before the trim": {func(h *topicHistory) { h.pages[3].call, h.pages[3].end = 58, 59 },
			"and no client trimmed them"},
		"an error for what was not trimmed": {func(h *topicHistory) { h.pages[3].after, h.pages[3].goOn = 6, 7 },
			"and no client trimmed them"},
		"an error that leads too far": {func(h *topicHistory) { h.pages[3].goOn = 7 }, "and no client trimmed them"},
		"an error that leads back":    {func(h *topicHistory) { h.pages[3].after = 6 }, "to go on after 6"},
		"a silent gap after a trim": {func(h *topicHistory) {
			h.pages[3].gone, h.pages[3].entries = false, []topicEntry{{7, "c"}, {8, "f"}}
		}, `"a" at 5 is missing`},
		"a trimmed entry is read": {func(h *topicHistory) {
			h.pages[3].gone, h.pages[3].entries = false, []topicEntry{{5, "a"}, {6, "b"}, {7, "c"}, {8, "f"}}
		}, "entry 5, which had been trimmed"},
		"a trimmed entry is there at the end": {func(h *topicHistory) {
			h.rest = append([]topicEntry{{6, "b"}}, h.rest...)
		}, "6 is there and was trimmed"},
		"a refused trim takes effect": {func(h *topicHistory) { h.cuts[0].fate = client.NotDone },
			"is gone at the end"},
	} {
		t.Run(name, func(t *testing.T) {
			h := topicStory()
			c.change(h)
			if err := h.check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the check says %v, want %q", err, c.want)
			}
		})
	}
}
