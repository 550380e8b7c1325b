package fsm

import (
	"bytes"
	"runtime"
	"testing"
)

// A string of 16 MiB with a bit at each end takes some kilobytes, before an image and after it. The image has all of
// its zeros; the state is the same, and goes on being the same where it is changed.
func TestAStringOfZerosTakesAsLittleMemoryWhenItIsRestored(t *testing.T) {
	const mostLiveBytes = 2 << 20
	m := newMachine(t)
	lines := []string{
		"SETBIT sparse 134217727 1", "SETBIT sparse 0 1", "SETRANGE half 8191 x", "SETRANGE third 12287 x",
		"SETRANGE third 4096 y", "SET short x", "PEXPIRE sparse 1000",
	}
	script(m, lines...)
	image := imageOf(t, m)
	r := newMachine(t)
	before := liveBytes()
	if err := r.Restore(testSeed, bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	if grown := liveBytes() - before; grown > mostLiveBytes {
		t.Errorf("the restored state takes %d bytes more than an empty one", grown)
	}
	if !bytes.Equal(imageOf(t, r), image) {
		t.Error("the restored state has another image")
	}
	for _, line := range []string{
		"BITCOUNT sparse", "BITPOS sparse 1 1", "GETRANGE half 8190 -1", "GETRANGE third 4095 4097", "PTTL sparse",
		"SETBIT sparse 77777777 1", "APPEND third z", "BITOP OR all sparse half third", "COPY sparse twin",
		"SETRANGE twin 5 x", "GETRANGE sparse 5 5", "BITCOUNT all",
	} {
		if got, want := script(r, line), script(m, line); got != want {
			t.Errorf("%s answers %q, before the image %q", line, got, want)
		}
	}
	if m.Hash() != r.Hash() {
		t.Error("the states differ")
	}
	runtime.KeepAlive(r)
}

// liveBytes is how many bytes are in use.
func liveBytes() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
