package differences

import (
	"regexp"
	"strings"
)

// streamList has the differences in what is about streams.
var streamList = []Difference{
	{
		ID:    "xreadgroup-block",
		Redis: "`XREADGROUP … BLOCK` waits for an entry that is new to the group",
		Here:  "it is an error where it had to wait, and nothing has happened then; `XREAD … BLOCK` waits",
		Why:   "it is a write that waits, which is not built yet",
		Probes: []Probe{{
			[]string{"XGROUP CREATE k g 0 MKSTREAM", "XREADGROUP GROUP g a BLOCK 1 STREAMS k >"},
			`\*-1\r\n`, `-ERR XREADGROUP does not wait yet.*\r\n`,
		}},
	},
	{
		ID: "stream-nodes",
		Redis: "`stream-node-max-entries` and `stream-node-max-bytes` say how many entries lie together, and so what `~` " +
			"drops; without a bound, up to 1 GiB lies together",
		Here: "they do, by the settings of the node that the client of the write is connected to; up to 1,000 " +
			"entries or 16 KiB lie together, and what lies alone has any length",
		Why:   "what a write drops must be the same on every node, and a write behind a snapshot copies what lies together",
		Proof: "TestBlocksEndWhereNodesOfRedisDo",
	},
	{
		ID: "stream-counts-stay",
		Redis: "how many entries were added to a stream, or read by a group, becomes negative behind the highest number " +
			"of 64 bits, which a client may set (`ENTRIESADDED`, `ENTRIESREAD`)",
		Here:  "the highest number stays",
		Why:   "such a stream could be dumped and not restored",
		Proof: "TestReadCountsDoNotWrap",
		Excuses: func(call []string, redis, here string) bool {
			wrapped := strings.Contains(redis, "entries-read\r\n:-") || strings.Contains(redis, "entries-added\r\n:-")
			return calls(call, "XINFO") && wrapped && strings.Contains(here, ":9223372036854775807\r\n")
		},
	},
	{
		ID:    "stream-times",
		Redis: "when an entry was delivered and when a consumer was seen is a time of the server's clock",
		Here: "idle times are elapsed times, whatever clocks do; such a moment in `XINFO STREAM … FULL` moves when wall " +
			"time is corrected",
		Why:   "an entry must not look idle, and be claimed twice, because a clock was set",
		Proof: "TestIdleTimesAreElapsedTimes",
	},
	{
		ID:    "newer-consumers",
		Newer: true,
		Redis: "in 7.0, `XINFO` does not tell when a consumer last got something, and it is seen only when it gets something",
		Here:  "`XINFO CONSUMERS` has `inactive` and `XINFO STREAM … FULL` has `active-time`; it is seen whenever it asks",
		Why:   "as in 7.2",
		Probes: []Probe{{
			[]string{"XGROUP CREATE k g 0 MKSTREAM", "XGROUP CREATECONSUMER k g a", "XINFO CONSUMERS k g"},
			`\*1\r\n\*6\r\n(?s:.*)`, `\*1\r\n\*8\r\n(?s:.*)\$8\r\ninactive\r\n:-1\r\n`,
		}},
		Excuses: func(call []string, redis, here string) bool {
			shows := calls(call, "XINFO", "CONSUMERS") || calls(call, "XINFO", "STREAM")
			return shows && withoutActivity(redis) == withoutActivity(here)
		},
	},
	{
		ID:    "newer-consumer-is-made",
		Newer: true,
		Redis: "in 7.0, `XREADGROUP`, `XCLAIM` and `XAUTOCLAIM` make a consumer when it gets something",
		Here:  "they make it when it asks",
		Why:   "as in 7.2",
		Probes: []Probe{{
			[]string{"XGROUP CREATE k g 0 MKSTREAM", "XREADGROUP GROUP g a STREAMS k >", "XGROUP CREATECONSUMER k g a"},
			`:1\r\n`, `:0\r\n`,
		}},
	},
	{
		ID:    "newer-unbalanced",
		Newer: true,
		Redis: "in 7.0, the error of `XREADGROUP` with a key too many names `XREAD`",
		Here:  "it names the command",
		Why:   "as in 7.2",
		Probes: []Probe{{
			[]string{"XREADGROUP GROUP g a STREAMS k l >"},
			`-ERR Unbalanced XREAD list of streams.*\r\n`, `-ERR Unbalanced 'xreadgroup' list of streams.*\r\n`,
		}},
		Excuses: func(call []string, redis, here string) bool {
			reads := calls(call, "XREAD") || calls(call, "XREADGROUP")
			return reads && hasPrefix(redis, "-ERR Unbalanced XREAD list") && hasPrefix(here, "-ERR Unbalanced 'xread")
		},
	},
	{
		ID:    "newer-xsetid",
		Newer: true,
		Redis: "in 7.0, `XSETID` takes an ID below the highest that was deleted",
		Here:  "it refuses it",
		Why:   "as in 7.2",
		Probes: []Probe{{
			[]string{"XADD k 1-0 f v", "XADD k 2-0 f v", "XDEL k 2-0", "XSETID k 1-5"},
			`\+OK\r\n`, `-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id\r\n`,
		}},
		Excuses: func(call []string, redis, here string) bool {
			refused := strings.HasSuffix(here, " is smaller than current max_deleted_entry_id\r\n")
			return calls(call, "XSETID") && refused && (redis == "+OK\r\n" || hasPrefix(redis, "-ERR The "))
		},
	},
}

// activity is what Redis 7.0 does not tell of a consumer, or counts in another way, and how many pairs it tells.
var activity = regexp.MustCompile(`\$8\r\ninactive\r\n:-?\d+\r\n|\$11\r\nactive-time\r\n:-?\d+\r\n|` +
	`\$4\r\nidle\r\n:\d+\r\n|\$9\r\nseen-time\r\n:\d+\r\n|[*%]\d+\r\n(\$4\r\nname\r\n)`)

// withoutActivity is a reply without that.
func withoutActivity(reply string) string { return activity.ReplaceAllString(reply, "$1") }
