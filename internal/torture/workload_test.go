package torture

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/internal/client"
)

// served tortures a fake with all workloads.
func served(t *testing.T, f *fake, recovery time.Duration) (*Report, error) {
	t.Helper()
	doors, err := NewDoors(f.addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer doors.Close()
	return tortured(t, f, func(o *Options) {
		o.Seed, o.Duration, o.Recovery, o.Kinds = shortSeed, time.Second, recovery, []Kind{PauseOne}
		o.Workloads, o.Doors, o.Conditional = []Workload{NewTopics(), NewLocks()}, doors, true
	})
}

func TestWorkloads_FindNothingInAClusterThatNeverFails(t *testing.T) {
	f := newFake(t, 3)
	report, err := served(t, f, soon)
	t.Log(report)
	if err != nil {
		t.Fatal(err)
	}
	if report.Slams == 0 || len(report.Workloads) != 2 {
		t.Errorf("the report says what did not happen: %v", report)
	}
}

func TestWorkloads_FindEveryLie(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	log := func(lie func(f *fake, args []string) (string, bool)) func(*fake, int, []string) (string, bool) {
		return func(f *fake, _ int, args []string) (string, bool) {
			if args[0] != "RAFT.LOG" || f.service.topics[args[2]] == nil {
				return "", false
			}
			return lie(f, args)
		}
	}
	for _, l := range []lie{
		{"an entry is acknowledged and lost", "at ", log(func(f *fake, args []string) (string, bool) {
			newest := f.service.topics[args[2]].newest()
			return integer(newest + 1), args[1] == "APPEND" && newest%5 == 0
		})},
		{"an entry comes twice", "which was acknowledged at", log(func(f *fake, args []string) (string, bool) {
			if args[1] != "APPEND" || f.service.topics[args[2]].newest()%5 != 0 {
				return "", false
			}
			f.service.log(args)
			return f.service.log(args), true
		})},
		{"a reader misses an entry", "asked for what is after", log(func(f *fake, args []string) (string, bool) {
			after, _ := strconv.Atoi(args[3])
			newest := f.service.topics[args[2]].newest()
			if args[1] != "READ" || after == 0 || uint64(after)+2 > newest {
				return "", false
			}
			args[3] = strconv.Itoa(after + 1)
			return f.service.log(args), true
		})},
		{"a reader misses the newest", "had been acknowledged at", log(func(f *fake, args []string) (string, bool) {
			return "*-1\r\n", args[1] == "READ" && f.service.topics[args[2]].newest()%2 == 0
		})},
		{"a lock is given to two", "had it with token", every(4, "RAFT.LOCK", anyNode, func(f *fake, args []string) string {
			delete(f.service.locks, args[1])
			return f.service.take(args)
		})},
		{"tokens do not grow", "was given", every(4, "RAFT.LOCK", anyNode, func(f *fake, args []string) string {
			if f.service.held(args[1]) != nil {
				return null
			}
			f.service.number /= 2
			return f.service.take(args)
		})},
		{"a lock never ends", "is not free", func(f *fake, _ int, args []string) (string, bool) {
			if args[0] == "RAFT.LOCK" {
				args[3] = "3600000"
			}
			return integer(1), args[0] == "RAFT.UNLOCK" || args[0] == "DEL"
		}},
		{"a comparison does not compare", "no order of its history", func(f *fake, _ int, args []string) (string, bool) {
			if args[0] != "SET" || len(args) < 5 || args[3] != "IFEQ" {
				return "", false
			}
			f.values[args[1]] = args[2]
			return "+OK\r\n", true
		}},
	} {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeBesideOthers(t, 3)
			f.lie = l.lie
			report, err := served(t, f, 5*time.Second)
			t.Log(report)
			if err == nil || !strings.Contains(err.Error(), l.want) {
				t.Errorf("the error is %v, want one with %q", err, l.want)
			}
		})
	}
}

// ending is a workload that finds something at its end only.
type ending struct{ found error }

func (e *ending) Verify(context.Context, *Field) error { return nil }
func (e *ending) Keys() []string                       { return nil }
func (e *ending) String() string                       { return "ending" }

func (e *ending) Work(ctx context.Context, f *Field) error {
	for !f.Over() {
		if err := wait(ctx, pollPeriod); err != nil {
			return err
		}
	}
	return e.found
}

func TestRun_HearsWhatClientsFindWhileTheyFinish(t *testing.T) {
	f, found := newFake(t, 3), errors.New("found")
	_, err := tortured(t, f, func(o *Options) {
		o.Seed, o.Duration, o.Kinds = shortSeed, time.Second/2, []Kind{PauseOne}
		o.Workloads = []Workload{&ending{found: found}}
	})
	if !errors.Is(err, found) {
		t.Errorf("the run ends with %v, want %v", err, found)
	}
}

func TestVisitor_TriesUntilItIsDone(t *testing.T) {
	f, refused := newFake(t, 3), 0
	f.lie = func(_ *fake, _ int, args []string) (string, bool) {
		if args[0] != "INCR" || refused == 4 {
			return "", false
		}
		refused++
		return []string{"-UNCERTAIN x\r\n", "-CLUSTERDOWN x\r\n", "-LOADING x\r\n", "-TRYAGAIN x\r\n"}[refused-1], true
	}
	field := &Field{Addresses: f.addresses(), Seed: 1, began: time.Now()}
	v := newVisitor(field, kindChecker, 0)
	defer v.leave()
	o, attempts, err := v.insist(t.Context(), "INCR", "key")
	if err != nil || attempts != 5 || o.fate != client.Done || o.reply.Text != "1" {
		t.Errorf("after %d attempts: %+v, %v", attempts, o, err)
	}
	if v.sent != 5 || v.unknown != 1 || v.refused != 3 {
		t.Errorf("sent %d, unknown %d, refused %d", v.sent, v.unknown, v.refused)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, _, err := v.insist(ctx, "INCR", "key"); err == nil {
		t.Error("it goes on behind the end of its context")
	}
}
