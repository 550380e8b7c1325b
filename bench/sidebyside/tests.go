package sidebyside

import "strings"

// test is something that redis-benchmark does: by the name that its option -t takes, or by a command. The title is the
// one that it has in the default list.
type test struct{ name, title string }

// isCommand reports whether the name of a test is a command.
func (t test) isCommand() bool { return strings.Contains(t.name, " ") }

// tests are what redis-benchmark does when it is not told what, in that order, since one needs what the one before it
// has left. Before LRANGE it does LPUSH once more, under another title. XADD is new in 7.2, and has no name in 7.0.
var tests = []test{
	{"ping_inline", "PING_INLINE"},
	{"ping_mbulk", "PING_MBULK"},
	{"set", "SET"},
	{"get", "GET"},
	{"incr", "INCR"},
	{"lpush", "LPUSH"},
	{"rpush", "RPUSH"},
	{"lpop", "LPOP"},
	{"rpop", "RPOP"},
	{"sadd", "SADD"},
	{"hset", "HSET"},
	{"spop", "SPOP"},
	{"zadd", "ZADD"},
	{"zpopmin", "ZPOPMIN"},
	{"lpush", neededTitle},
	{"LRANGE mylist 0 99", "LRANGE_100 (first 100 elements)"},
	{"LRANGE mylist 0 299", "LRANGE_300 (first 300 elements)"},
	{"LRANGE mylist 0 449", "LRANGE_500 (first 500 elements)"},
	{"LRANGE mylist 0 599", "LRANGE_600 (first 600 elements)"},
	{"mset", "MSET (10 keys)"},
	{"XADD mystream * myfield xxx", newerTitle},
}

const neededTitle, newerTitle = "LPUSH (needed to benchmark LRANGE)", "XADD"

// DefaultTitles are the titles of what redis-benchmark 7.0 does by default.
func DefaultTitles() (all []string) {
	for _, t := range tests {
		if t.title != newerTitle {
			all = append(all, t.title)
		}
	}
	return all
}

// Titles are those of all that is measured.
func Titles() []string { return append(DefaultTitles(), newerTitle) }
