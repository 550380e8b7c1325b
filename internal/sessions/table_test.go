package sessions

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"sync"
	"testing"
)

// execute sends a sequence, and executes it if the table says so.
func execute(t *Table, id, sequence uint64, now int64, reply string) (Outcome, string) {
	o, kept := t.Begin(id, sequence, now)
	if o == First {
		t.Record(id, sequence, now, []byte(reply))
		return o, reply
	}
	return o, string(kept)
}

func check(t *testing.T, table *Table, sequence uint64, want Outcome) {
	t.Helper()
	if got, _ := execute(table, 1, sequence, 10, "reply"); got != want {
		t.Errorf("sequence %d: %v, want %v", sequence, got, want)
	}
}

func newTable(t *testing.T, ttlMillis int64) *Table {
	table := New(DefaultLimits())
	if !table.Open(1, 10, ttlMillis) {
		t.Fatal("no session")
	}
	return table
}

func TestARetryGetsTheFirstReply(t *testing.T) {
	table := newTable(t, 1000)
	if o, reply := execute(table, 1, 1, 10, "one"); o != First || reply != "one" {
		t.Fatalf("%v %q", o, reply)
	}
	for range 3 {
		if o, reply := execute(table, 1, 1, 11, "two"); o != Replayed || reply != "one" {
			t.Fatalf("%v %q", o, reply)
		}
	}
}

func TestTheWindowHasItsEdges(t *testing.T) {
	for _, highest := range []uint64{Window, Window + 1, 1000, math.MaxUint64} {
		table := newTable(t, 1000)
		check(t, table, highest, First)
		check(t, table, highest, Replayed)
		check(t, table, highest-Window, TooOld)
		check(t, table, highest-Window+1, First)
		check(t, table, highest-Window+1, Replayed)
		check(t, table, 0, TooOld)
		check(t, table, highest-63, First)
		check(t, table, highest-64, First)
		check(t, table, highest-64, Replayed)
		check(t, table, highest-65, First)
	}
}

func TestEachSlideOfTheWindow(t *testing.T) {
	for n := uint64(1); n < 300; n++ {
		table := newTable(t, 1000)
		const top = 400
		executed := map[uint64]bool{}
		for s := uint64(top); s > top-Window; s -= 3 {
			check(t, table, s, First)
			executed[s] = true
		}
		check(t, table, top+n, First)
		executed[top+n] = true
		for s := top + n; s > top+n-Window; s-- {
			want := First
			if executed[s] {
				want = Replayed
			}
			check(t, table, s, want)
		}
		check(t, table, top+n-Window, TooOld)
	}
}

// A look is no use; what is used lives for its time to live, and not much longer.
func TestASessionLivesWhileItIsUsed(t *testing.T) {
	table := newTable(t, 1600) // deadline 10 + 1600 + 100
	for now, found := range map[int64]bool{10: true, 1709: true, 1710: false, 1711: false} {
		if _, got := table.Find(1, now); got != found {
			t.Errorf("found at %d: %v", now, got)
		}
	}
	if o, _ := table.Begin(1, 7, 110); o != First {
		t.Fatal(o)
	}
	if i, _ := table.Find(1, 110); i.Deadline != 1710 {
		t.Errorf("it was used within its slack, and ends at %d", i.Deadline)
	}
	if o, _ := table.Begin(1, 7, 111); o != First {
		t.Fatal(o)
	}
	if i, _ := table.Find(1, 111); i.Deadline != 111+1700 {
		t.Errorf("it was used, and ends at %d", i.Deadline)
	}
	if table.Due() != 2000 { // the next full second
		t.Errorf("due at %d", table.Due())
	}
	if o, _ := table.Begin(1, 7, 111+1700); o != NoSession {
		t.Error(o)
	}
	if table.Expire(1999, 64) != 0 || table.Expire(2000, 64) != 1 || table.Len() != 0 || table.Due() != 0 {
		t.Error("it is not removed at the end of the second in which it ends")
	}
}

