package fsm

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// keyNames are the keys of random commands.
var keyNames = [...]string{"a", "b", "c", "{a}1", "", "d\x00e"}

// keyCommands draws commands of keys and time, with options that make sense and others. Times are far enough from the
// present that it makes no difference when, within some minutes, a server looks at its clock.
type keyCommands struct{ *rand.Rand }

func (r keyCommands) pick(words ...string) string { return words[r.IntN(len(words))] }

func (r keyCommands) key() string { return r.pick(keyNames[:]...) }

func (r keyCommands) value() string {
	return r.pick("1", "-7", "007", "text", strings.Repeat("x", 44), strings.Repeat("x", 45), "")
}

// when is a moment: a thousand years ahead, or 1970, or nonsense.
func (r keyCommands) when() string {
	if r.IntN(2) == 0 { // as seconds in some years, as milliseconds in a day, as a moment long ago
		return strconv.FormatInt(100_000_000+r.Int64N(1_000_000_000), 10)
	}
	return r.pick("0", "-1", "1.5", "x", "", "9223372036854775807", "-9223372036854775808", "9223372036854776",
		"-9223372036854776", "99999999999", "99999999999999", "5000000000000", "1")
}

// relative is a time from now that no key reaches while a test runs.
func (r keyCommands) relative() string {
	for {
		if text := r.when(); text != "1" {
			return text
		}
	}
}

// with adds up to so many options.
func (r keyCommands) with(args []string, most int, option func() []string) []string {
	for range r.IntN(most + 1) {
		args = append(args, option()...)
	}
	return args
}

func (r keyCommands) setOption() []string {
	switch r.IntN(8) {
	case 0:
		return []string{r.pick("ex", "PX"), r.relative()}
	case 1:
		return []string{r.pick("EXAT", "pxat"), r.when()}
	case 2:
		return []string{r.pick("persist", "keepttl", "ex", "foo", "replace")}
	}
	return []string{r.pick("NX", "xx", "get", "KeepTTL", "xx", "nx")}
}

func (r keyCommands) condition() []string {
	return []string{r.pick("nx", "XX", "gt", "LT", "gt", "lt", "foo\x00bar", "")}
}

func (r keyCommands) copyOption() []string {
	if r.IntN(2) == 0 {
		return []string{"replace"}
	}
	return []string{"db", r.pick("0", "0", "1", "-1", "x", "99999999999", "2147483648", "99999999999999999999")}
}

func (r keyCommands) scanOption() []string {
	return []string{r.pick("match", "TYPE", "count", "foo"), r.pick("*", "string", "STRING", "hash", "100", "0", "x")}
}

// draw is any command.
func (r keyCommands) draw() []string {
	switch r.IntN(20) {
	case 0, 1, 2:
		return r.with([]string{"set", r.key(), r.value()}, 3, r.setOption)
	case 3:
		return []string{r.pick("setex", "psetex"), r.key(), r.relative(), r.value()}
	case 4:
		return r.with([]string{"getex", r.key()}, 1, r.setOption)
	case 5, 6:
		return r.with([]string{r.pick("expire", "pexpire"), r.key(), r.relative()}, 2, r.condition)
	case 7, 8:
		return r.with([]string{r.pick("expireat", "pexpireat"), r.key(), r.when()}, 2, r.condition)
	case 9, 10:
		return []string{r.pick("ttl", "pttl", "expiretime", "pexpiretime"), r.key()}
	case 11, 12:
		return []string{r.pick("persist", "type", "get", "incr"), r.key()}
	case 13:
		return []string{r.pick("del", "unlink", "exists", "touch"), r.key(), r.key()}
	case 14:
		return []string{r.pick("rename", "renamenx"), r.key(), r.key()}
	case 15:
		return r.with([]string{"copy", r.key(), r.key()}, 2, r.copyOption)
	case 16:
		return []string{"object", r.pick("encoding", "freq", "encoding", "nosuch"), r.key()}
	case 17:
		return []string{"keys", r.pick("*", "?", "[a-b]", "{a}*", "", "\\a", "[^a]", "*\x00*")}
	case 18:
		return r.with([]string{"scan", "0", "count", "1000"}, 2, r.scanOption)
	}
	if r.IntN(10) > 0 {
		return []string{r.pick("randomkey", "randomkey", "object", "keys", "ttl")}
	}
	return r.with([]string{r.pick("flushall", "flushdb")}, 2, func() []string { return []string{r.pick("sync", "x")} })
}

