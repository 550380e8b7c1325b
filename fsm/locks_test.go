package fsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/argv"
)

// TestLocksAnswer goes through conversations about locks: the lines of a case are a time, a command, and its reply.
func TestLocksAnswer(t *testing.T) {
	file, err := os.ReadFile("testdata/locks.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, cases, _ := strings.Cut(string(file), "\n# ")
	for text := range strings.SplitSeq(cases, "\n# ") {
		m := newMachine(t)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for _, line := range lines[1:] {
			line, want, _ := strings.Cut(line, " → ")
			at, command, _ := strings.Cut(line, " ")
			millis, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				t.Fatalf("%s: %q has no time", lines[0], line)
			}
			if got := oneLine(doAt(t, m, millis, toArgs(strings.Split(command, " ")))); got != want {
				t.Errorf("%s: at %d %s answers %s, want %s", lines[0], millis, command, got, want)
			}
		}
		checkHash(t, m)
		checkDeadlines(t, m)
	}
}

// tokenOf is the token in a reply, 0 if it is null.
func tokenOf(t *testing.T, reply string) (token uint64) {
	t.Helper()
	if reply == "$-1\r\n" {
		return 0
	}
	if _, err := fmt.Sscanf(reply, ":%d\r\n", &token); err != nil {
		t.Fatalf("%q is no token", reply)
	}
	return token
}

// TestTokensGrowWhateverHappens to the locks in between: tokens never come again, nor lower.
func TestTokensGrowWhateverHappens(t *testing.T) {
	r := random(t, 54)
	m, last := newMachine(t), uint64(0)
	stamp := int64(1000)
	for round := range 2000 {
		stamp += r.Int64N(3)
		name := []byte{'a' + byte(r.IntN(3))}
		token := tokenOf(t, doAt(t, m, stamp, [][]byte{
			[]byte("raft.lock"), name, fmt.Appendf(nil, "h%d", round), []byte("5"),
		}))
		if token != 0 && token <= last || int64(token) < 0 {
			t.Fatalf("round %d: token %d after %d", round, token, last)
		}
		last = max(last, token)
		switch r.IntN(8) {
		case 0:
			doAt(t, m, stamp, [][]byte{[]byte("del"), name})
		case 1:
			doAt(t, m, stamp, words("flushall"))
		case 2:
			doAt(t, m, stamp, [][]byte{[]byte("raft.unlock"), name, fmt.Append(nil, last)})
		case 3:
			doAt(t, m, stamp, [][]byte{[]byte("set"), name, []byte("x")}, [][]byte{[]byte("del"), name})
		case 4:
			m = restored(t, imageOf(t, m))
		}
	}
	if last < 1000 {
		t.Errorf("the last token is %d", last)
	}
}

// TestOneEntryGivesManyTokens, which differ, and grow in the order of its commands.
func TestOneEntryGivesManyTokens(t *testing.T) {
	m := newMachine(t)
	var calls [][][]byte
	for i := range 10 {
		calls = append(calls, words(fmt.Sprintf("raft.lock l%d h 1000", i)))
	}
	replies := doAt(t, m, 1000, calls...)
	if want := ":1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n:9\r\n:10\r\n"; replies != want {
		t.Fatalf("the tokens are %q", replies)
	}
	if got := doAt(t, m, 1000, words("flushall"), words("raft.lock l0 h 1000")); got != "+OK\r\n:11\r\n" {
		t.Fatalf("the next token is %q", got)
	}
}

