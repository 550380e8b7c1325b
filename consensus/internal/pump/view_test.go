package pump

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// restoring starts a node that must install a snapshot, and waits until it is in the middle of that: its machine holds
// half of something. The restore ends with what is sent to end.
func restoring(t *testing.T) (late *running, end chan error) {
	t.Helper()
	h, disks, nodes := startSnapshotCluster(t, 2, false)
	ripe := func(r *running) bool { return r.Status().SnapshotsTaken > 2 && r.log.beginsBehind() > 1 }
	for i := 0; i < 200 || !ripe(nodes[0]) || !ripe(nodes[1]); i++ {
		nodes[i%2].propose(t, fmt.Sprint("c", i))
	}
	half := make(chan struct{})
	end = make(chan error, 1)
	h.restoring = func(d *diary) error {
		d.applied = []string{"half"}
		close(half)
		select {
		case err := <-end:
			return err
		case <-t.Context().Done():
			return context.Canceled
		}
	}
	late = h.start(t, disks[2])
	h.restoring = nil
	await(t, half, "half of a restore")
	return late, end
}

// look returns what a reader is shown, and fails the test if that is half of a state.
func look(t *testing.T, r *running) (seen []string, err error) {
	t.Helper()
	err = r.View(func(m engine.StateMachine) { seen = slices.Clone(m.(*diary).applied) })
	if slices.Contains(seen, "half") {
		t.Fatalf("a reader is shown %v", seen)
	}
	return seen, err
}

// P8: a restore may take minutes. Readers are told so at once; afterwards they see all of the state.
func TestReadersDoNotWaitForARestore(t *testing.T) {
	late, end := restoring(t)
	for range 3 {
		if seen, err := look(t, late); !errors.Is(err, ErrRestoring) {
			t.Fatalf("%v, %v", seen, err)
		}
	}
	end <- nil
	awaitStatus(t, late, "the install", func(s *engine.Status) bool { return s.SnapshotsInstalled > 0 })
	if seen, err := look(t, late); err != nil || len(seen) < 100 {
		t.Fatalf("%d commands, %v", len(seen), err)
	}
}

// P5: a restore fails after it has changed the machine. No reader sees that, neither those that wait nor later ones.
func TestNoReaderSeesHalfOfAState(t *testing.T) {
	late, end := restoring(t)
	var stop atomic.Bool
	ended := make(chan struct{})
	go func() { // a client that reads all the time
		defer close(ended)
		for !stop.Load() {
			late.View(func(m engine.StateMachine) { t.Errorf("a reader is shown %v", m.(*diary).applied) })
		}
	}()
	end <- errors.New("the machine has another hash than the file says")
	err := await(t, late.fatal, "the end of the node")
	if !strings.Contains(err.Error(), "another hash") {
		t.Fatal(err)
	}
	if seen, got := look(t, late); !errors.Is(got, err) {
		t.Fatalf("%v, %v", seen, got)
	}
	stop.Store(true)
	await(t, ended, "the end of the reader")
	late.Close()
	if seen, got := look(t, late); !errors.Is(got, err) {
		t.Fatalf("after Close: %v, %v", seen, got)
	}
}

// P5: a node is closed in the middle of a restore.
func TestAnInterruptedRestoreIsNotShown(t *testing.T) {
	late, end := restoring(t)
	end <- context.Canceled
	late.Close()
	if seen, err := look(t, late); !errors.Is(err, ErrRestoring) {
		t.Fatalf("%v, %v", seen, err)
	}
}

// panicky is a machine with a bug.
type panicky struct{ diary }

func (p *panicky) Apply(uint64, int64, []byte, any) []byte { panic("a bug") }

// P5: a machine that panics ends the process. Until that has happened no reader is let in: the lock stays where it is.
func TestAPanicInApplyKeepsTheLock(t *testing.T) {
	d := newDisks(1)[0]
	m := &panicky{}
	r := &Runner{applier: engine.NewApplier(d.options, m, engine.SnapshotState{}), effects: Effects{Machine: m}}
	func() {
		defer func() { recover() }() // in place of the end of the process
		r.applyUnderLock([]raftlog.Entry{d.first}, 0)
	}()
	if r.machineLock.TryRLock() {
		t.Fatal("a reader gets the lock")
	}
}
