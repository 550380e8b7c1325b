package torture

import (
	"fmt"
	"strings"
	"testing"
)

func TestWatch_CountsSnapshotsThroughAllLivesOfANode(t *testing.T) {
	w := newWatch(2)
	for _, seen := range []struct{ node, taken, installed int }{
		{0, 2, 0}, {0, 3, 0}, {1, 1, 1}, {0, 1, 1}, {0, 1, 2}, {1, 1, 1},
	} {
		err := w.note(seen.node, factsIn(fmt.Sprintf("raft_state_quarantine:no\r\nraft_state_undecided_index:0\r\n"+
			"raft_current_term:1\r\nraft_snapshots_created:%d\r\n"+
			"raft_snapshots_received:%d\r\n", seen.taken, seen.installed)))
		if err != nil {
			t.Fatal(err)
		}
	}
	if taken, installed := w.snapshots(); taken != 3+1+1 || installed != 2+1 {
		t.Errorf("%d snapshots were taken and %d installed, want 5 and 3", taken, installed)
	}
}

func TestRun_PlaysItsOpeningHoweverShortItIs(t *testing.T) {
	f := newFake(t, 3)
	report, err := tortured(t, f, func(o *Options) {
		o.Duration, o.Kinds, o.Opening = 1, []Kind{MoveOne}, []Kind{SaveOne, LeaveOne, SaveOne}
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Faults != [kinds]int{SaveOne: 2, LeaveOne: 1} {
		t.Errorf("the report is %v, want two snapshots and one leave", report)
	}
}

func TestRun_AsksForSnapshotsAndCountsThem(t *testing.T) {
	f := newFake(t, 3)
	report, err := tortured(t, f, func(o *Options) { o.Kinds = []Kind{SaveOne} })
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, count := range f.saves {
		asked += count
	}
	if asked == 0 || report.Faults[SaveOne] != asked || report.SnapshotsTaken != uint64(asked) {
		t.Errorf("%d snapshots were asked for, and the report says %v", asked, report)
	}
	if says := fmt.Sprintf("%d snapshots taken and 0 installed", asked); !strings.Contains(report.String(), says) {
		t.Errorf("the report is %q, want %q in it", report, says)
	}
}

// S30: Nothing that a run does makes the states of nodes differ.
func TestWatch_RefusesStatesThatDiffer(t *testing.T) {
	healthy := "raft_current_term:1\r\nraft_snapshots_created:0\r\nraft_snapshots_received:0\r\n" +
		"raft_state_quarantine:no\r\nraft_state_quarantined_nodes:\r\nraft_state_undecided_index:0\r\n"
	if err := newWatch(3).note(1, factsIn(healthy)); err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{
		"raft_state_quarantine:differs=64,agreed=0,reinstalled=0", "raft_state_quarantined_nodes:3:differs=64",
		"raft_state_undecided_index:64",
	} {
		if err := newWatch(3).note(1, factsIn(healthy+said+"\r\n")); err == nil {
			t.Errorf("a run goes on after %s", said)
		}
	}
}
