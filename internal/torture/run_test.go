package torture

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// tortured runs against a fake for a moment and returns what came of it.
func tortured(t *testing.T, f *fake, change func(*Options)) (*Report, error) {
	t.Helper()
	network, err := NewNetwork(f.addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	o := Options{
		Seed: 1, Duration: time.Second, Addresses: f.addresses(), Nodes: f, Network: network, Recovery: soon,
		Disks: f,
	}
	change(&o)
	report, err := Run(t.Context(), o)
	for node, down := range f.down {
		if down {
			t.Errorf("node %d is broken when the run is over", node)
		}
	}
	for way, gate := range network.gates {
		if gate.state != Open {
			t.Errorf("the way %v is %v when the run is over", way, gate.state)
		}
	}
	return report, err
}

func TestRun_FindsNothingInAClusterThatNeverFails(t *testing.T) {
	f := newFake(t, 5)
	report, err := tortured(t, f, func(o *Options) {
		// A node that leaves refuses what it is asked: that is another test's.
		o.Kinds = withoutMembers()
	})
	if err != nil {
		t.Fatalf("%v\n%v", report, err)
	}
	t.Log(report)
	faults := 0
	for _, count := range report.Faults {
		faults += count
	}
	if report.Done < 100 || report.NotDone+report.Unknown > 0 || faults == 0 || report.Keys != len(f.values) {
		t.Errorf("the report says what did not happen, for %d keys: %v", len(f.values), report)
	}
}

// withoutMembers are the kinds of faults in which all nodes stay members.
func withoutMembers() (members []Kind) {
	for kind := range LoseDisk {
		members = append(members, kind)
	}
	return members
}

func TestRun_EndsWithItsContext(t *testing.T) {
	f := newFake(t, 3)
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	network, err := NewNetwork(f.addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	time.AfterFunc(short, func() { cancel(stop) })
	o := Options{Duration: time.Hour, Addresses: f.addresses(), Nodes: f, Network: network}
	if _, err := Run(ctx, o); !errors.Is(err, stop) {
		t.Errorf("the run ended with %v, want %v", err, stop)
	}
}

// Members leave, lose their disks, and come back as others; the run goes on with what they are then. The
// run asks again for changes whose fate is unknown.
func TestRun_NodesThatLeaveOrLoseTheirDiskComeBackAsMembers(t *testing.T) {
	for _, kind := range []Kind{LoseDisk, LeaveOne} {
		t.Run(kind.String(), func(t *testing.T) {
			f := newFake(t, 3)
			refused := 0
			f.lie = func(_ *fake, _ int, args []string) (string, bool) {
				if args[0] != "CLUSTER" || args[1] == "MYID" || refused > 5 {
					return "", false
				}
				refused++
				return []string{"-UNCERTAIN it may go on\r\n", "-ERR a change is in progress\r\n"}[refused%2], true
			}
			report, err := tortured(t, f, func(o *Options) {
				o.Seed, o.Kinds, o.Duration = shortSeed, []Kind{kind}, time.Second/2
			})
			t.Log(report)
			if err != nil {
				t.Fatal(err)
			}
			lives := 0
			for node := range 3 {
				lives += f.lives[node]
				if f.outside[node] || f.emptied[node] {
					t.Errorf("node %d is no member when the run is over", node)
				}
			}
			if lives == 0 || lives != report.Faults[kind] {
				t.Errorf("%d directories were emptied in %d faults", lives, report.Faults[kind])
			}
		})
	}
}

func TestRun_FindsAClusterThatDoesNotTakeAMemberBack(t *testing.T) {
	f := newFake(t, 3)
	f.lie = func(_ *fake, _ int, args []string) (string, bool) {
		return "-ERR no such member\r\n", args[0] == "CLUSTER" && (args[1] == "ADDNODE" || args[1] == "REPLACENODE")
	}
	report, err := tortured(t, f, func(o *Options) {
		o.Seed, o.Kinds, o.Recovery = shortSeed, []Kind{LoseDisk}, time.Second
	})
	t.Log(report)
	if err == nil || !strings.Contains(err.Error(), "is no member") {
		t.Errorf("the error is %v", err)
	}
}
