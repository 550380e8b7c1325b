package keyspace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
)

// several is a state with keys in databases 0, 3 and the last, and some that end there.
func several() *State {
	s := New(testSpaceSeed, testMaxValueBytes)
	s.Advance(7, 1000)
	for _, number := range []int{0, 3, command.MaxDatabases - 1} {
		space := s.Open(number)
		for i := range 50 {
			key := fmt.Appendf(nil, "key:%d", i)
			space.Set(key, fmt.Appendf(nil, "%d in %d", i, number))
		}
		key := []byte("ends")
		space.PutUntil(s.Place(key), key, NewEntry(key, nil), AtLog(2000+int64(number)))
	}
	s.Settle()
	return &s
}

func (s *State) image(t testing.TB) []byte {
	t.Helper()
	return singleOf(*s).imageBytes(t)
}

// textAt is the string at a key of a database.
func (s *State) textAt(number int, key string) string {
	if e := s.Space(number).Get([]byte(key)); e != nil {
		return string(e.content())
	}
	return "nothing"
}

// TestDatabasesHaveKeysOfTheirOwn, also those that no write has touched.
func TestDatabasesHaveKeysOfTheirOwn(t *testing.T) {
	s := several()
	for number, want := range map[int]string{0: "5 in 0", 1: "nothing", 3: "5 in 3", 900: "nothing", 1023: "5 in 1023"} {
		if got := s.textAt(number, "key:5"); got != want {
			t.Errorf("database %d has %q, want %q", number, got, want)
		}
	}
	var numbers []int
	s.Each(func(number int, space *Space) { numbers = append(numbers, number) })
	if !slices.Equal(numbers, []int{0, 3, 1023}) {
		t.Errorf("there are keys in %v", numbers)
	}
	before := s.StateHash()
	if key, any := s.Space(1).Pick(1); any || s.Space(1).Size() != 0 {
		t.Errorf("database 1 has %q", key)
	}
	if s.Open(1); s.StateHash() != before {
		t.Error("a database without keys shows in the state hash")
	}
}

// TestImagesHaveAllDatabases, in bytes that follow from the content alone, read by one or by several goroutines.
func TestImagesHaveAllDatabases(t *testing.T) {
	s := several()
	s.Open(5) // without keys
	key := []byte("long")
	long := value.NewChunks(string(bytes.Repeat([]byte("x"), 3*sectionBytes)), s.values, s.generation)
	s.Open(3).Put(s.Place(key), key, EntryOf(key, long))
	s.Open(900).Set(key, []byte("short"))
	s.Advance(8, 1000)
	s.Swap(3, 900)
	s.Settle()
	image := s.image(t)
	for name, parallel := range map[string]Parallel{"in turn": nil, "on goroutines": onGoroutines} {
		again, err := ReadImage(bytes.NewReader(image), readingBy(parallel))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again.StateHash() != s.StateHash() || !bytes.Equal(again.image(t), image) {
			t.Errorf("%s: what was restored is another state", name)
		}
		if again.textAt(900, "key:5") != "5 in 3" || again.textAt(3, "long") != "short" || again.Due() != s.Due() {
			t.Errorf("%s: 900 has %q, 3 has %q", name, again.textAt(900, "key:5"), again.textAt(3, "long"))
		}
	}
}

// TestEachBitOfAnImageOfDatabasesCounts.
func TestEachBitOfAnImageOfDatabasesCounts(t *testing.T) {
	s := New(testSpaceSeed, testMaxValueBytes)
	s.Advance(1, 0)
	s.Open(2).Set([]byte("a"), []byte("1"))
	s.Open(9).Set([]byte("b"), []byte("2"))
	s.Advance(2, 0)
	s.Swap(2, 7)
	image := s.image(t)
	for at := range image {
		for bit := range 8 {
			image[at] ^= 1 << bit
			if _, err := readBack(image); err == nil {
				t.Errorf("bit %d of byte %d may differ", bit, at)
			}
			image[at] ^= 1 << bit
		}
	}
}

