package consensus_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/snapshot"
)

// bulkWatch is between a node and those from whom it fetches files. It may end such a connection when it has brought so
// many bytes.
type bulkWatch struct {
	mu sync.Mutex
	// connections has how many bytes each has brought.
	connections []int64
	// cut is asked, after a read, whether to end a connection by its number; nil never.
	cut func(connection int, bytes int64) bool
}

// bulkPurpose is the last byte of the preamble of a connection for files.
const bulkPurpose = 'b'

func (w *bulkWatch) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &watched{Conn: conn, watch: w, number: -1}, nil
}

// transfers is what each connection for files has brought until now.
func (w *bulkWatch) transfers() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]int64(nil), w.connections...)
}

// watched is a connection that is known to be for files when its first bytes leave.
type watched struct {
	net.Conn
	watch *bulkWatch
	// number is -1 until then.
	number  int
	greeted bool
}

func (c *watched) Write(p []byte) (int, error) {
	c.watch.mu.Lock()
	if !c.greeted && len(p) >= 8 && p[7] == bulkPurpose {
		c.number = len(c.watch.connections)
		c.watch.connections = append(c.watch.connections, 0)
	}
	c.greeted = true
	c.watch.mu.Unlock()
	return c.Conn.Write(p)
}

// refusalBytes is more than a refusal has, and less than a piece of a file.
const refusalBytes = 4 << 10

// carried is what the connections brought that carried a piece of a file. The others were refused: as long as the
// leader has not noticed that the process before is gone, the one that starts in its directory is a second one to it.
func (w *bulkWatch) carried() []int64 {
	return slices.DeleteFunc(w.transfers(), func(bytes int64) bool { return bytes < refusalBytes })
}

