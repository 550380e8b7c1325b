package process

import (
	"testing"
	"time"
)

func TestUseIsReadWhateverAProcessIsCalled(t *testing.T) {
	const stat = "4242 (a) b (c) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 7 0 100 0 0\n"
	u, err := parseStat(stat)
	if want := (Use{User: 1500 * time.Millisecond, System: 250 * time.Millisecond}); err != nil || u != want {
		t.Errorf("%v, %v, want %v", u, err, want)
	}
	for _, bad := range []string{"", "1 (a) S 1 2", "1 (a) S 1 2 3 4 5 6 7 8 9 10 x 12 13\n"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q is taken for what a process used", bad)
		}
	}
	const status = "Name:\ta\nnonvoluntary_ctxt_switches:\t9\nvoluntary_ctxt_switches:\t123\n"
	if n := parseSwitches([]byte(status)); n != 123 {
		t.Errorf("%d switches, want 123", n)
	}
	if n := parseSwitches([]byte("Name:\ta\n")); n != 0 {
		t.Errorf("%d switches, want none", n)
	}
	if n := parseRunning("123456 789 10\n"); n != 123456 {
		t.Errorf("%v on processors, want 123456 ns", n)
	}
	difference := Use{5, 7, 9, 11}.Since(Use{1, 2, 3, 4})
	if sum := difference.Plus(Use{1, 2, 3, 4}); difference != (Use{4, 5, 6, 7}) || sum != (Use{5, 7, 9, 11}) {
		t.Errorf("%v, %v", difference, sum)
	}
}

func TestSizesAreReadOrMissed(t *testing.T) {
	const status = "Name:\tRssAnon: 9\nVmRSS:\t   2048 kB\nRssAnon:\t    1024 kB\n"
	const io = "rchar: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 5\n"
	if b, err := parseBytes(status, io); err != nil || b != (Bytes{1 << 20, 2 << 20, 4096}) {
		t.Errorf("%v, %v", b, err)
	}
	for _, each := range [][2]string{{"", io}, {status, "rchar: 1\n"}, {"VmRSS: 1 kB\n", io}} {
		if _, err := parseBytes(each[0], each[1]); err == nil {
			t.Errorf("%q have sizes", each)
		}
	}
}

// What a process does is seen while it does it.
func TestASleepingServerIsMeasured(t *testing.T) {
	s, err := Start(t.Context(), Launch{Name: "sleep", Parent: t.TempDir(), Program: "sleep", Args: []string{"1000"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Wait()
	defer s.Kill()
	b, err := s.Bytes()
	if err != nil || b.Resident == 0 {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := s.Use(); err != nil {
		t.Error(err)
	}
}