func TestRepliesGoByAgeAndBySize(t *testing.T) {
	limits := DefaultLimits()
	limits.MaxReplyAgeMillis, limits.MaxReplyBytes, limits.MaxOneReplyBytes = 50, 3*(ReplyOverheadBytes+5), 6
	table := New(limits)
	table.Open(1, 10, 10_000)
	for s := uint64(1); s <= 3; s++ {
		check(t, table, s, First)
	}
	check(t, table, 1, Replayed)
	check(t, table, 4, First)
	check(t, table, 1, ReplyGone) // by size
	check(t, table, 2, Replayed)
	if table.Due() != 60 {
		t.Errorf("due at %d", table.Due())
	}
	if o, _ := execute(table, 1, 2, 59, ""); o != Replayed {
		t.Error(o)
	}
	if o, _ := execute(table, 1, 2, 60, ""); o != ReplyGone {
		t.Error(o)
	}
	if n := table.Expire(60, 0); n != 0 || table.ReplyBytes() != 3*(ReplyOverheadBytes+5) {
		t.Errorf("%d removed, %d bytes left", n, table.ReplyBytes())
	}
	if n := table.Expire(60, 1); n != 3 || table.ReplyBytes() != 0 {
		t.Errorf("%d removed, %d bytes left", n, table.ReplyBytes())
	}
	for reply, want := range map[string]Outcome{"123456": Replayed, "1234567": ReplyGone} {
		execute(table, 1, 100+uint64(len(reply)), 60, reply)
		if o, _ := execute(table, 1, 100+uint64(len(reply)), 60, reply); o != want {
			t.Errorf("%q: %v", reply, o)
		}
	}
}

// One entry removes a bounded number of old replies, and the next one goes on.
func TestAnEntryRemovesManyOldReplies(t *testing.T) {
	table := newTable(t, 2*DefaultTTLMillis)
	const kept = 100
	for s := uint64(1); s <= kept; s++ {
		check(t, table, s, First)
	}
	now := table.Due()
	for _, want := range []int{2 * repliesPerSession, 2 * repliesPerSession, 2 * repliesPerSession, 4, 0} {
		if n := table.Expire(now, 2); n != want {
			t.Errorf("%d removed, want %d", n, want)
		}
	}
}

// A thousand clients send a command a minute each, or open a session that they never use: what ends an hour later goes
// minute by minute, or second by second, and not one by one.
func TestWhatEndsTogetherGoesTogether(t *testing.T) {
	const clients, minute, hour = 1000, 60_000, 3_600_000
	for _, c := range []struct {
		of        string
		ttlMillis int64
		replies   bool
		max       int
	}{
		{"replies, a minute and a millisecond", 10 * hour, true, 2},
		{"sessions, a minute and a millisecond", hour, false, 61},
	} {
		table := New(DefaultLimits())
		for id := range uint64(clients) {
			now := minute + 1 + int64(id)*minute/clients
			table.Open(id+1, now, c.ttlMillis)
			if c.replies {
				table.Record(id+1, 1, now, []byte("reply"))
			}
		}
		entries := 0
		for ; table.Due() != 0 && (!c.replies || table.ReplyBytes() > 0); entries++ {
			if table.Expire(table.Due()-1, 64) != 0 || table.Expire(table.Due(), 64) == 0 {
				t.Fatal("Due is not when something is removed")
			}
		}
		if entries > c.max {
			t.Errorf("%s: %d entries, want %d at most", c.of, entries, c.max)
		}
	}
}

// A reply has its age to the millisecond, whenever it is removed.
func TestAReplyEndsBeforeItIsRemoved(t *testing.T) {
	table, limits := newTable(t, 10*DefaultTTLMillis), DefaultLimits()
	check(t, table, 1, First)
	ends := 10 + limits.MaxReplyAgeMillis
	for now, want := range map[int64]Outcome{ends - 1: Replayed, ends: ReplyGone, ends + 59_990: ReplyGone} {
		if o, _ := table.Begin(1, 1, now); o != want {
			t.Errorf("at %d: %v, want %v", now, o, want)
		}
	}
	if i, _ := table.Find(1, ends); i.Replies != 0 || table.Due() != ends-10+60_000 || table.ReplyBytes() == 0 {
		t.Errorf("%+v, due at %d", i, table.Due())
	}
}

