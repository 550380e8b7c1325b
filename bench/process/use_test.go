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
	difference := Use{5, 7, 9}.Since(Use{1, 2, 3})
	if sum := difference.Plus(Use{1, 2, 3}); difference != (Use{4, 5, 6}) || sum != (Use{5, 7, 9}) {
		t.Errorf("%v, %v", difference, sum)
	}
}