// TestASwapChangesAllKeysOfBoth, in constant time, and nothing else; twice the same is nothing.
func TestASwapChangesAllKeysOfBoth(t *testing.T) {
	s := several()
	first, before := s.Space(0), s.StateHash()
	s.Advance(8, 1000)
	if s.Swap(3, 3); s.StateHash() != before {
		t.Error("a database that changed places with itself shows")
	}
	held := s.HeldBytes()
	s.Swap(0, 3)
	if s.HeldBytes() != held {
		t.Errorf("%d bytes are held, %d before", s.HeldBytes(), held)
	}
	if s.Space(3) != first || s.textAt(0, "key:1") != "1 in 3" || s.textAt(3, "key:1") != "1 in 0" {
		t.Fatalf("0 has %q, 3 has %q", s.textAt(0, "key:1"), s.textAt(3, "key:1"))
	}
	if s.StateHash() == before {
		t.Error("a swap does not show in the state hash")
	}
	for number, want := range map[int]uint64{0: 8, 3: 8, 1023: 7} {
		space := s.Space(number)
		if got := space.Version(space.Get([]byte("key:1"))); got != want {
			t.Errorf("in database %d the version is %d, want %d", number, got, want)
		}
	}
	s.Advance(9, 1000)
	s.Swap(0, 1) // with one that no write has touched
	if s.textAt(0, "key:1") != "nothing" || s.textAt(1, "key:1") != "1 in 3" {
		t.Errorf("0 has %q, 1 has %q", s.textAt(0, "key:1"), s.textAt(1, "key:1"))
	}
	for _, number := range []int{1, 3, 1023} {
		before := s.HeldBytes()
		if s.Space(number).Flush(); s.HeldBytes() >= before {
			t.Errorf("without database %d %d bytes are held, %d with it", number, s.HeldBytes(), before)
		}
	}
	if held := s.HeldBytes(); held != 0 {
		t.Errorf("%d bytes are held without a key", held)
	}
}

// TestASwapIsForgottenWithTheKeys: two nodes have one state, whether they saw the swap or restored an image since.
func TestASwapIsForgottenWithTheKeys(t *testing.T) {
	for name, empty := range map[string]func(s *State){
		"flushed": func(s *State) { s.Space(4).Flush() }, "flushed with all": (*State).Flush,
		"removed": func(s *State) { s.Space(4).Remove([]byte("a")) },
		"ended": func(s *State) {
			s.Advance(s.Index()+1, 5000)
			s.Sweep(10, nil)
		},
	} {
		s := New(testSpaceSeed, testMaxValueBytes)
		s.Advance(1, 0)
		s.Open(0).PutUntil(s.Place([]byte("a")), []byte("a"), NewEntry([]byte("a"), nil), AtLog(4000))
		s.Advance(2, 0) // nothing is put behind the swap: so its index is the highest version that there was
		s.Swap(0, 4)
		s.Advance(3, 0)
		empty(&s)
		s.Settle()
		again, err := readBack(s.image(t))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, state := range []*State{&s, again.all} {
			state.Advance(state.Index()+1, 6000)
			state.Open(4).Set([]byte("a"), []byte("new"))
			state.Settle()
		}
		if s.StateHash() != again.StateHash() || s.Space(4).Version(s.Space(4).Get([]byte("a"))) != s.Index() {
			t.Errorf("%s: the states differ", name)
		}
	}
}