func TestAFullTableRefusesAnotherSession(t *testing.T) {
	limits := DefaultLimits()
	limits.MaxSessions = 2
	table := New(limits)
	for id, want := range []bool{1: true, 2: true, 3: false} {
		if id > 0 && table.Open(uint64(id), 1, 100) != want {
			t.Errorf("session %d: %v", id, !want)
		}
	}
	if table.Last() != 2 || New(limits).Last() != 0 {
		t.Errorf("the last session is %d", table.Last())
	}
	if !table.Close(1, 1) || table.Close(1, 1) || !table.Open(4, 1, 100) {
		t.Error("a session that was closed keeps its place")
	}
	ended, _ := table.Find(4, 1) // as session 2, which is the older one
	if table.Open(5, ended.Deadline-1, 100) || !table.Open(5, ended.Deadline, 100) || table.Len() != 2 {
		t.Error("a session that has ended keeps its place, or one that has not loses it")
	}
	if table.Close(2, 1) || !table.Close(4, 1) {
		t.Error("another one than the first to end made room")
	}
}

// A command may close its own session: nothing is left of it.
func TestACommandMayCloseItsOwnSession(t *testing.T) {
	table := newTable(t, 1000)
	table.Begin(1, 1, 10)
	table.Close(1, 10)
	table.Record(1, 1, 10, []byte("reply"))
	if table.Len() != 0 || table.ReplyBytes() != 0 || table.Hash() != 0 {
		t.Error("something is left")
	}
}

func TestRecordTakesWhatBeginCalledFirst(t *testing.T) {
	table := newTable(t, 1000)
	check(t, table, 300, First)
	before := table.Hash()
	for _, s := range []uint64{0, 1, 300 - Window, 300} {
		table.Record(1, s, 10, []byte("another"))
	}
	if table.Hash() != before {
		t.Error("it took another one")
	}
}

// A sequence whose reply is too long to be kept counts as executed, and slides the window.
func TestASequenceWithoutAReplyCounts(t *testing.T) {
	table := newTable(t, 1000)
	long := make([]byte, DefaultLimits().MaxOneReplyBytes+1)
	check(t, table, 1, First)
	table.Begin(1, 2, 10)
	table.Record(1, 2, 10, long)
	table.Record(2, 2, 10, long)
	check(t, table, 2, ReplyGone)
	check(t, table, 1, Replayed)
	kept := table.ReplyBytes()
	table.Begin(1, Window+1, 10)
	table.Record(1, Window+1, 10, long)
	check(t, table, 1, TooOld)
	if i, _ := table.Find(1, 10); kept == 0 || table.ReplyBytes() != 0 || i.Highest != Window+1 || i.Replies != 0 {
		t.Errorf("%d bytes are kept of %d: %+v", table.ReplyBytes(), kept, i)
	}
}

// A frozen table tells what there was of a session.
func TestAFrozenTableKnowsItsSessions(t *testing.T) {
	table := newTable(t, 1000)
	check(t, table, 1, First)
	frozen, now := table.Freeze(), int64(500)
	want, _ := table.Find(1, now)
	check(t, table, 2, First)
	table.Close(1, now)
	if got, found := frozen.Find(1, now); !found || got != want || got.Replies != 1 {
		t.Errorf("%+v, %v, want %+v", got, found, want)
	}
	if _, found := frozen.Find(1, want.Deadline); found {
		t.Error("its time is over")
	}
	if _, found := frozen.Find(2, now); found {
		t.Error("it never was")
	}
}

// An empty table is an empty table, whatever was in it: hosts that use no sessions, or no longer do, pay nothing.
func TestAnEmptyTableHasNoTraces(t *testing.T) {
	table := newTable(t, 1000)
	check(t, table, 1, First)
	table.Close(1, 10)
	if table.Hash() != 0 || New(DefaultLimits()).Hash() != 0 {
		t.Error("an empty table has a hash")
	}
	if !bytes.Equal(imageOf(t, table.Freeze()), imageOf(t, New(DefaultLimits()).Freeze())) {
		t.Error("its image shows what was there")
	}
}

