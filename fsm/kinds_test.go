package fsm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	keyed "github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/argv"
)

// testKind is a kind that only tests know: a list of words.
const testKind = value.MaxKind

// wordList is a value of that kind.
type wordList struct {
	words      []string
	digest     uint64
	generation uint64
}

func newWordList(words ...string) *wordList {
	l := &wordList{words: words, generation: 1}
	for i, word := range words {
		l.digest += keyed.Of(keyed.NewSip(uint64(i), 1), word)
	}
	return l
}

func (l *wordList) Kind() value.Kind                     { return testKind }
func (l *wordList) Encoding(value.EncodingLimits) string { return "words" }
func (l *wordList) Size() int                            { return len(strings.Join(l.words, "")) }
func (l *wordList) MemoryBytes() int                     { return 1000 }
func (l *wordList) Digest() uint64                       { return l.digest }
func (l *wordList) Generation() uint64                   { return l.generation }

func (l *wordList) EachPart(buf []byte, emit func(part []byte) error) error {
	for _, word := range l.words {
		if err := emit(append(buf[:0], word...)); err != nil {
			return err
		}
	}
	return nil
}

// wordReader makes such lists of their images.
type wordReader struct{ words []string }

func (r *wordReader) Add(part []byte, _ int, _ keyed.Sip, _ uint64) bool {
	r.words = append(r.words, string(part))
	return part[0] != '!' // a word that no list has
}

func (r *wordReader) Finish(keyed.Sip, uint64) (text []byte, apart value.Value, ok bool) {
	apart = newWordList(r.words...)
	r.words = nil
	return nil, apart, true
}

// newMachineOfWords is a machine that knows the kind.
func newMachineOfWords(t *testing.T) *Machine {
	m := newMachine(t)
	m.newReader = func(kind value.Kind) value.Reader {
		if kind == testKind {
			return new(wordReader)
		}
		return value.NewReader(kind)
	}
	return m
}

// putWords puts a value of the test's kind at a key.
func putWords(m *Machine, key string, words ...string) {
	space := m.state.Space(0)
	space.Put(space.Place([]byte(key)), []byte(key), keyspace.EntryOf([]byte(key), newWordList(words...)))
}

// TestStringCommandsRefuseOtherKinds compares every command on strings with Redis, where the key is a list. None
// changes anything but those that replace the key.
func TestStringCommandsRefuseOtherKinds(t *testing.T) {
	redis := startRedis(t)
	lines := []string{
		"append k x", "get k", "getdel k", "getex k", "getex k ex 5", "getex k nosuch", "getrange k 0 1", "getrange k x 1",
		"getset k x", "lcs k other", "lcs other k", "lcs k k nosuch", "mget k other k", "msetnx k 1 l 2", "setnx k x",
		"set k x get", "set k x nx get", "set k x xx get", "set k x nx", "setrange k 0 x", "setrange k 0 ", "setrange k x x",
		"strlen k", "substr k 0 1", "incr k", "decr k", "incrby k 1", "incrby k x", "decrby k 1", "incrbyfloat k 1",
		"incrbyfloat k x", "bitcount k", "bitcount k x", "bitfield k get u8 0", "bitfield k set u8 0 1", "bitfield k nosuch",
		"bitfield_ro k get u8 0", "bitop and r k other", "bitop or r other k", "bitop not r k", "bitop nosuch r k",
		"bitpos k 1", "bitpos k 2", "bitpos k 1 x", "getbit k 0", "getbit k x", "setbit k 0 1", "setbit k 0 2",
		"set k x", "mset k x", "setex k 100 x", "psetex k 100000 x",
	}
	seen := map[string]bool{}
	for _, line := range lines {
		m := newMachine(t)
		do(m, words("set other 1"))
		putWords(m, "k", "one", "two")
		redis.do("flushall")
		redis.do("set", "other", "1")
		redis.do("rpush", "k", "one", "two")
		before, args := m.Hash(), strings.Split(line, " ")
		seen[args[0]] = true
		got, want := do(m, toArgs(args)), redis.do(args...)
		if got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
		replaced := m.state.Space(0).Get([]byte("k")).Kind() == value.KindString
		if inRedis := redis.do("type", "k") == "+string\r\n"; replaced != inRedis {
			t.Errorf("%s: replaced %v, in Redis %v", line, replaced, inRedis)
		}
		if !replaced && m.Hash() != before {
			t.Errorf("%s: it changed the state", line)
		}
	}
	for _, f := range slices.Concat(stringFunctions, counterFunctions, bitmapFunctions) {
		if !seen[f.Of.Name] {
			t.Errorf("%s is not in the lines", f.Of.Name)
		}
	}
}