// TestSwapsThatAreNoneAreRefused, checksums in order.
func TestSwapsThatAreNoneAreRefused(t *testing.T) {
	s := New(testSpaceSeed, testMaxValueBytes)
	s.Advance(5, 0)
	s.Open(2).Set([]byte("a"), nil)
	s.Open(3).Set([]byte("b"), nil)
	plain := s.Freeze()
	s.Swap(2, 3)
	truth := s.Freeze()
	removed := s.removals.append(nil)
	s.Advance(6, 0) // a swap that removals do not know of
	s.Space(2).swapped, s.Space(3).swapped = 6, 6
	late := s.Freeze()
	line := func(number uint32, index uint64) []byte {
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, number), index)
	}
	build := func(header imageHeader, swaps ...[]byte) []byte {
		var b bytes.Buffer
		out := imageWriter{w: &b}
		_ = out.write(header.append(nil))
		_ = out.section(sectionKeys, append([]byte{2, 0, 0, 0, byte(value.KindString), 5}, "\x01b\x00"...))
		_ = out.section(sectionKeys, append([]byte{3, 0, 0, 0, byte(value.KindString), 5}, "\x01a\x00"...))
		for _, payload := range swaps {
			_ = out.section(sectionSwaps, payload)
		}
		_ = out.section(sectionRemovals, removed)
		_ = out.finish()
		return b.Bytes()
	}
	both := append(line(2, 5), line(3, 5)...)
	for name, c := range map[string]struct {
		image []byte
		want  error
	}{
		"truth":             {build(truth.header, both), nil},
		"none":              {build(truth.header), ErrImageDamaged},
		"of another state":  {build(plain.header, both), ErrImageDamaged},
		"empty":             {build(truth.header, nil), ErrImageDamaged},
		"cut":               {build(truth.header, both[:23]), ErrImageDamaged},
		"in two":            {build(truth.header, line(2, 5), line(3, 5)), ErrImageDamaged},
		"out of order":      {build(truth.header, append(line(3, 5), line(2, 5)...)), ErrImageDamaged},
		"twice":             {build(truth.header, append(line(2, 5), line(2, 5)...)), ErrImageDamaged},
		"without keys":      {build(truth.header, append(both, line(4, 5)...)), ErrImageDamaged},
		"later than itself": {build(truth.header, append(line(2, 6), line(3, 5)...)), ErrImageDamaged},
		"later than noted":  {build(late.header, append(line(2, 6), line(3, 6)...)), ErrImageDamaged},
		"never":             {build(truth.header, append(line(2, 0), line(3, 5)...)), ErrImageDamaged},
		"no database":       {build(truth.header, append(both, line(command.MaxDatabases, 5)...)), ErrImageDamaged},
	} {
		if _, err := readBack(c.image); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestDeadlinesAreThoseOfAllDatabases: which comes next, which keys are removed first, and how many at once.
func TestDeadlinesAreThoseOfAllDatabases(t *testing.T) {
	s := several()
	if due := s.Due(); due != 2000 || s.EndsBy(1999) || !s.EndsBy(2000) {
		t.Errorf("due at %d", due)
	}
	s.Advance(8, 2002)
	s.Settle()
	if s.EndsBy(2002) || !s.EndsBy(2003) || s.Space(0).Overdue() != 1 || s.Space(3).Overdue() != 0 {
		t.Errorf("%d and %d are overdue", s.Space(0).Overdue(), s.Space(3).Overdue())
	}
	s.Advance(9, 4000)
	for want := range 3 {
		if swept, _ := s.Sweep(1, nil); swept != 1 {
			t.Fatalf("%d keys were removed", swept)
		}
		left := 0
		s.Each(func(_ int, space *Space) { left += space.Overdue() })
		if left != 2-want {
			t.Errorf("%d are left, want %d", left, 2-want)
		}
	}
	if s.Settle(); s.Due() != 0 {
		t.Errorf("due at %d", s.Due())
	}
}

// TestWallTimeWaitsForAllDatabases: a correction backwards must bring no key back, in whichever database it is.
func TestWallTimeWaitsForAllDatabases(t *testing.T) {
	s := several()
	key := []byte("absolute")
	s.Open(3).PutUntil(s.Place(key), key, NewEntry(key, nil), At(10_000))
	s.SetOffset(9500)
	s.Advance(8, 1100)
	s.SetOffset(0)
	s.Advance(9, 1101)
	s.Settle()
	if got := s.Now().Wall; got != 10_601 {
		t.Fatalf("wall time is %d while a key is stored that it has ended", got)
	}
	s.Sweep(10, nil)
	if s.Settle(); s.Now().Wall != 1101 {
		t.Errorf("wall time is %d", s.Now().Wall)
	}
}

// TestAFreezeKeepsAllDatabases as they were, while they are written, flushed and swapped.
func TestAFreezeKeepsAllDatabases(t *testing.T) {
	s := several()
	image, hash := s.image(t), s.StateHash()
	frozen := s.Freeze()
	s.Open(3).Set([]byte("key:5"), []byte("changed"))
	s.Swap(3, 0)
	s.Open(1023).Flush()
	s.Flush()
	s.Open(7).Set([]byte("other"), nil)
	state := frozen.State()
	if got := state.textAt(3, "key:5"); got != "5 in 3" || state.textAt(1, "key:5") != "nothing" {
		t.Errorf("the frozen state has %q", got)
	}
	var b bytes.Buffer
	if _, err := frozen.WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), image) || frozen.Hash() != hash {
		t.Errorf("the image has changed: %v", err)
	}
}