// Sessions take less than 200 bytes each, in memory and in the image.
func TestWhatASessionCosts(t *testing.T) {
	const count, maxBytes = 100_000, 200
	table, before := New(DefaultLimits()), heapBytes()
	for id := range uint64(count) {
		table.Open(1000+3*id, int64(id), DefaultTTLMillis)
	}
	each := (heapBytes() - before) / count
	image := imageOf(t, table.Freeze())
	if each > maxBytes || len(image)/count > maxBytes {
		t.Errorf("a session costs %d bytes in memory, %d in the image", each, len(image)/count)
	}
	beforeRestore := heapBytes()
	again, err := Restore(DefaultLimits(), bytes.NewReader(image))
	if err != nil || again.Hash() != table.Hash() {
		t.Fatal(err)
	}
	restored := (heapBytes() - beforeRestore) / count
	t.Logf("%d bytes in memory, %d when restored, %d in the image", each, restored, len(image)/count)
	if restored > maxBytes {
		t.Errorf("a session that was restored costs %d bytes in memory", restored)
	}
	runtime.KeepAlive([]any{table, again, image})
}

// A kept reply takes no more memory than it counts.
func TestWhatAReplyCosts(t *testing.T) {
	const sessions, window = 2_000, 50
	table := New(DefaultLimits())
	for id := range uint64(sessions) {
		table.Open(id+1, 1, DefaultTTLMillis)
	}
	before := heapBytes()
	for s := uint64(1); s <= window; s++ {
		for id := range uint64(sessions) {
			table.Record(id+1, s, 1, []byte("+OK\r\n"))
		}
	}
	each := (heapBytes() - before) / sessions / window
	t.Logf("%d bytes in memory", each)
	if counted := table.ReplyBytes() / sessions / window; each > counted {
		t.Errorf("a reply costs %d bytes in memory, and counts %d", each, counted)
	}
	runtime.KeepAlive(table)
}

func heapBytes() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Images are written while the table changes.
func TestImagesAreWrittenMeanwhile(t *testing.T) {
	w := newWorld(t, 7)
	var writers sync.WaitGroup
	for range 50 {
		for range 40 {
			w.step()
		}
		want, frozen := imageOf(t, w.table.Freeze()), w.table.Freeze()
		writers.Go(func() {
			if !bytes.Equal(imageOf(t, frozen), want) {
				t.Error("a frozen table has changed")
			}
		})
	}
	writers.Wait()
}

func TestAFailedWriterEndsTheImage(t *testing.T) {
	table := newTable(t, 1000)
	for s := range uint64(40) {
		execute(table, 1, s+1, 10, string(make([]byte, 10_000)))
	}
	n, err := table.Freeze().WriteTo(limited{new(bytes.Buffer), 2})
	if err == nil || n != 2*chunkBytes {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// limited takes so many writes.
type limited struct {
	*bytes.Buffer
	writes int
}

func (l limited) Write(b []byte) (int, error) {
	if l.Len() >= l.writes*chunkBytes {
		return 0, io.ErrClosedPipe
	}
	return l.Buffer.Write(b)
}

// FuzzRestore: any bytes give a table whose image they are, or an error.
func FuzzRestore(f *testing.F) {
	table := New(DefaultLimits())
	f.Add(imageOf(f, table.Freeze()))
	for id := range uint64(3) {
		table.Open(id+1, 5, 1000)
		for s := range id {
			execute(table, id+1, 2*s+1, 6, "reply")
		}
	}
	f.Add(imageOf(f, table.Freeze()))
	f.Fuzz(func(t *testing.T, image []byte) {
		r := bytes.NewReader(image)
		table, err := Restore(DefaultLimits(), r)
		if err != nil {
			return
		}
		used := image[:len(image)-r.Len()]
		if again := imageOf(t, table.Freeze()); !bytes.Equal(again, used) {
			t.Fatalf("%x becomes %x", used, again)
		}
		for id := range uint64(4) { // whatever it holds, it can be used
			for s := range uint64(4) {
				execute(table, id, s, 7, "more")
			}
			table.Close(id, 8)
		}
		table.Expire(math.MaxInt64-1, 1<<20)
	})
}

func TestADamagedImageIsRefused(t *testing.T) {
	table := New(DefaultLimits())
	for id := range uint64(3) {
		table.Open(id+1, 5, 1000)
		execute(table, id+1, 1, 6, "reply")
		execute(table, id+1, 3, 6, "reply")
	}
	image := imageOf(t, table.Freeze())
	for end := range image {
		if _, err := Restore(DefaultLimits(), bytes.NewReader(image[:end])); err == nil {
			t.Fatalf("%d of %d bytes are taken for a table", end, len(image))
		}
	}
}
