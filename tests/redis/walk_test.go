package redis_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/differences"
	"github.com/raftredis/raftredis/internal/draw"
)

// walkPage is how many keys of a walk are asked for at once.
const walkPage = 200

// databases is how many databases a server has.
func databases(t testing.TB, l *line) int {
	t.Helper()
	items := bulks(l.do("config", "get", "databases"))
	n, err := strconv.Atoi(items[len(items)-1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// bulks are the strings of a reply with strings in it.
func bulks(replies string) (all []string) {
	for rest := replies; rest != ""; {
		header, behind, _ := strings.Cut(rest, "\r\n")
		if header[0] != '$' {
			rest = behind
			continue
		}
		n, _ := strconv.Atoi(header[1:])
		all, rest = append(all, behind[:max(n, 0)]), behind[min(len(behind), max(n, -2)+2):]
	}
	return all
}

// ownPrefix begins the names of keys that are only here, in tests that have some.
const ownPrefix = "own:"

// keysOf are all keys of the database of a connection but this server's own, in order.
func keysOf(l *line) (keys []string) {
	cursor := "0"
	for {
		items := bulks(l.do("scan", cursor, "count", "1000"))
		cursor, keys = items[0], append(keys, items[1:]...)
		if cursor == "0" {
			keys = slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(key, ownPrefix) })
			slices.Sort(keys)
			return slices.Compact(keys)
		}
	}
}

// walkSlackSeconds is how far apart two walks may see the end of a key.
const walkSlackSeconds = 60

// compareKeySpaces compares all keys of all databases of two servers by their types, contents and deadlines, and
// returns how many there are of each type.
func compareKeySpaces(t testing.TB, redis, here *line) map[string]int {
	t.Helper()
	found := map[string]int{}
	for database := min(databases(t, redis), databases(t, here)) - 1; database >= 0; database-- { // and leaves both in 0
		for _, l := range []*line{redis, here} {
			if got := l.do("select", strconv.Itoa(database)); got != "+OK\r\n" {
				t.Fatalf("SELECT %d: %q", database, got)
			}
		}
		want, got := keysOf(redis), keysOf(here)
		if !slices.Equal(want, got) {
			t.Fatalf("database %d: the keys here are %.1000q\n in Redis %.1000q", database, got, want)
		}
		for page := range slices.Chunk(want, walkPage) {
			comparePage(t, redis, here, page, found)
		}
	}
	return found
}

func comparePage(t testing.TB, redis, here *line, keys []string, found map[string]int) {
	t.Helper()
	var calls [][]string
	for _, key := range keys {
		calls = append(calls, []string{"type", key})
	}
	types := both(redis, here, calls)
	calls = calls[:0]
	for i, key := range keys {
		if types[i].redis != types[i].here {
			t.Fatalf("%q is a %s here, in Redis a %s", key, text(types[i].here), text(types[i].redis))
		}
		kind := text(types[i].redis)
		if found[kind]++; kind == "stream" {
			comparePending(t, redis, here, key)
		}
		calls = append(append(calls, draw.Contents(kind, key)...), []string{"ttl", key})
	}
	for i, answers := range both(redis, here, calls) {
		_, excused := differences.Excuse(calls[i], answers.redis, answers.here)
		if !excused && !sameStored(calls[i], answers) {
			t.Fatalf("%.100q\n here %.1000q\nRedis %.1000q", calls[i], answers.here, answers.redis)
		}
	}
}

// comparePending compares what is pending in the groups of a stream, but for how long it has been idle.
func comparePending(t testing.TB, redis, here *line, key string) {
	t.Helper()
	var calls [][]string
	for _, group := range items(redis.do("xinfo", "groups", key)) {
		calls = append(calls, []string{"xpending", key, text(items(group)[1]), "-", "+", "100000000"})
	}
	const idle = 2
	withoutIdle := func(reply string) (entries []string) {
		for _, entry := range items(reply) {
			entries = append(entries, strings.Join(slices.Delete(items(entry), idle, idle+1), ""))
		}
		return entries
	}
	for i, a := range both(redis, here, calls) {
		if want, got := withoutIdle(a.redis), withoutIdle(a.here); !slices.Equal(want, got) {
			t.Fatalf("%.100q\n here %.1000q\nRedis %.1000q", calls[i], got, want)
		}
	}
}

// sameStored reports whether two answers about a key say the same. The deadline may be some seconds nearer.
func sameStored(call []string, a answers) bool {
	if call[0] == "ttl" {
		return nearly(a, walkSlackSeconds)
	}
	return draw.Same(call[0], call, a.redis, a.here)
}

// nearly reports whether two numbers are equal but for some time that has passed; what is negative is no time.
func nearly(a answers, slack int64) bool {
	one, ok := number(a.redis)
	other, okToo := number(a.here)
	switch {
	case !ok || !okToo || one < 0 || other < 0:
		return a.redis == a.here
	}
	return one-other <= slack && other-one <= slack
}

// answers are what two servers answer to one call.
type answers struct{ redis, here string }

// both makes calls at two servers at once.
func both(redis, here *line, calls [][]string) (all []answers) {
	redis.send(calls...)
	here.send(calls...)
	for range calls {
		all = append(all, answers{redis.reply(), here.reply()})
	}
	return all
}
