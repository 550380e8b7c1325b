package torture

import (
	"context"
	"errors"
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
	report, err := tortured(t, f, func(*Options) {})
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
