package fsm

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/differences"
)

// helloDigest is what Redis 8.4 answers to DIGEST of hello, otherDigest another digest.
const (
	helloDigest = "9555e8555c62dcfd"
	otherDigest = "9555e8555c62dcfe"
)

// TestConditionsHoldAsRedis84Says goes through all commands that compare, with what is at their edges.
func TestConditionsHoldAsRedis84Says(t *testing.T) {
	met := map[string]int{}
	file, err := os.ReadFile("testdata/conditions.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, cases, _ := strings.Cut(string(file), "\n# ")
	for text := range strings.SplitSeq(cases, "\n# ") {
		m := newMachine(t)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for _, line := range lines[1:] {
			command, want, compares := strings.Cut(line, " → ")
			if !compares {
				putWords(m, "k", "one")
				continue
			}
			args := words(command)
			for i := range args {
				if string(args[i]) == "''" {
					args[i] = []byte{}
				}
			}
			met[strings.ToLower(string(args[0]))]++
			if got := oneLine(doAt(t, m, 10, args)); got != want { // at 10 ms, so that a key may have ended
				t.Errorf("%s: %s answers %s, want %s", lines[0], command, got, want)
			}
		}
	}
	for _, name := range []string{"set", "delex", "delifeq", "digest"} {
		if met[name] < 5 {
			t.Errorf("%s was called %d times", name, met[name])
		}
	}
}

// oneLine is a reply with spaces for line ends.
func oneLine(reply string) string { return strings.TrimSpace(strings.ReplaceAll(reply, "\r\n", " ")) }

// TestAKeyThatEndsAtThisInstantIsAbsentForConditions: at its deadline, a millisecond before, and one behind.
func TestAKeyThatEndsAtThisInstantIsAbsentForConditions(t *testing.T) {
	for _, c := range []struct{ line, before, then string }{
		{"set k w ifeq hello", "+OK", "$-1"},
		{"set k w ifne hello", "$-1", "+OK"},
		{"set k w ifdeq " + helloDigest, "+OK", "$-1"},
		{"set k w ifdne " + helloDigest, "$-1", "+OK"},
		{"set k w ifeq hello get", "$5 hello", "$-1"},
		{"set k w keepttl ifeq hello", "+OK", "$-1"},
		{"set k w ifdeq abc", "-ERR must be exactly 16 hexadecimal characters", "$-1"},
		{"set k w ifdne abc", "-ERR must be exactly 16 hexadecimal characters", "+OK"},
		{"delex k ifeq hello", ":1", ":0"},
		{"delex k ifne other", ":1", ":0"},
		{"delex k ifdne " + otherDigest, ":1", ":0"},
		{"delifeq k hello", ":1", ":0"},
		{"digest k", "$16 " + helloDigest, "$-1"},
	} {
		for millis, want := range map[int64]string{1999: c.before, 2000: c.then, 2001: c.then} {
			m := newMachine(t)
			doAt(t, m, 1000, words("set k hello px 1000"))
			if got := oneLine(doAt(t, m, millis, words(c.line))); got != want {
				t.Errorf("%s at %d answers %s, want %s", c.line, millis, got, want)
			}
		}
	}
}

// TestDigestsOfOtherBytes are those that Redis 8.4 gives, in RESP3 too.
func TestDigestsOfOtherBytes(t *testing.T) {
	m := newMachine(t)
	for text, want := range map[string]string{
		"": "2d06800538d394c2", "123": "404a763b3f4c8c9a", "v8": "0cc76dbb41381419", "Hello world": "b6acb9d84a38ff74",
		"test": "9ec9f7918d7dfc40", "hello": helloDigest,
	} {
		do(m, [][]byte{[]byte("set"), []byte("k"), []byte(text)})
		if got := do(m, words("digest k")); got != "$16\r\n"+want+"\r\n" {
			t.Errorf("the digest of %q is %q", text, got)
		}
	}
	if got := doIn(m, 3, words("digest nosuch"), words("set nosuch w ifeq x")); got != "_\r\n_\r\n" {
		t.Errorf("in RESP3 nothing is %q", got)
	}
}

// TestADigestIsThatOfTheBytes wherever they lie: with the key, in chunks, in chunks with holes, and restored. The
// lengths are those at which the hash and the chunks change their ways.
func TestADigestIsThatOfTheBytes(t *testing.T) {
	for _, length := range []int{
		1, 16, 17, 128, 129, 240, 241, 511, 512, 513, 1024, 1025, 4095, 4096, 4097, 8191, 8192, 8193, 70_000, 1<<20 + 1,
	} {
		text := bytes.Repeat([]byte("abcdefghijk"), length/11+1)[:length]
		whole, inSteps := newMachine(t), newMachine(t)
		put := func(m *Machine, line string, more ...[]byte) { do(m, append(words(line), more...)) }
		put(whole, "set k", text)
		put(inSteps, fmt.Sprintf("setrange k %d", length-1), text[length-1:])
		for at := 0; at < length; at += 3000 {
			put(inSteps, fmt.Sprintf("setrange k %d", at), text[at:min(length, at+3000)])
		}
		want := do(whole, words("digest k"))
		for name, m := range map[string]*Machine{
			"in steps": inSteps, "in steps, restored": restored(t, imageOf(t, inSteps)),
			"whole, restored": restored(t, imageOf(t, whole)),
		} {
			if got := do(m, words("digest k")); got != want {
				t.Errorf("%d bytes, %s: the digest is %q, want %q", length, name, got, want)
			}
			digest := []byte(want[5:21])
			last := append([]byte{}, text...)
			last[length-1]++
			for _, c := range []struct {
				option  string
				operand []byte
				want    string
			}{
				{"ifeq", last, "$-1\r\n"},
				{"ifne", text, "$-1\r\n"},
				{"ifdne", digest, "$-1\r\n"},
				{"ifdeq", digest, "+OK\r\n"},
				{"ifeq", text, "+OK\r\n"},
				{"ifne", last, "+OK\r\n"},
			} {
				if got := do(m, [][]byte{[]byte("set"), []byte("k"), text, []byte(c.option), c.operand}); got != c.want {
					t.Errorf("%d bytes, %s: set %s answers %q", length, name, c.option, got)
				}
			}
		}
	}
}

// TestZerosThatWereNeverWrittenHaveADigest: a bit far behind the end leaves chunks that are not there.
func TestZerosThatWereNeverWrittenHaveADigest(t *testing.T) {
	m := newMachine(t)
	script(m, "setbit a 400007 1", "append a x")
	text := append(make([]byte, 50_000), 1, 'x')
	do(m, [][]byte{[]byte("set"), []byte("b"), text})
	if got := script(m, "digest a"); got != script(m, "digest b") {
		t.Errorf("the digest is %s", got)
	}
	if got := do(m, [][]byte{[]byte("delifeq"), []byte("a"), text}); got != ":1\r\n" {
		t.Errorf("the string is not equal to itself: %q", got)
	}
}

// TestDigestsOfLongValuesTakeLittleMemory: half a gigabyte is not copied.
func TestDigestsOfLongValuesTakeLittleMemory(t *testing.T) {
	m := newMachine(t)
	script(m, "setbit a 800000000 1") // 100 MB, nearly all of it chunks that are not there
	e := m.state.Space(0).Get([]byte("a"))
	text, _ := exec.TextOf(e)
	if allocated := testing.AllocsPerRun(1, func() { text.XXH3() }); allocated > 10 {
		t.Errorf("%v allocations", allocated)
	}
	var s value.String
	if s.XXH3() != 0x2d06800538d394c2 || !s.Equal(nil) || s.Equal([]byte("x")) {
		t.Error("the empty string is not")
	}
}

// TestASetThatDoesNotCompareAllocatesAsBefore: conditions cost a plain SET nothing.
func TestASetThatDoesNotCompareAllocatesAsBefore(t *testing.T) {
	m := newMachine(t)
	c := exec.Unwatched(make([]byte, 0, 64)).Writing(words("set k v"))
	entry := testing.AllocsPerRun(100, func() { _ = keyspace.NewEntry([]byte("k"), []byte("v")) })
	if allocated := testing.AllocsPerRun(1000, func() { set(&m.writer, c) }); allocated > entry {
		t.Errorf("%v allocations, of which the entry is %v", allocated, entry)
	}
}

// TestCallsThatRedisDoesNotKnowAreNotComparedWithIt, and all others are.
func TestCallsThatRedisDoesNotKnowAreNotComparedWithIt(t *testing.T) {
	for line, avoided := range map[string]bool{
		"delex k": true, "DELIFEQ k v": true, "digest k": true, "set k v ifeq w": true, "SET k v px 5 IFDNE w": true,
		"set ifeq ifne": false, "set k v": false, "set": false, "del k": false, "getex k ifeq": false,
	} {
		if got := differences.Avoid(strings.Fields(line)); got != avoided {
			t.Errorf("%s: avoided %v", line, got)
		}
	}
}