// TestNoTwoHoldALockInTheOrderOfTheLog: many contenders, at random times, and entries that bring a wall clock which is
// an hour off. The test keeps its own account of who holds what until when, in log time.
func TestNoTwoHoldALockInTheOrderOfTheLog(t *testing.T) {
	r := random(t, 540)
	type holding struct {
		holder string
		token  uint64
		ends   int64
	}
	m, held := newMachine(t), map[string]*holding{}
	stamp, taken, refused, ended := int64(1000), 0, 0, 0
	for range 20_000 {
		if r.IntN(50) == 0 {
			m.SetOffset([]int64{0, 3_600_000, -3_600_000}[r.IntN(3)])
		}
		stamp += r.Int64N(4)
		name, millis := string('a'+rune(r.IntN(2))), 1+r.Int64N(30)
		if h := held[name]; h != nil && h.ends <= stamp {
			delete(held, name)
			ended++
		}
		h, holder := held[name], fmt.Sprint("h", r.IntN(32))
		switch r.IntN(4) {
		default:
			token := tokenOf(t, doAt(t, m, stamp, words(fmt.Sprintf("raft.lock %s %s %d", name, holder, millis))))
			switch {
			case h == nil:
				held[name] = &holding{holder, token, stamp + millis}
				taken++
			case h.holder != holder:
				refused++
			default:
				h.ends = max(h.ends, stamp+millis)
			}
			if h != nil && (h.holder == holder) != (token != 0) || h != nil && token != 0 && token != h.token {
				t.Fatalf("at %d %s asked for %s and was answered %d, when %+v held it", stamp, holder, name, token, h)
			}
		case 0:
			token := r.Uint64N(m.Index() + 2)
			if h != nil && r.IntN(2) == 0 {
				token = h.token
			}
			holds := h != nil && h.token == token
			command := fmt.Sprintf("raft.unlock %s %d", name, token)
			if r.IntN(2) == 0 {
				command = fmt.Sprintf("raft.renew %s %d %d", name, token, millis)
				if holds {
					h.ends = max(h.ends, stamp+millis)
				}
			} else if holds {
				delete(held, name)
			}
			if got := doAt(t, m, stamp, words(command)); (got == ":1\r\n") != holds {
				t.Fatalf("at %d %s answers %q, when %+v held it", stamp, command, got, h)
			}
		}
		want := "$-1\r\n"
		if h := held[name]; h != nil {
			want = fmt.Sprintf("*3\r\n$%d\r\n%s\r\n:%d\r\n:%d\r\n", len(h.holder), h.holder, h.token, h.ends-stamp)
		}
		if got := doAt(t, m, stamp, words("raft.holder "+name)); got != want {
			t.Fatalf("at %d the holder of %s is %q, want %q", stamp, name, got, want)
		}
	}
	if taken < 1000 || refused < 1000 || ended < 500 {
		t.Errorf("taken %d times, refused %d times, ended %d times", taken, refused, ended)
	}
	checkHash(t, m)
	checkDeadlines(t, m)
}

// TestAWrongWallClockEndsNoLock, nor keeps one: neither where it jumps while a lock is held, nor where it is put right.
func TestAWrongWallClockEndsNoLock(t *testing.T) {
	const hour = 3_600_000
	for _, jumps := range [][]int64{{hour}, {-hour}, {hour, 0}, {-hour, 0}, {hour, -hour}} {
		m := newMachine(t)
		doAt(t, m, 10*hour, words("raft.lock l a 1000"))
		for _, offset := range jumps {
			m.SetOffset(offset)
			tick(m, 10*hour+1)
		}
		got := oneLine(doAt(t, m, 10*hour+999, words("raft.lock l b 1000")) + doAt(t, m, 10*hour+999, words("raft.holder l")))
		if got != "$-1 *3 $1 a :1 :1" {
			t.Errorf("offsets %v: a millisecond before the end: %s", jumps, got)
		}
		if got := doAt(t, m, 10*hour+1000, words("raft.lock l b 1000")); tokenOf(t, got) == 0 {
			t.Errorf("offsets %v: at the end: %q", jumps, got)
		}
	}
}

// TestALockIsOfItsOwnKind for every command on strings: those that replace a key end the lock, and no other touches it.
func TestALockIsOfItsOwnKind(t *testing.T) {
	replaces := strings.Fields("set setex psetex mset")
	reads := strings.Fields("mget setnx msetnx lcs bitop")
	for _, f := range slices.Concat(stringFunctions, conditionFunctions, counterFunctions, bitmapFunctions) {
		m := newMachine(t)
		doAt(t, m, 1000, words("raft.lock k holder 1000"))
		before := m.Hash()
		args := []string{f.Of.Name, "k"}
		for len(args) < max(f.Of.Arity, -f.Of.Arity) {
			args = append(args, "1")
		}
		switch f.Of.Name {
		case "setbit", "bitfield", "bitfield_ro", "bitcount", "getbit", "bitpos":
			args = append(args[:2], strings.Fields(map[string]string{
				"setbit": "0 1", "bitfield": "get u8 0", "bitfield_ro": "get u8 0", "getbit": "0", "bitpos": "1",
			}[f.Of.Name])...)
		case "bitop":
			args = []string{"bitop", "not", "other", "k"}
		case "delex":
			args = []string{"delex", "k", "ifeq", "holder"}
		}
		got := doAt(t, m, 1000, toArgs(args))
		if slices.Contains(replaces, f.Of.Name) {
			if after := script(m, "type k"); after != "+string" || got != "+OK\r\n" {
				t.Errorf("%v answers %q, and there is %s", args, got, after)
			}
			continue
		}
		wrong := strings.HasPrefix(got, "-WRONGTYPE") || strings.HasPrefix(got, "-ERR Key should be of string type")
		if !wrong && !slices.Contains(reads, f.Of.Name) {
			t.Errorf("%v answers %q", args, got)
		}
		if holder := doAt(t, m, 1000, words("raft.holder k")); !strings.HasPrefix(holder, "*3") {
			t.Errorf("%v: the lock is %q", args, holder)
		}
		if f.Write == nil && m.Hash() != before {
			t.Errorf("%v changed the state", args)
		}
	}
}

