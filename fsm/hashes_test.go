package fsm

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// compareTranscript has each case of a transcript answered by an empty machine, and compares the replies.
func compareTranscript(t *testing.T, name string) {
	t.Helper()
	eachCase(t, name, func(title string, lines []string) {
		m := newMachine(t)
		for _, line := range lines {
			command, want, _ := strings.Cut(line, " → ")
			if got := oneLine(do(m, words(command))); !sameWords(got, want) {
				t.Errorf("%s: %s answers %s, want %s", title, command, got, want)
			}
		}
		checkHash(t, m)
	})
}

// eachCase visits the cases of a transcript in testdata.
func eachCase(t *testing.T, name string, visit func(title string, lines []string)) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	_, cases, _ := strings.Cut(string(file), "\n# ")
	for text := range strings.SplitSeq(cases, "\n# ") {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		visit(lines[0], lines[1:])
	}
}

// sameWords reports whether two replies have the same words in any order, behind the same first one.
func sameWords(one, other string) bool {
	ones, others := strings.Fields(one), strings.Fields(other)
	if len(ones) == 0 || len(others) == 0 || ones[0] != others[0] {
		return false
	}
	slices.Sort(ones)
	slices.Sort(others)
	return slices.Equal(ones, others)
}

// TestTranscriptsOfElementsAreThoseOfRedis has a real Redis answer the same lines.
func TestTranscriptsOfElementsAreThoseOfRedis(t *testing.T) {
	redis := startRedis(t)
	for _, name := range []string{"hashes.txt", "sets.txt"} {
		compared := 0
		eachCase(t, name, func(title string, lines []string) {
			redis.do("flushall")
			for _, line := range lines {
				command, want, _ := strings.Cut(line, " → ")
				args := strings.Fields(command)
				if got := oneLine(redis.do(args...)); args[0] != "object" && !sameWords(got, want) {
					t.Errorf("%s: %s answers %s, the transcript says %s", title, command, got, want)
				}
				compared++
			}
		})
		if compared < 50 {
			t.Errorf("%s has %d lines", name, compared)
		}
	}
}

func TestHashCommandsAnswer(t *testing.T) { compareTranscript(t, "hashes.txt") }

func TestHashRepliesOfRESP3(t *testing.T) {
	m := newMachine(t)
	for _, step := range []struct{ line, want string }{
		{"hset h a 1", ":1|"},
		{"hgetall h", "%1|$1|a|$1|1|"},
		{"hgetall x", "%0|"},
		{"hkeys h", "*1|$1|a|"},
		{"hvals x", "*0|"},
		{"hget h x", "_|"},
		{"hmget h a x", "*2|$1|1|_|"},
		{"hrandfield x", "_|"},
		{"hrandfield h 2 withvalues", "*1|*2|$1|a|$1|1|"},
		{"hrandfield h -2 withvalues", "*2|*2|$1|a|$1|1|*2|$1|a|$1|1|"},
		{"hrandfield h 1", "*1|$1|a|"},
		{"hscan h 0", "*2|$1|0|*2|$1|a|$1|1|"},
		{"hincrbyfloat h a 0.5", "$3|1.5|"},
	} {
		if got := strings.ReplaceAll(doIn(m, 3, words(step.line)), "\r\n", "|"); got != step.want {
			t.Errorf("%s: got %s, want %s", step.line, got, step.want)
		}
	}
}