// sameReply reports whether two replies to a command say the same: lists in any order, times that are left within
// seconds, and of random keys only whether there is one.
func sameReply(name, got, want string) bool {
	switch name {
	case "keys", "scan":
		one, other := strings.Split(got, "\r\n"), strings.Split(want, "\r\n")
		slices.Sort(one)
		slices.Sort(other)
		return slices.Equal(one, other)
	case "randomkey":
		return (got == "$-1\r\n") == (want == "$-1\r\n")
	case "ttl", "expiretime", "pttl", "pexpiretime":
		one, err := strconv.ParseInt(strings.Trim(got, ":\r\n"), 10, 64)
		other, otherErr := strconv.ParseInt(strings.Trim(want, ":\r\n"), 10, 64)
		if err != nil || otherErr != nil || one < 0 || other < 0 {
			return got == want
		}
		slack := int64(60)
		if name[0] == 'p' {
			slack *= millisPerSecond
		}
		return max(one-other, other-one) <= slack
	}
	return got == want
}

// TestKeysAndTimesAreThoseOfRedis runs random commands here, at the present time, and in a real Redis.
func TestKeysAndTimesAreThoseOfRedis(t *testing.T) {
	const rounds, perRound = 4000, 8
	r := keyCommands{random(t, 24)}
	redis, m := startRedis(t, "--databases", "1"), newMachine(t)
	for round := range rounds {
		var lines [][]string
		var calls [][][]byte
		for range perRound {
			line := r.draw()
			lines, calls = append(lines, line), append(calls, toArgs(line))
		}
		redis.send(calls...)
		for i, line := range lines {
			want := redis.reply()
			got := doAt(t, m, time.Now().UnixMilli(), calls[i])
			if !sameReply(line[0], got, want) {
				t.Fatalf("round %d: %q after %q: got %q, want %q", round, line, lines[:i], got, want)
			}
		}
		if round%100 != 0 {
			continue
		}
		checkDeadlines(t, m)
		redis.do(append([]string{"exists"}, keyNames[:]...)...) // which removes what has ended: until then Redis counts it
		if got, want := doAt(t, m, time.Now().UnixMilli(), words("dbsize")), redis.do("dbsize"); got != want {
			t.Fatalf("round %d: DBSIZE is %q, in Redis %q", round, got, want)
		}
	}
}

// TestPatternsAreThoseOfRedis compares what matches random patterns, many of them broken.
func TestPatternsAreThoseOfRedis(t *testing.T) {
	r := random(t, 25)
	redis, m := startRedis(t), newMachine(t)
	text := func(alphabet string, most int) string {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	for range 100 {
		line := []string{"set", text("aabc-]^\\[*?", 5), "1"}
		redis.do(line...)
		doAt(t, m, 1, toArgs(line))
	}
	for range 2000 {
		line := []string{"keys", text("abc-]^\\[*?*[", 7)}
		if got, want := doAt(t, m, 1, toArgs(line)), redis.do(line...); !sameReply("keys", got, want) {
			t.Fatalf("%q: got %q, want %q", line[1], got, want)
		}
	}
}

// TestCursorsAreReadAsByRedis compares what is a cursor, where there is nothing to scan.
func TestCursorsAreReadAsByRedis(t *testing.T) {
	redis, m := startRedis(t), newMachine(t)
	for _, cursor := range []string{
		"0", "", "+5", "-1", " 1", "1 ", "x", "-", "+", "--1", "1_0", "0x10", "007", "18446744073709551615",
		"18446744073709551616", "-18446744073709551615", "9223372036854775808", "-18446744073709551616",
	} {
		line := []string{"scan", cursor}
		if got, want := do(m, toArgs(line)), redis.do(line...); got != want {
			t.Errorf("%q: got %q, want %q", cursor, got, want)
		}
	}
}
