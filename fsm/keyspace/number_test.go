package keyspace

import "testing"

// TestNumbersGrow whatever becomes of the keys, also within one entry, and across an image.
func TestNumbersGrow(t *testing.T) {
	s := emptySpace()
	s.Advance(1, 0)
	for _, step := range []struct {
		name    string
		prepare func()
		take    func() uint64
		want    uint64
	}{
		{"the first is the index of its entry", func() {}, s.NextNumber, 1},
		{"a second one in that entry", func() {}, s.NextNumber, 2},
		{"and a third", func() {}, s.NextNumber, 3},
		{"an entry whose number was taken", func() { s.Advance(2, 0) }, s.NextNumber, 4},
		{"an entry far behind", func() { s.Advance(100, 0) }, s.NextNumber, 100},
		{"several at once", func() {}, func() uint64 { return s.NextNumbers(10) }, 101},
		{"behind several", func() {}, s.NextNumber, 111},
		{"behind a flush", s.Flush, s.NextNumber, 112},
		{"the last index before that", func() { s.Advance(112, 0) }, s.NextNumber, 113},
		{"the index after the last number", func() { s.Advance(114, 0) }, s.NextNumber, 114},
	} {
		step.prepare()
		if got := step.take(); got != step.want || s.LastNumber() < got {
			t.Fatalf("%s: %d, want %d; the last is %d", step.name, got, step.want, s.LastNumber())
		}
	}
	before := s.StateHash()
	again, err := readBack(s.imageBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	if again.StateHash() != before || again.LastNumber() != 114 || again.NextNumber() != 115 {
		t.Errorf("restored, the last number is %d", again.LastNumber())
	}
	if again.StateHash() == before {
		t.Error("a number that was taken does not show in the state hash")
	}
	fresh := emptySpace()
	s.all.Replace(*fresh.all)
	if s.all.LastNumber() != 0 {
		t.Error("another state has the numbers of the one before")
	}
}

// TestAFreezeHasItsNumber and not one that was taken since.
func TestAFreezeHasItsNumber(t *testing.T) {
	s := emptySpace()
	s.Advance(5, 0)
	s.NextNumber()
	frozen := s.Freeze()
	s.NextNumber()
	if frozen.State().LastNumber() != 5 || frozen.Hash() == s.StateHash() {
		t.Errorf("the last number of the image is %d, want 5", frozen.State().LastNumber())
	}
}