// TestALockHasBounds on the bytes of its holder and on its time, at both ends.
func TestALockHasBounds(t *testing.T) {
	const year = 31_536_000_000
	longest := strings.Repeat("h", value.MaxHolderBytes)
	for _, c := range []struct {
		holder, millis string
		taken          bool
	}{
		{"h", "1", true}, {"h", "0", false}, {"h", "-1", false}, {"h", "x", false}, {"h", "", false}, {"h", "1.5", false},
		{"h", strconv.Itoa(year), true}, {"h", strconv.Itoa(year + 1), false}, {"h", "9223372036854775807", false},
		{"", "1000", false}, {longest, "1000", true}, {longest + "h", "1000", false}, {"\x00\xff", "1000", true},
	} {
		m := newMachine(t)
		got := doAt(t, m, 1000, [][]byte{[]byte("raft.lock"), []byte("l"), []byte(c.holder), []byte(c.millis)})
		if (got == ":1\r\n") != c.taken || !c.taken && got[0] != '-' {
			t.Errorf("a holder of %d bytes for %s milliseconds: %q", len(c.holder), c.millis, got)
		}
		renewed := doAt(t, m, 1000, words("raft.lock l h 1000"), [][]byte{
			[]byte("raft.renew"), []byte("l"), []byte("1"), []byte(c.millis),
		})
		if refused := strings.HasPrefix(got, "-ERR a lock lasts"); refused != strings.Contains(renewed, "-ERR a lock lasts") {
			t.Errorf("renewed for %s milliseconds: %q", c.millis, renewed)
		}
		checkHash(t, m)
	}
}

// sampleOfLocks is sample, and locks: held, renewed, given up, and one whose time is over.
func sampleOfLocks(t testing.TB) *Machine {
	t.Helper()
	m := sample(t)
	scriptAt(t, m, now, "raft.lock l:report worker-7 30000", "raft.lock l:other worker-8 1000", "raft.lock gone x 1000",
		"raft.unlock gone 12", "raft.renew l:report 10 60000")
	m.Apply(m.Index()+1, now+500, body("raft.lock one a 400", "raft.lock two b 1000"), nil)
	return m
}

// TestImageWithLocksIsThatOfTheGoldenFile guards what clusters have on their disks.
func TestImageWithLocksIsThatOfTheGoldenFile(t *testing.T) {
	m := sampleOfLocks(t)
	checkGolden(t, m, "image-locks.hex")
	again := restored(t, imageOf(t, m))
	if again.Hash() != m.Hash() || !bytes.Equal(imageOf(t, again), imageOf(t, m)) {
		t.Error("the restored state is another")
	}
	if got := m.state.Space(0).Size(); got != sample(t).state.Space(0).Size()+4 {
		t.Errorf("%d keys: the sample is another", got)
	}
	for _, line := range []string{
		"raft.holder l:report", "raft.holder one", "raft.holder gone", "raft.lock gone y 5", "raft.renew two 16 100",
		"raft.unlock l:report 10", "memory usage two", "pttl l:other",
	} {
		if got, want := doAt(t, again, now+900, words(line)), doAt(t, m, now+900, words(line)); got != want {
			t.Errorf("%s: restored it answers %q, want %q", line, got, want)
		}
	}
}

// TestLocksAreTellable: watchers hear of what changes a lock, and of nothing else.
func TestLocksAreTellable(t *testing.T) {
	m := newMachine(t)
	var d diary
	m.Watch(&d)
	for _, step := range []struct{ line, want string }{
		{"raft.lock l a 1000", "l*"},
		{"raft.lock l b 1000", ""},
		{"raft.lock l a 500", ""}, // it ends later anyway
		{"raft.lock l a 2000", "l*"},
		{"raft.renew l 1 2000", ""},
		{"raft.renew l 1 3000", "l*"},
		{"raft.renew l 2 4000", ""},
		{"raft.holder l", ""},
		{"raft.unlock l 2", ""},
		{"raft.unlock l 1", "l*"},
		{"raft.unlock l 1", ""},
	} {
		doAt(t, m, 1000, words(step.line))
		if got := d.read(); got != step.want {
			t.Errorf("%s: told of %q, want %q", step.line, got, step.want)
		}
	}
}

// TestLocksAreTheSameWithoutClients: the origin, which answers, and the other nodes have one state.
func TestLocksAreTheSameWithoutClients(t *testing.T) {
	r := rand.New(rand.NewPCG(54, 2))
	origin, other := newMachine(t), newMachine(t)
	for stamp := int64(1000); stamp < 3000; stamp++ {
		line := fmt.Sprintf([]string{
			"raft.lock l%d h%d %d", "raft.lock l%d h%d %d", "raft.renew l%d %d %d", "raft.unlock l%d %d", "del l%d",
		}[r.IntN(5)], r.IntN(3), r.IntN(40), r.IntN(9))
		line, _, _ = strings.Cut(line, "%!")
		doAt(t, origin, stamp, words(line))
		other.Apply(other.Index()+1, stamp, argv.Append(nil, words(line)), nil)
		if origin.Hash() != other.Hash() {
			t.Fatalf("at %d %s led to other states", stamp, line)
		}
	}
}