// TestKeyCommandsTakeAnyKind goes through what works on keys whatever their values are.
func TestKeyCommandsTakeAnyKind(t *testing.T) {
	m := newMachine(t)
	putWords(m, "k", "one", "two")
	for _, step := range []struct{ line, want string }{
		{"type k", "+unknown"},
		{"object encoding k", "$5 words"},
		{"object refcount k", ":1"},
		{"exists k", ":1"},
		{"touch k", ":1"},
		{"memory usage k", ":1066"},
		{"scan 0 type unknown", "*2 $1 0 *1 $1 k"},
		{"scan 0 type string", "*2 $1 0 *0"},
		{"debug object k", "+Value at:0x0 refcount:1 encoding:words serializedlength:6 lru:0 lru_seconds_idle:0 version:0"},
		{"copy k twin", ":1"},
		{"rename k l", "+OK"},
		{"pexpireat l 5000", ":1"},
		{"pexpiretime l", ":5000"},
		{"persist l", ":1"},
		{"renamenx l m", ":1"},
		{"keys *", "*2 $1 m $4 twin"},
		{"del twin", ":1"},
		{"unlink m", ":1"},
		{"dbsize", ":0"},
	} {
		got := script(m, step.line)
		if step.line == "keys *" && got == "*2 $4 twin $1 m" {
			got = step.want
		}
		if got != step.want {
			t.Errorf("%s: got %s, want %s", step.line, got, step.want)
		}
	}
	other := machineAt(t, m.Index())
	for _, either := range []*Machine{m, other} {
		script(either, "set z 1", "flushall") // then nothing is remembered of what was removed before
	}
	if m.Hash() != other.Hash() {
		t.Error("what was removed has left a trace in the hash")
	}
}

// machineAt is an empty machine behind entries of no commands.
func machineAt(t *testing.T, index uint64) *Machine {
	m := newMachine(t)
	for m.Index() < index {
		m.Apply(m.Index()+1, 0, nil, nil)
	}
	return m
}

// TestOtherKindsHaveAnImage whose parts may lie in several sections. A machine that knows the kind restores it, others
// refuse it by its number.
func TestOtherKindsHaveAnImage(t *testing.T) {
	one, other := newMachine(t), newMachine(t)
	long := slices.Repeat([]string{strings.Repeat("w", 60_000)}, 20)
	for _, m := range []*Machine{one, other} {
		putWords(m, "k", long...)
		do(m, words("set s 1"))
	}
	image := imageOf(t, one)
	if !bytes.Equal(image, imageOf(t, other)) || one.Hash() != other.Hash() || len(image) < 20*60_000 {
		t.Fatal("equal states have different images")
	}
	putWords(other, "k", append(long, "more")...)
	if one.Hash() == other.Hash() {
		t.Error("different values have one hash")
	}
	err := New(Options{}).Restore(testSeed, bytes.NewReader(image))
	if !errors.Is(err, keyspace.ErrImageFormat) || !strings.Contains(err.Error(), "value of kind 63") {
		t.Fatalf("restoring it: %v", err)
	}
	again := newMachineOfWords(t)
	if err := again.Restore(testSeed, bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	if again.Hash() != one.Hash() || !bytes.Equal(imageOf(t, again), image) || again.HeldBytes() != one.HeldBytes() {
		t.Error("the restored state is another")
	}
	list, ok := again.state.Space(0).Get([]byte("k")).Apart().(*wordList)
	if !ok || !slices.Equal(list.words, long) {
		t.Error("the restored list is another")
	}
}

// TestValuesOfKindsStandBesideStrings restores lists and strings, short and in parts, in one stream of parts.
func TestValuesOfKindsStandBesideStrings(t *testing.T) {
	m := newMachineOfWords(t)
	for i := range 50 {
		key := fmt.Sprint("k", i)
		if i%3 == 0 {
			putWords(m, key, slices.Repeat([]string{key}, i)...)
			continue
		}
		do(m, [][]byte{[]byte("set"), []byte(key), bytes.Repeat([]byte(key), i*i)})
	}
	again := newMachineOfWords(t)
	if err := again.Restore(testSeed, bytes.NewReader(imageOf(t, m))); err != nil {
		t.Fatal(err)
	}
	if again.Hash() != m.Hash() || !bytes.Equal(imageOf(t, again), imageOf(t, m)) {
		t.Error("the restored state is another")
	}
	putWords(m, "refused", "!")
	err := again.Restore(testSeed, bytes.NewReader(imageOf(t, m)))
	if !errors.Is(err, keyspace.ErrImageDamaged) || again.Hash() == m.Hash() {
		t.Errorf("a part that the reader of its kind refuses: %v", err)
	}
}

// TestVersionsAreTheIndexesOfTheLastChange of a key, also of its deadline, and survive an image.
func TestVersionsAreTheIndexesOfTheLastChange(t *testing.T) {
	m := newMachine(t)
	version := func(m *Machine, key string) uint64 {
		return m.state.Space(0).Version(m.state.Space(0).Get([]byte(key)))
	}
	for i, line := range []string{
		"set a 1", "append a 2", "expire a 100", "persist a", "persist a", "get a", "setrange a 0 ", "copy a b", "rename a c",
		"setbit c 3 1", "setbit c 3 1", "getex c px 100", "getex c", "set d 1 nx", "set d 1 nx", "mset e 1 f 2",
	} {
		m.Apply(uint64(i+1), 0, argvBody(line), nil)
	}
	again := restored(t, imageOf(t, m))
	for key, want := range map[string]uint64{"b": 8, "c": 12, "d": 14, "e": 16, "f": 16} {
		if got := version(m, key); got != want {
			t.Errorf("%s is of version %d, want %d", key, got, want)
		}
		if got := version(again, key); got != want {
			t.Errorf("restored, %s is of version %d, want %d", key, got, want)
		}
	}
}

// argvBody is the body of one command, whose arguments are separated by single spaces and may be empty.
func argvBody(line string) []byte { return argv.Append(nil, toArgs(strings.Split(line, " "))) }
