package consensus_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

// leaseMillis is the longest that the default times of elections allow.
const leaseMillis = 250

// S46: A leader with a lease answers its clients' reads, and those of followers, without a round. A node that was
// started without leases knows what it has promised, and forgets that when it is over.
func TestALeaderAnswersReadsByItsLease(t *testing.T) {
	l := newArchive(t, 3, func(o *consensus.Options) { o.ReadLeaseMillis = leaseMillis })
	leased := func() (sum uint64) {
		for _, n := range l.nodes {
			sum += n.LeasedReads()
		}
		return sum
	}
	ctx := within(t)
	for asked := range 3 {
		for before := leased(); leased() == before; {
			if err := l.nodes[asked].Query(ctx, new(noted)); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.write(0, 10)
	l.expectAlike(0, 1, 2)

	last := (l.leader(0, 1, 2) + 1) % 3
	file := filepath.Join(l.options[last].Directory, "promised")
	promised := func() string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	with := promised()
	l.stop(last)
	l.options[last].ReadLeaseMillis = 0
	l.start(last)
	if err := l.nodes[last].WaitServing(ctx); err != nil {
		t.Fatal(err)
	}
	for promised() == with {
		if err := ctx.Err(); err != nil {
			t.Fatal("the promise stays")
		}
	}
	l.write(last, 10)
	l.expectAlike(0, 1, 2)
}

func TestLeasesOutOfBoundsAreRefused(t *testing.T) {
	for millis, allowed := range map[int]bool{
		-1: false, 0: true, 99: false, 100: true, 250: true, 251: false, 10_001: false,
	} {
		o := smallOptions(t.TempDir())
		o.Bootstrap, o.ReadLeaseMillis = true, millis
		n, err := consensus.Open(o)
		if (err == nil) != allowed {
			t.Errorf("%d: %v", millis, err)
		}
		if err == nil {
			n.Close()
		}
	}
}

// S46: A disk that cannot take a promise as the names in the directory are ends the node, as it does with every write.
func TestAPromiseThatTheDiskCannotHoldEndsTheNode(t *testing.T) {
	o := smallOptions(t.TempDir())
	o.Bootstrap = true
	n, err := consensus.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(o.Directory, "promised-next"), 0o700); err != nil {
		t.Fatal(err)
	}
	o.ReadLeaseMillis = leaseMillis
	if n, err = consensus.Open(o); err != nil {
		t.Fatal(err)
	}
	select {
	case <-n.Done():
	case <-within(t).Done():
		t.Fatal("it goes on")
	}
	if err := n.Err(); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("it has ended with %v", err)
	}
	n.Close()
}