// TestElementsHaveTheLimitOfStrings sets fields, values and members at the limit and above it.
func TestElementsHaveTheLimitOfStrings(t *testing.T) {
	m := New(Options{MaxValueBytes: 4})
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	for _, step := range []struct{ line, want string }{
		{"hset h 1234 1234", ":1"}, {"hset h 12345 1", tooLong}, {"hmset h a 12345", tooLong}, {"hsetnx h a 12345", tooLong},
		{"hsetnx h 12345 1", tooLong}, {"hincrby h a 9999", ":9999"}, {"hincrby h a 1", tooLong},
		{"hincrby h 12345 1", tooLong},
		{"hincrbyfloat h b 0.25", "$4 0.25"}, {"hincrbyfloat h b 0.001", tooLong}, {"hlen h", ":3"},
		{"sadd s 1234", ":1"}, {"sadd s 12345", tooLong}, {"sadd s a 12345", tooLong}, {"scard s", ":1"},
		{"zadd z 1 1234", ":1"}, {"zadd z 1 12345", tooLong}, {"zadd z 1 a 2 12345", tooLong}, {"zincrby z 1 12345", tooLong},
		{"zadd z xx incr 1 12345", tooLong}, {"geoadd z 1 1 12345", tooLong}, {"geoadd z 1 1 1234", ":0"}, {"zcard z", ":1"},
		{"rpush l 1234", ":1"}, {"rpush l a 12345", tooLong}, {"lset l 0 12345", tooLong}, {"llen l", ":1"},
		{"xadd x 1 1234 1234", "$3 1-0"}, {"xadd x 2 12345 1", tooLong}, {"xadd x 2 a 12345", tooLong}, {"xlen x", ":1"},
		{"xgroup create x 12345 0", "+OK"}, {"xgroup createconsumer x 12345 12345", ":1"}, {"set 12345 1234", "+OK"},
	} {
		if got := script(m, step.line); got != step.want {
			t.Errorf("%s: got %s, want %s", step.line, got, step.want)
		}
	}
	checkHash(t, m)
}

// TestLongRepliesOfHashesAreRefused: a reply that does not fit is an error and nothing else.
func TestLongRepliesOfHashesAreRefused(t *testing.T) {
	m := newMachine(t)
	long := strings.Repeat("x", 1000)
	for i := range 20 {
		do(m, toArgs([]string{"hset", "h", strconv.Itoa(i), long}), toArgs([]string{"sadd", "s", strconv.Itoa(i) + long}))
	}
	for line, fits := range map[string]bool{
		"hget h 1": true, "hmget h 1 2 3": true, "hmget h 1 2 3 4 5 6 7 8": false, "hgetall h": false, "hkeys h": true,
		"hvals h": false, "hrandfield h 2 withvalues": true, "hrandfield h 15 withvalues": false, "hrandfield h -9": false,
		"hrandfield h -1000000 withvalues": false, "hscan h 0 count 1000": false, "smembers s": false,
		"srandmember s 9": false, "srandmember s -9": false, "srandmember s 3": true, "srandmember s 100": false,
		"sscan s 0 count 1000": false, "sunion s s": false, "sinter s": false,
		"sdiff s x": false, "sintercard 1 s": true, "hrandfield h 100": true,
	} {
		if line == "hrandfield h -9" {
			fits = true // fields are short
		}
		run := newRun(2, words(line))
		run.MaxReplyBytes = 6000
		m.Query(0, run)
		refused := strings.HasPrefix(string(run.Reply), "-ERR the reply would be longer")
		if refused == fits || refused && bytes.Count(run.Reply, []byte("\r\n")) != 1 {
			t.Errorf("%s: %.80q", line, run.Reply)
		}
	}
}

// TestLongFieldsAreLeftToTheConnection as long strings are, and stay as they were whatever happens to the hash.
func TestLongFieldsAreLeftToTheConnection(t *testing.T) {
	m := newMachine(t)
	long := strings.Repeat("long", 5000)
	for i := range 200 {
		do(m, toArgs([]string{"hset", "h", strconv.Itoa(i), "short"}))
	}
	do(m, toArgs([]string{"hset", "h", "f", long}))
	run := newRun(2, words("hget h f"), words("hmget h 1 f"))
	run.LateBytes = 100
	m.Query(0, run)
	if run.Long.Bytes() != 2*len(long) || len(run.Reply) > 100 {
		t.Fatalf("%d bytes are left out of a reply of %d", run.Long.Bytes(), len(run.Reply))
	}
	do(m, toArgs([]string{"hset", "h", "f", strings.Repeat("gnol", 5000)}))
	do(m, words("hset h f other"), words("del h"))
	run.Join()
	bulk := fmt.Sprintf("$%d\r\n%s\r\n", len(long), long)
	if want := bulk + "*2\r\n$5\r\nshort\r\n" + bulk; string(run.Reply) != want {
		t.Fatal("a value that was left out is another one in the reply")
	}
}