func (c *watched) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.watch.mu.Lock()
	if c.number < 0 {
		c.watch.mu.Unlock()
		return n, err
	}
	c.watch.connections[c.number] += int64(n)
	number, bytes := c.number, c.watch.connections[c.number]
	c.watch.mu.Unlock()
	if c.watch.cut != nil && c.watch.cut(number, bytes) {
		c.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

// fallBehind stops a node until the logs of the rest begin behind its end. The leader has a snapshot of everything
// then, and takes no other by itself until there is more.
func (l *archive) fallBehind(down int, rest ...int) (leader int) {
	l.t.Helper()
	l.stop(down)
	end := l.nodes[down].Status().LastIndex
	leader = l.leader(rest...)
	l.compact(leader, end, rest...)
	takeSnapshot(l.t, l.nodes[leader])
	return leader
}

func TestE14_ANodeBehindACompactedLogReturnsThroughASnapshot(t *testing.T) {
	l := newArchive(t, 3)
	l.write(0, 5)
	leader := l.fallBehind(2, 0, 1)
	l.start(2)
	l.write(leader, 3)
	l.expectAlike(2, 0, 1)
	if s := l.nodes[2].Status(); s.SnapshotsInstalled != 1 || s.Snapshot == nil {
		t.Fatalf("status is %+v", s)
	}
	l.write(2, 3) // it takes part as before
	l.stop(leader)
	l.write(2, 3)
	l.stop(2)
	l.start(2) // and starts from what it was sent
	l.start(leader)
	l.expectAlike(2, 0, 1)
}

func TestE8_ATransferThatIsCutGoesOnFromWhereItWas(t *testing.T) {
	l := newArchive(t, 3)
	leader := l.fallBehind(2, 0, 1)
	const firstBytes = 700 << 10
	watch := bulkWatch{cut: func(connection int, bytes int64) bool { return connection < 2 && bytes > firstBytes }}
	var log heard
	l.options[2].Dial, l.options[2].Logger = watch.dial, log.logger()
	l.start(2)
	l.expectAlike(2, leader)
	s := l.nodes[2].Status()
	brought := watch.transfers()
	if len(brought) != 3 || s.SnapshotsInstalled != 1 {
		t.Fatalf("%d connections for %d installed snapshots: %v", len(brought), s.SnapshotsInstalled, &log)
	}
	// Each connection brings headers besides; and what was under way when one was cut comes twice, a frame of 256 KiB at
	// most.
	if sum, file := brought[0]+brought[1]+brought[2], int64(s.Snapshot.FileBytes); sum > file+file/4+2*(300<<10) {
		t.Fatalf("connections brought %d bytes for a file of %d", brought, file)
	}
}

func TestE8_AClosedReceiverGoesOnWithItsTransferWhenItStarts(t *testing.T) {
	l := newArchive(t, 3)
	leader := l.fallBehind(2, 0, 1)
	half := make(chan struct{})
	released := make(chan struct{})
	var once sync.Once
	watch := bulkWatch{cut: func(_ int, bytes int64) bool {
		if bytes < 1<<20 {
			return false
		}
		once.Do(func() { close(half) })
		<-released
		return true
	}}
	l.options[2].Dial = watch.dial
	l.start(2)
	await(t, "half of the file", half)
	close(released)
	l.stop(2)
	again := bulkWatch{}
	l.options[2].Dial = again.dial
	l.start(2)
	l.expectAlike(2, leader)
	s := l.nodes[2].Status()
	if brought := again.carried(); len(brought) != 1 || brought[0] > int64(s.Snapshot.FileBytes)-512<<10 {
		t.Fatalf("connections brought %d bytes of a file of %d, of which half was here", brought, s.Snapshot.FileBytes)
	}
}

// Each node takes its snapshots when it likes, so the next leader has another file: the transfer begins anew with that.
func TestE8_ALeaderThatIsClosedWithinATransferIsReplacedByTheNext(t *testing.T) {
	l := newArchive(t, 3)
	leader := l.fallBehind(2, 0, 1)
	half := make(chan struct{})
	released := make(chan struct{})
	watch := bulkWatch{cut: func(connection int, bytes int64) bool {
		if connection > 0 || bytes < 1<<20 {
			return false
		}
		select {
		case <-released:
		case <-half:
			<-released
		default:
			close(half)
			<-released
		}
		return true
	}}
	l.options[2].Dial = watch.dial
	l.start(2)
	await(t, "half of the file", half)
	l.stop(leader)
	close(released)
	other := 1 - leader
	l.write(other, 3) // 2 has to vote for it, and to acknowledge this
	l.expectAlike(2, other)
	l.start(leader)
	l.expectAlike(leader, 2)
}

// A snapshot that is taken while another one is being sent does not take that away.
func TestE12_SnapshotsAreTakenWhileOneIsBeingSent(t *testing.T) {
	// What is written meanwhile is kept for the node: some 200 KiB.
	l := newArchive(t, 3, func(o *consensus.Options) { o.MaxHistoryBytes = 1 << 20 })
	leader := l.fallBehind(2, 0, 1)
	half := make(chan struct{})
	released := make(chan struct{})
	var once sync.Once
	watch := bulkWatch{cut: func(connection int, bytes int64) bool {
		if bytes > 1<<20 {
			once.Do(func() { close(half); <-released })
		}
		return false
	}}
	l.options[2].Dial = watch.dial
	l.start(2)
	await(t, "half of the file", half)
	for range 3 {
		l.write(leader, 1)
		takeSnapshot(t, l.nodes[leader])
	}
	close(released)
	l.expectAlike(2, leader, 1-leader)
	// Behind what it has fetched the log may be gone again, and a second file announced; the first came in one piece.
	if brought := watch.transfers(); brought[0] < notebookPages*pageBytes {
		t.Fatalf("connections brought %d bytes", brought)
	}
}

func TestE14_ABlankNodeThatJoinsGetsASnapshotInsteadOfTheLog(t *testing.T) {
	l := newArchive(t, 1)
	l.compact(0, 1, 0)
	blank := l.add(notebookOptions(t.TempDir()))
	ids := change(t, l.nodes[0], consensus.MemberChange{Add: addresses(l.nodes[blank])})
	l.write(blank, 3)
	l.expectAlike(0, blank)
	if s := l.nodes[blank].Status(); s.SnapshotsInstalled != 1 || s.ID != ids[0] {
		t.Fatalf("status is %+v", s)
	}
	l.stop(0)
	l.stop(blank)
	l.start(0)
	l.start(blank)
	l.expectAlike(blank, 0)
}

// What a snapshot says of the members is what its last entry says, whatever follows.
func TestE13_SnapshotsAreTakenWhileMembersComeAndGo(t *testing.T) {
	l := newArchive(t, 1)
	stop := make(chan struct{})
	var taking sync.WaitGroup
	n := l.nodes[0]
	taking.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			n.TakeSnapshot() // refused while one is under way
			n.Propose(t.Context(), []byte{0, byte(i)})
		}
	})
	var nodes []int
	for range 2 {
		nodes = append(nodes, l.add(notebookOptions(t.TempDir())))
		change(t, l.nodes[0], consensus.MemberChange{Add: addresses(l.nodes[nodes[len(nodes)-1]])})
	}
	until(t, "some snapshots to be taken", func() bool { return n.Status().SnapshotsTaken >= 3 }) // disks may be slow
	close(stop)
	taking.Wait()
	var state noted
	if err := l.nodes[0].Query(within(t), &state); err != nil {
		t.Fatal(err)
	}
	l.written = state.count
	l.expectAlike(0, 1, 2)
	for i := range l.nodes {
		takeSnapshot(t, l.nodes[i])
		l.stop(i)
	}
	for i := range l.nodes {
		l.start(i)
	}
	for _, n := range l.nodes {
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatal(err)
		}
		expectVoters(t, n, 1, 2, 3)
	}
	l.expectAlike(2, 1, 0)
}

// The disk of the leader has spoilt its snapshot: it goes to no node, and the node that has such a disk stops.
func TestE9_ADamagedSnapshotIsNotSent(t *testing.T) {
	l := (&archive{t: t, mayFail: true}).form(3)
	leader := l.fallBehind(2, 0, 1)
	files := snapshotFiles(t, l.options[leader].Directory)
	damage(t, files[len(files)-1])
	l.start(2)
	select {
	case <-l.nodes[leader].Done():
		err, corruption := l.nodes[leader].Err(), (*snapshot.CorruptionError)(nil)
		if !errors.As(err, &corruption) || corruption.File != files[len(files)-1] {
			t.Fatalf("the node ends with %v", err)
		}
	case <-within(t).Done():
		t.Fatal("a damaged file was sent")
	}
	l.nodes[leader].Close() // as the end of the process would
	l.expectAlike(2, 1-leader)
	if s := l.nodes[2].Status(); s.SnapshotsInstalled != 1 {
		t.Fatalf("status is %+v", s)
	}
	l.start(leader) // from the snapshot before the damaged one
	l.expectAlike(leader, 2)
	for i, n := range l.nodes {
		if err := n.Err(); err != nil {
			t.Errorf("node %d failed: %v", i, err)
		}
	}
}
