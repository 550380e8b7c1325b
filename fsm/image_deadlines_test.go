package fsm

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// sampleOfTime is sample, and keys with deadlines, also one that is overdue.
func sampleOfTime(t testing.TB) *Machine {
	t.Helper()
	m := sample(t)
	scriptAt(t, m, now, "pexpire log 5000", "set {tag}z three pxat 1700000000777", "psetex empty 1 x", "setex full 1 x")
	lines := []string{"copy log longer"}
	for i := range 2 * sweepPerEntry {
		lines = append(lines, fmt.Sprintf("set %d v px 1", i), fmt.Sprintf("del %d", i))
	}
	m.Apply(m.Index()+1, now, body(lines...), nil)
	m.Apply(m.Index()+1, now, nil, nil)
	return m
}

// TestImageWithDeadlinesIsThatOfTheGoldenFile guards what clusters have on their disks, as the test of the format does
// for images without deadlines: those stay the same to the byte.
func TestImageWithDeadlinesIsThatOfTheGoldenFile(t *testing.T) {
	checkGolden(t, sampleOfTime(t), "image-deadlines.hex")
}

// TestDeadlinesSurviveAnImage restores a state with a backlog, and lets time go on in both machines.
func TestDeadlinesSurviveAnImage(t *testing.T) {
	m := sampleOfTime(t)
	for i := range 5 * sweepPerEntry {
		scriptAt(t, m, now, fmt.Sprintf("set crowd%d v px 9", i))
	}
	tick(m, now+9)
	if m.Stats().Overdue == 0 {
		t.Fatal("there is no backlog")
	}
	again := restored(t, imageOf(t, m))
	for step := range 8 {
		checkDeadlines(t, again)
		one, other := m.Stats(), again.Stats()
		if other.Expired = one.Expired; !reflect.DeepEqual(one, other) || m.Due() != again.Due() || m.Hash() != again.Hash() {
			t.Fatalf("step %d: %+v due %d hash %x, want %+v due %d hash %x",
				step, other, again.Due(), again.Hash(), one, m.Due(), m.Hash())
		}
		tick(m, now+10+int64(step))
		tick(again, now+10+int64(step))
	}
	if m.Stats().Overdue != 0 || !bytes.Equal(imageOf(t, m), imageOf(t, again)) {
		t.Fatal("the machines differ in the end")
	}
}

// TestDeadlinesArePartOfTheHash changes nothing but a deadline.
func TestDeadlinesArePartOfTheHash(t *testing.T) {
	seen := map[uint64]string{}
	for _, line := range []string{"persist a", "pexpireat a 200", "pexpireat a 201", "expire a 5"} {
		m := newMachine(t)
		scriptAt(t, m, 100, "set a 1", line)
		if other, there := seen[m.Hash()]; there {
			t.Errorf("%s has the hash of %s", line, other)
		}
		seen[m.Hash()] = line
	}
	m, plain := newMachine(t), newMachine(t)
	m.Apply(1, 100, body("set a 1", "pexpireat a 200", "persist a"), nil)
	plain.Apply(1, 100, body("set a 1"), nil)
	if m.Hash() != plain.Hash() {
		t.Fatal("a deadline that was taken away leaves a trace")
	}
}

// TestAnImageAnswersReads compares the answers of an image with those that the machine gave when it was frozen, while
// the machine goes on beside it. It is for the race detector, too.
func TestAnImageAnswersReads(t *testing.T) {
	m := sampleOfTime(t)
	lines := [][][]byte{
		words("keys *"), words("scan 0 count 1000"), words("dbsize"), words("mget a log {tag}z"), words("pttl {tag}z"),
		words("randomkey"), words("cluster getkeysinslot 8338 10"),
	}
	run := newRun(2, lines...)
	if m.Query(now, run) {
		t.Fatal("it needs a tick")
	}
	done := make(chan string)
	const readers = 4
	for range readers {
		image := m.Freeze()
		scriptAt(t, m, now, "append log x", "set {tag}z other", "set more 1")
		go func() {
			defer image.Release()
			again := newRun(2, lines...)
			image.Query(now, again)
			done <- string(again.Reply)
		}()
		scriptAt(t, m, now+5000, "append log y", "flushall", "set log z")
		if err := m.Restore(testSeed, bytes.NewReader(imageOf(t, sampleOfTime(t)))); err != nil {
			t.Fatal(err)
		}
		if got := <-done; got != string(run.Reply) {
			t.Fatalf("the image answers %q, the machine %q", got, run.Reply)
		}
	}
	image := m.Freeze()
	image.Release()
	wantPanic(t, func() { image.Query(now, newRun(2, words("dbsize"))) })
}

// TestAFreezeDoesNotDisturbReaders is for the race detector: images are taken, asked and released, one at a time,
// beside queries of the machine. Some leave out a long value, which a write may change in place.
func TestAFreezeDoesNotDisturbReaders(t *testing.T) {
	m := sampleOfTime(t)
	for range 2 {
		args := [][]byte{[]byte("append"), []byte("long"), varied(300_000)}
		m.Apply(m.Index()+1, now, argv.Append(nil, args), nil)
	}
	ask := func(query func(int64, any) bool) string {
		run := newRun(2, words("mget a log {tag}z"), words("dbsize"), words("scan 0"), words("ttl {tag}z"))
		query(now, run)
		late := newLate(words("get long"))
		if query(now, late); !late.WantsFreeze && late.Long.Bytes() != 600_000 {
			t.Errorf("%d bytes are left out, want 600,000", late.Long.Bytes())
		}
		return string(run.Reply)
	}
	want := ask(m.Query)
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for range 200 {
				if got := ask(m.Query); got != want {
					t.Errorf("the machine answers %q", got)
				}
			}
		})
	}
	for range 200 {
		image := m.Freeze()
		if got := ask(image.Query); got != want {
			t.Fatalf("an image answers %q", got)
		}
		image.Release()
	}
	readers.Wait()
}
