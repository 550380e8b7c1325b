package differences

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// List has all differences; it is not to be changed.
var List = slices.Concat(keyList, streamList, sortedSetList, serverList)

// keyList has the differences in what is about keys and their values.
var keyList = []Difference{
	{
		ID:    "object-encoding",
		Redis: "`OBJECT ENCODING` tells how the value lies in memory, which depends on the commands that made it",
		Here: "it tells how Redis would keep the value if it had just been made, by this node's " +
			"`hash-max-listpack-entries` and the like",
		Why: "how a value lies in memory may differ between nodes, and replies must not",
		Probes: []Probe{
			{[]string{"SET k a", "APPEND k b", "OBJECT ENCODING k"}, `\$3\r\nraw\r\n`, `\$6\r\nembstr\r\n`},
			{[]string{"SADD k 1 a", "SREM k a", "OBJECT ENCODING k"}, `\$\d\r\n(hashtable|listpack)\r\n`, `\$6\r\nintset\r\n`},
		},
		Excuses: func(call []string, redis, here string) bool {
			// What a string or a container has become, and a set or a list that Redis 7.0 has no listpack for.
			larger := []string{"raw", "embstr", "hashtable", "skiplist", "quicklist"}
			smaller := []string{"embstr", "int", "listpack", "intset"}
			return calls(call, "OBJECT", "ENCODING") && slices.Contains(larger, bulkText(redis)) &&
				slices.Contains(smaller, bulkText(here))
		},
	},
	{
		ID:    "dump",
		Redis: "`DUMP` writes a value as it lies in memory, compressed, in the version of the server",
		Here: "it writes the elements, not compressed, in the oldest version that has the type; topics and locks are " +
			"refused",
		Why: "an older Redis reads what it can, and no form depends on a setting or on history",
		Probes: []Probe{
			{
				[]string{"SET k 10", "DUMP k"},
				`\$13\r\n\x00(?s:.)\n\n\x00(?s:.*)`, `\$13\r\n\x00(?s:.)\n\x06\x00(?s:.*)`,
			},
		},
		Excuses: func(call []string, redis, here string) bool {
			return calls(call, "DUMP") && strings.HasPrefix(redis, "$") && strings.HasPrefix(here, "$")
		},
	},
	{
		ID:    "restore",
		Redis: "`RESTORE` looks into a listpack when it is used, unless `sanitize-dump-payload` says otherwise",
		Here: "it checks all of a payload, and refuses what is damaged; a " +
			"time to live beyond the last moment of 64 bits is refused, in Redis it overflows",
		Why:   "a damaged value would be one on all nodes",
		Proof: "TestRestore_WhatIsDamagedIsRefused",
		Avoids: func(call []string) bool {
			if !calls(call, "RESTORE") || len(call) < 3 {
				return false
			}
			ttl, err := strconv.ParseInt(call[2], 10, 64)
			return err == nil && ttl > math.MaxInt64/2
		},
	},
	{
		ID: "object-refcount",
		Redis: "`OBJECT REFCOUNT` tells how many parts of the server use a value: 2147483647 where a whole number below " +
			"10000 was set, which are shared, and not where it was put together by `APPEND`",
		Here: "it tells 2147483647 for such a number and 1 for all else, as for `OBJECT ENCODING` by the value alone",
		Why:  "how a value lies in memory may differ between nodes, and replies must not",
		Probes: []Probe{
			{[]string{"SET k 7", "APPEND k 7", "OBJECT REFCOUNT k"}, `:1\r\n`, `:2147483647\r\n`},
		},
		Excuses: func(call []string, redis, here string) bool {
			// Redis counts its own use of a value too, while it lets go of one in the background.
			const shared = ":2147483647\r\n"
			return calls(call, "OBJECT", "REFCOUNT") && redis[0] == ':' && redis != shared &&
				(here == shared || here == ":1\r\n")
		},
	},
	{
		ID:    "object-idletime",
		Redis: "`OBJECT IDLETIME` and `OBJECT FREQ` tell of the uses of a key on the server",
		Here: "they tell of those on the node that is asked: of its own clients' reads, and of all writes. What was not " +
			"used since the snapshot with which the node began counts from there, and a read that is so long that it is " +
			"put off is no use",
		Why: "a read enters no log, so other nodes do not hear of it",
		Excuses: func(call []string, redis, here string) bool {
			// A second ends when it does, and Redis asks its clock ten times a second.
			was, errWas := strconv.Atoi(strings.Trim(redis, ":\r\n"))
			is, errIs := strconv.Atoi(strings.Trim(here, ":\r\n"))
			return calls(call, "OBJECT", "IDLETIME") && errWas == nil && errIs == nil && max(was-is, is-was) <= 1
		},
		Proof: "TestUsesOfKeysAreThoseOfTheNode",
	},
	{
		ID:    "help",
		Redis: "`HELP` of a command with subcommands lists them",
		Here:  "it lists them in other words, and those that exist here",
		Why:   "the texts are this project's own",
		Probes: []Probe{
			{[]string{"OBJECT HELP"}, `\*\d+\r\n(?s:.*)Return the (?s:.*)`, `\*\d+\r\n(?s:.*)How Redis would (?s:.*)`},
		},
		Excuses: func(call []string, redis, here string) bool {
			return len(call) == 2 && calls(call[1:], "HELP") && redis[0] == '*' && here[0] == '*'
		},
	},
	{
		ID:    "bitfield-saturation",
		Redis: "`BITFIELD … OVERFLOW SAT SET` of a number near the lowest of 64 bits stores the highest the field holds",
		Here:  "it stores the lowest",
		Why:   "a subtraction overflows in Redis; its documentation wants the nearest number, as here",
		Probes: []Probe{{
			[]string{"BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0"},
			`\*2\r\n:0\r\n:127\r\n`, `\*2\r\n:0\r\n:-128\r\n`,
		}},
		Avoids: func(call []string) bool {
			const nearLowest = math.MinInt64 / 2
			saturates, low := false, false
			for _, arg := range call {
				n, err := strconv.ParseInt(arg, 10, 64)
				saturates = saturates || strings.EqualFold(arg, "SAT")
				low = low || err == nil && n <= nearLowest
			}
			return calls(call, "BITFIELD") && saturates && low
		},
	},
	{
		ID: "bitfield-end",
		Redis: "`BITFIELD` looks where the first bit of a field lies, and makes a string longer than `proto-max-bulk-len` " +
			"by up to eight bytes",
		Here:  "a field that ends behind the longest string is refused when it is written, in the words for its first bit",
		Why:   "the longest string is the same for all commands, and on all nodes",
		Proof: "TestBitFieldsThatRedisTakesAreRefused",
	},
	{
		ID:    "bitfield-offset",
		Redis: "`BITFIELD … #n` with an `n` so high that its product with the width overflows is taken for another place",
		Here:  "it is refused as out of range",
		Why:   "a user who writes it does not mean that place",
		Probes: []Probe{{
			[]string{"BITFIELD k GET u8 #2305843009213693952"},
			`\*1\r\n:0\r\n`, `-ERR bit offset is not an integer or out of range\r\n`,
		}},
		Excuses: func(call []string, redis, here string) bool {
			const high = 1 << 56
			for _, arg := range call {
				digits, indexed := strings.CutPrefix(arg, "#")
				if n, err := strconv.ParseInt(digits, 10, 64); indexed && err == nil && n >= high {
					return calls(call, "BITFIELD") || calls(call, "BITFIELD_RO")
				}
			}
			return false
		},
	},
	{
		ID:    "newer-lpos-rank",
		Newer: true,
		Redis: "in 7.0, `LPOS … RANK` takes the lowest number of 64 bits, which has no opposite, and finds the last match",
		Here:  "it is refused as out of range",
		Why:   "as in 7.2",
		Probes: []Probe{{
			[]string{"RPUSH k a b a", "LPOS k a RANK -9223372036854775808"},
			`:2\r\n`, `-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n`,
		}},
		Excuses: func(call []string, _, here string) bool {
			lowest := false // for a RANK, also for one before another, or before what Redis finds wrong later
			for i := 3; i+1 < len(call); i += 2 {
				lowest = lowest || strings.EqualFold(call[i], "RANK") && call[i+1] == strconv.Itoa(math.MinInt64)
			}
			return calls(call, "LPOS") && lowest &&
				hasPrefix(here, "-ERR value is out of range, value must between -9223372036854775807 and ")
		},
	},
	{
		ID:    "end-of-a-key",
		Redis: "a key is there until the millisecond of its deadline has passed, by the clock of the server",
		Here: "it is gone when that millisecond begins: a time from now (`EX`) by elapsed time, whatever the clocks do, " +
			"a moment (`EXAT`) by the clocks of a majority of the voters",
		Why:   "no node's clock alone can be trusted, and a key that has ended must have ended on every node",
		Proof: "TestWrongClocks_KeysEndInTimeWhileLeadersAreKilled",
	},
	{
		ID:    "ended-keys-are-not-counted",
		Redis: "`DBSIZE` counts keys that have ended until they are removed",
		Here:  "it counts those that are there",
		Why:   "when a key is removed differs between servers; when it ends does not",
		Probes: []Probe{
			{[]string{"SET k v PXAT 1", "DBSIZE"}, `:1\r\n`, `:0\r\n`},
		},
	},
	{
		ID:    "element-order",
		Redis: "a hash or set forgets in which order its elements came when it grows beyond settings of the server",
		Here: "it does so beyond 512 elements or 128 KiB, on every node, and has an order again when half of that is left; " +
			"by default that is never before Redis does",
		Why: "every node must answer in the same order, whatever its settings are",
		Probes: []Probe{
			{
				[]string{"HSET k a " + strings.Repeat("x", 65) + " b 2 c 3 d 4 e 5 f 6 g 7 h 8", "HKEYS k"},
				`\*8` + outOfOrder("abcdefgh") + `(?s:.*)`,
				`\*8\r\n\$1\r\na\r\n\$1\r\nb\r\n\$1\r\nc\r\n\$1\r\nd\r\n\$1\r\ne\r\n\$1\r\nf\r\n\$1\r\ng\r\n\$1\r\nh\r\n`,
			},
		},
	},
	{
		ID:    "scan-cursor",
		Redis: "a cursor of `SCAN` and its like is a place in a hash table of this server",
		Here: "it is a hash, of `SCAN` with a slot, and means the same on every node and after a restart; one from " +
			"elsewhere means another place",
		Why: "a scan may go on at another node",
		Probes: []Probe{
			{[]string{"MSET" + numbered(200), "SCAN 0 COUNT 1"}, `\*2\r\n\$\d\r\n(?s:.*)`, `\*2\r\n\$\d\d\r\n(?s:.*)`},
		},
		Excuses: func(call []string, redis, here string) bool {
			const all = "*2\r\n$1\r\n0\r\n"
			at := 1
			if calls(call, "HSCAN") || calls(call, "SSCAN") || calls(call, "ZSCAN") {
				at = 2
			} else if !calls(call, "SCAN") {
				return false
			}
			fromElsewhere := len(call) > at && strings.Trim(call[at], "0") != ""
			part := !strings.HasPrefix(redis, all) || !strings.HasPrefix(here, all)
			return !isError(redis) && !isError(here) && (fromElsewhere || part)
		},
	},
}

// bulkText is the text of a bulk string without ends of lines in it.
func bulkText(reply string) string {
	_, text, _ := strings.Cut(reply, "\r\n")
	return strings.TrimSuffix(text, "\r\n")
}

// numbered are the words of so many keys with values.
func numbered(keys int) string {
	var b strings.Builder
	for i := range keys {
		fmt.Fprintf(&b, " key%d v", i)
	}
	return b.String()
}

// outOfOrder matches strings of one letter each as long as they are letters, until one that is not.
func outOfOrder(letters string) (pattern string) {
	for i := len(letters) - 1; i >= 0; i-- {
		is := letters[i : i+1]
		pattern = `\r\n\$1\r\n([^` + is + `]|` + is + pattern + `)`
	}
	return strings.Replace(pattern, "|"+letters[len(letters)-1:]+")", ")", 1)
}