// TestWatchedKeysSeeSwapsAndMoves: a key has changed for a client that watches it, where it came, went, or is another.
func TestWatchedKeysSeeSwapsAndMoves(t *testing.T) {
	key := []byte("k")
	for name, c := range map[string]struct {
		before, after func(s *State)
		changed       bool
	}{
		"another database is written": {nil, func(s *State) { s.Open(1).Set([]byte("other"), nil) }, false},
		"swapped for another": {
			func(s *State) { s.Open(0).Set(key, nil); s.Open(1).Set(key, nil) }, func(s *State) { s.Swap(0, 1) }, true,
		},
		"swapped away":             {func(s *State) { s.Open(0).Set(key, nil) }, func(s *State) { s.Swap(1, 0) }, true},
		"swapped in":               {func(s *State) { s.Open(3).Set(key, nil) }, func(s *State) { s.Swap(3, 0) }, true},
		"came, and went by a swap": {nil, func(s *State) { s.Open(0).Set(key, nil); s.Swap(0, 2) }, true},
		"came and went by two swaps": {
			func(s *State) { s.Open(3).Set(key, nil) }, func(s *State) { s.Swap(3, 0); s.Advance(4, 0); s.Swap(0, 3) }, true,
		},
		"came by a swap, and was flushed": {
			func(s *State) { s.Open(3).Set(key, nil) }, func(s *State) { s.Swap(3, 0); s.Open(0).Flush() }, true,
		},
		"came by a swap, and was removed": {
			func(s *State) { s.Open(3).Set(key, nil) }, func(s *State) { s.Swap(3, 0); s.Open(0).Remove(key) }, true,
		},
		"swapped without keys": {nil, func(s *State) { s.Swap(0, 2) }, false},
		"swapped with keys that had ended": {
			func(s *State) { s.Open(3).PutUntil(s.Place(key), key, NewEntry(key, nil), AtLog(5)) },
			func(s *State) { s.Advance(4, 6); s.Swap(3, 0) }, false,
		},
		"ended, and swapped away": {
			func(s *State) { s.Open(0).PutUntil(s.Place(key), key, NewEntry(key, nil), AtLog(5)) },
			func(s *State) { s.Advance(4, 6); s.Swap(3, 0) }, true,
		},
		"swapped for one that had ended": {
			func(s *State) {
				s.Open(0).Set(key, nil)
				s.Open(3).PutUntil(s.Place(key), key, NewEntry(key, nil), AtLog(5))
			},
			func(s *State) { s.Advance(4, 6); s.Swap(3, 0) }, true,
		},
		"others swapped":    {func(s *State) { s.Open(0).Set(key, nil) }, func(s *State) { s.Swap(1, 2) }, false},
		"flushed elsewhere": {func(s *State) { s.Open(0).Set(key, nil) }, func(s *State) { s.Open(1).Flush() }, false},
	} {
		s := New(testSpaceSeed, testMaxValueBytes)
		s.Advance(1, 0)
		if c.before != nil {
			c.before(&s)
		}
		present := s.Space(0).Get(key) != nil
		s.Advance(2, 0)
		s.Settle()
		again, err := readBack(s.image(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, state := range []*State{&s, again.all} {
			state.Advance(3, 0)
			c.after(state)
			if got := state.Space(0).ChangedSince(key, 2, present); got != c.changed {
				t.Errorf("%s: changed %v", name, got)
			}
		}
	}
}

// TestASwapLeavesLocksAndTopicsAlone: what must keep its name keeps its database too, however the state came about.
func TestASwapLeavesLocksAndTopicsAlone(t *testing.T) {
	key := []byte("k")
	at := func(s *State) Place { return s.Place(key) }
	lock := func(s *State) Entry { return EntryOf(key, s.NewLock([]byte("me"), 1)) }
	topic := func(s *State) Entry { return EntryOf(key, value.NewTopic(1, value.TopicLimits{}, s.values)) }
	for name, c := range map[string]struct {
		change func(s *State)
		swaps  bool
	}{
		"none":    {func(s *State) { s.Open(1).Set(key, nil) }, true},
		"a lock":  {func(s *State) { s.Open(1).Put(at(s), key, lock(s)) }, false},
		"a topic": {func(s *State) { s.Open(0).Put(at(s), key, topic(s)) }, false},
		"two":     {func(s *State) { s.Open(0).Put(at(s), key, lock(s)); s.Open(1).Put(at(s), key, lock(s)) }, false},
		"anew":    {func(s *State) { s.Open(0).Put(at(s), key, lock(s)); s.Open(0).Put(at(s), key, lock(s)) }, false},
		"renewed": {func(s *State) {
			s.Open(0).Put(at(s), key, lock(s))
			s.Open(0).PutUntil(at(s), key, lock(s), AtLog(9))
		}, false},
		"elsewhere":   {func(s *State) { s.Open(2).Put(at(s), key, lock(s)) }, true},
		"removed":     {func(s *State) { s.Open(0).Put(at(s), key, lock(s)); s.Open(0).Remove(key) }, true},
		"replaced":    {func(s *State) { s.Open(0).Put(at(s), key, lock(s)); s.Open(0).Set(key, nil) }, true},
		"flushed":     {func(s *State) { s.Open(0).Put(at(s), key, lock(s)); s.Open(0).Flush() }, true},
		"all flushed": {func(s *State) { s.Open(1).Put(at(s), key, lock(s)); s.Flush() }, true},
		"ended": {func(s *State) {
			s.Open(0).PutUntil(at(s), key, lock(s), AtLog(9))
			s.Advance(2, 10)
			s.Sweep(1, nil)
		}, true},
		"ended, and stored": {func(s *State) {
			s.Open(0).PutUntil(at(s), key, lock(s), AtLog(9))
			s.Advance(2, 10)
		}, false},
	} {
		s := New(testSpaceSeed, testMaxValueBytes)
		s.Advance(1, 0)
		c.change(&s)
		s.Settle()
		again, err := readBack(s.image(t))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, state := range []*State{&s, again.all} {
			if got := state.Swap(0, 1); got != c.swaps {
				t.Errorf("%s: swapped %v", name, got)
			}
		}
		if s.StateHash() != again.StateHash() {
			t.Errorf("%s: the states differ", name)
		}
	}
}
