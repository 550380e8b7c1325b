package torture

import (
	"context"
	"errors"
	"strconv"
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
		Seed: 1, Duration: time.Millisecond, Addresses: f.addresses(), Nodes: f, Network: network, Recovery: soon,
	}
	if change != nil {
		change(&o)
	}
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
	report, err := tortured(t, f, func(o *Options) { o.Duration = 2 * time.Second })
	if err != nil {
		t.Fatalf("%v\n%v", report, err)
	}
	t.Log(report)
	faults := 0
	for _, count := range report.Faults {
		faults += count
	}
	if report.Done < 1000 || report.NotDone+report.Unknown > 0 || faults == 0 || report.Keys != len(f.values) {
		t.Errorf("the report says what did not happen, for %d keys: %v", len(f.values), report)
	}
}

// Each lie, told seldom, must be found.
func TestRun_FindsEveryLie(t *testing.T) {
	every := func(n int, command string, node int, reply func(f *fake, args []string) string) func(*testing.T, *fake) {
		return func(_ *testing.T, f *fake) {
			seen := 0
			f.lie = func(f *fake, at int, args []string) (string, bool) {
				if args[0] != command || node >= 0 && at != node {
					return "", false
				}
				if seen++; seen%n != 0 {
					return "", false
				}
				return reply(f, args), true
			}
		}
	}
	counter := func(args []string) bool { return strings.HasPrefix(args[1], "counter") }
	for name, lie := range map[string]struct {
		plant func(*testing.T, *fake)
		want  string
	}{
		"an increment is acknowledged and lost": {every(10, "INCR", -1, func(f *fake, args []string) string {
			value, _ := strconv.Atoi(f.values[args[1]])
			return ":" + strconv.Itoa(value+1) + "\r\n"
		}), "was answered"},
		"an increment is said not to be done, and is": {every(10, "INCR", -1, func(f *fake, args []string) string {
			value, _ := strconv.Atoi(f.values[args[1]])
			f.values[args[1]] = strconv.Itoa(value + 1)
			return "-CLUSTERDOWN no leader\r\n"
		}), "increments"},
		"a write is acknowledged and lost": {every(10, "SET", -1, func(*fake, []string) string { return "+OK\r\n" }),
			"no order of its history"},
		"a write is said not to be done, and is": {every(10, "SET", -1, func(f *fake, args []string) string {
			f.values[args[1]] = args[2]
			return "-TRYAGAIN later\r\n"
		}), "no order of its history"},
		"a read is stale": {func(_ *testing.T, f *fake) {
			old := map[string]string{}
			f.lie = func(f *fake, node int, args []string) (string, bool) {
				if args[0] != "GET" || counter(args) {
					return "", false
				}
				stale, known := old[args[1]]
				old[args[1]] = f.values[args[1]]
				if !known || f.calls%20 != 0 {
					return "", false
				}
				return "$" + strconv.Itoa(len(stale)) + "\r\n" + stale + "\r\n", true
			}
		}, "no order of its history"},
		"a read of a counter is stale": {every(10, "GET", 2, func(f *fake, args []string) string {
			if !counter(args) {
				return f.bulk(args[1])
			}
			return "$1\r\n0\r\n"
		}), "GET"},
		"a command happens twice": {every(10, "APPEND", -1, func(f *fake, args []string) string {
			f.values[args[1]] += args[2] + args[2]
			return ":" + strconv.Itoa(len(f.values[args[1]])-len(args[2])) + "\r\n"
		}), "twice"},
		"an error is no fate": {every(10, "APPEND", -1, func(*fake, []string) string { return "-ERR oops\r\n" }),
			"none of the three fates"},
		"nodes differ at the end": {every(1, "MGET", 3, func(_ *fake, args []string) string {
			return "*" + strconv.Itoa(len(args)-1) + "\r\n" + strings.Repeat("$-1\r\n", len(args)-1)
		}), "on node 3"},
		"a node has a key that nobody wrote": {every(1, "DBSIZE", 4, func(f *fake, _ []string) string {
			return ":" + strconv.Itoa(len(f.values)+1) + "\r\n"
		}), "node 4 has"},
		"two lead in one term": {every(1, "INFO", 1, func(*fake, []string) string {
			text := "raft_role:leader\r\nraft_current_term:3\r\n"
			return "$" + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n"
		}), "both led in term 3"},
		"a node serves nobody": {func(_ *testing.T, f *fake) {
			f.lie = func(_ *fake, node int, _ []string) (string, bool) { return "-CLUSTERDOWN no leader\r\n", node == 2 }
		}, "node 2 has not answered"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 5)
			lie.plant(t, f)
			report, err := tortured(t, f, func(o *Options) {
				o.Recovery, o.Duration, o.Kinds = time.Second, 100*time.Millisecond, []Kind{PauseOne}
			})
			t.Log(report)
			if err == nil || !strings.Contains(err.Error(), lie.want) {
				t.Errorf("the error is %v, want one with %q", err, lie.want)
			}
		})
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
