package consensus_test

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/raftredis/raftredis/consensus"
)

const (
	// pageBytes is the size of a command of a notebook, notebookPages how many it remembers: its snapshots have 2 MiB,
	// and so much is applied between two of them.
	pageBytes     = 64 << 10
	notebookPages = 32
	// compactingPages is how many commands usually compact a log: those between two snapshots, and a segment. Old history
	// is removed once a second; compactionPatience is when it must have been, and more commands are wanted.
	compactingPages    = 2*notebookPages + 8
	compactionPatience = 1500 * time.Millisecond
	// writeAtOnce is how many commands a test proposes at a time.
	writeAtOnce = 16
)

// notebook is a state machine with enough state for a transfer to be cut: it remembers the last commands.
type notebook struct {
	count uint64
	pages [][]byte
	// applied counts calls of Apply in this life.
	applied atomic.Int64
}

// noted is what a notebook answers to a query.
type noted struct{ count, hash uint64 }

func (n *notebook) Apply(_ uint64, _ int64, data []byte, _ any) []byte {
	n.applied.Add(1)
	if len(data) > 0 {
		n.count++
		n.pages = append(slices.Clone(n.pages), slices.Clone(data))
		n.pages = n.pages[max(0, len(n.pages)-notebookPages):]
	}
	return nil
}

func (n *notebook) Query(_ int64, local any) bool {
	*local.(*noted) = noted{n.count, n.Hash()}
	return false
}

func (n *notebook) Hash() uint64 {
	h := fnv.New64a()
	if _, err := n.image().WriteTo(h); err != nil {
		panic(err)
	}
	return h.Sum64()
}

func (n *notebook) Freeze() io.WriterTo { return n.image() }
func (n *notebook) image() pages        { return pages{n.count, n.pages} }

func (n *notebook) Restore(r io.Reader) error {
	n.count, n.pages = 0, nil
	if r == nil {
		return nil
	}
	var count, length uint64
	if err := binary.Read(r, binary.LittleEndian, &count); err != nil {
		return err
	}
	n.count = count
	for {
		switch err := binary.Read(r, binary.LittleEndian, &length); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		page := make([]byte, length)
		if _, err := io.ReadFull(r, page); err != nil {
			return err
		}
		n.pages = append(n.pages, page)
	}
}

// pages is the image of a notebook.
type pages struct {
	count uint64
	pages [][]byte
}

func (p pages) WriteTo(w io.Writer) (written int64, err error) {
	b := binary.LittleEndian.AppendUint64(nil, p.count)
	for _, page := range p.pages {
		b = append(binary.LittleEndian.AppendUint64(b, uint64(len(page))), page...)
	}
	n, err := w.Write(b)
	return int64(n), err
}

// archive is a cluster of nodes with notebooks, each in a directory of its own.
type archive struct {
	t         *testing.T
	nodes     []*consensus.Node
	notebooks []*notebook
	options   []consensus.Options
	written   uint64
	described bool
	mayFail   bool
}

// newArchive forms a cluster. Its nodes take a snapshot whenever as much was applied as the last one weighs, and keep
// no more of the log than they must. A test may change their options.
func newArchive(t *testing.T, nodes int, change ...func(*consensus.Options)) *archive {
	t.Helper()
	return (&archive{t: t}).form(nodes, change...)
}

func (l *archive) form(nodes int, change ...func(*consensus.Options)) *archive {
	t := l.t
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	directory := t.TempDir()
	for i := range nodes {
		o := notebookOptions(filepath.Join(directory, string(rune('a'+i))))
		o.Bootstrap, o.Expect = i == 0, nodes
		if i > 0 {
			o.Join = []string{l.nodes[0].Status().PeerAddress}
		}
		for _, c := range change {
			c(&o)
		}
		l.add(o)
	}
	for i, n := range l.nodes {
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatalf("node %d: %v", i, err)
		}
	}
	return l
}

func notebookOptions(directory string) consensus.Options {
	o := smallOptions(directory)
	o.SnapshotLogBytes, o.MaxHistoryBytes = 64<<10, 1
	return o
}

// add opens one node more.
func (l *archive) add(o consensus.Options) int {
	l.t.Helper()
	l.nodes, l.notebooks, l.options = append(l.nodes, nil), append(l.notebooks, nil), append(l.options, o)
	l.start(len(l.nodes) - 1)
	return len(l.nodes) - 1
}

// start opens a node; from its second start on at the address where the others know it.
func (l *archive) start(i int) {
	l.t.Helper()
	l.notebooks[i] = &notebook{}
	o := l.options[i]
	o.Machine = l.notebooks[i]
	l.nodes[i] = l.open(o)
	l.t.Cleanup(l.tell) // the last one comes first: before any node is closed
	l.options[i].PeerListen = l.nodes[i].Status().PeerAddress
}

// open is open, but for an archive whose nodes are expected to fail.
func (l *archive) open(o consensus.Options) *consensus.Node {
	l.t.Helper()
	if !l.mayFail {
		return open(l.t, o)
	}
	n, err := consensus.Open(o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { n.Close() })
	return n
}

// tell logs the state of the nodes of a test that failed.
func (l *archive) tell() {
	if !l.t.Failed() || l.described {
		return
	}
	l.described = true
	for i, n := range l.nodes {
		if n == nil {
			continue
		}
		s := n.Status()
		l.t.Logf("node %d, with the snapshots %+v and %+v: %+v", i, s.Snapshot, s.Retained, s)
	}
}

func (l *archive) stop(i int) {
	l.t.Helper()
	if err := l.nodes[i].Close(); err != nil {
		l.t.Fatal(err)
	}
}

// write has a node propose some pages, a few at once, and waits until they are done. Their answers may come before the
// node's status says that they are applied; that of a read does not.
func (l *archive) write(by, count int) {
	l.t.Helper()
	for count > 0 {
		some := min(count, writeAtOnce)
		count -= some
		ended := make(chan error, some)
		for range some {
			page := make([]byte, pageBytes)
			copy(page, fmt.Sprintf("page %d", l.written))
			l.written++
			go func() {
				_, err := l.nodes[by].Propose(within(l.t), page)
				ended <- err
			}()
		}
		for range some {
			if err := <-ended; err != nil {
				l.t.Fatal(err)
			}
		}
	}
	l.expectAlike(by)
}

// leader is which node leads, of those that are open.
func (l *archive) leader(open ...int) int {
	l.t.Helper()
	leader := -1
	until(l.t, "one of them to lead", func() bool {
		leader = slices.IndexFunc(open, func(i int) bool { return leads(l.nodes[i]) })
		return leader >= 0
	})
	return open[leader]
}

// compact writes by way of a node until no node that could lead has the entry behind an index: neither on disk nor
// in memory, from where a leader serves followers that lack no more than a few MiB.
func (l *archive) compact(by int, behind uint64, nodes ...int) {
	l.t.Helper()
	has := func(i int) bool {
		s := l.nodes[i].Status()
		return min(s.FirstIndex, s.FirstInMemory) <= behind+1
	}
	l.write(by, compactingPages)
	written := time.Now()
	until(l.t, "the logs to be compacted", func() bool {
		if !slices.ContainsFunc(nodes, has) {
			return true
		}
		if time.Since(written) > compactionPatience {
			l.write(by, writeAtOnce)
			written = time.Now()
		}
		return false
	})
}

// expectAlike asks nodes for all that was written, and compares their states.
func (l *archive) expectAlike(nodes ...int) {
	l.t.Helper()
	var first noted
	for at, i := range nodes {
		var got noted
		if err := l.nodes[i].Query(within(l.t), &got); err != nil {
			l.t.Fatalf("node %d: %v", i, err)
		}
		if at == 0 {
			first = got
		}
		if got.count != l.written || got != first {
			l.t.Fatalf("node %d has %d pages and hash %016x; written were %d, and node %d has hash %016x",
				i, got.count, got.hash, l.written, nodes[0], first.hash)
		}
	}
}

// await waits for a channel to be closed.
func await(t *testing.T, what string, reached <-chan struct{}) {
	t.Helper()
	select {
	case <-reached:
	case <-within(t).Done():
		t.Fatalf("waited %v in vain for %s", patience, what)
	}
}

// takeSnapshot has a node take a snapshot of all that it says it has applied, and waits for it.
func takeSnapshot(t *testing.T, n *consensus.Node) {
	t.Helper()
	wanted := n.Status().AppliedIndex
	until(t, "a snapshot to come into force", func() bool {
		s := n.Status()
		if s.Snapshot != nil && uint64(s.Snapshot.Index) >= wanted {
			return true
		}
		n.TakeSnapshot() // while one is under way it refuses
		return false
	})
}

// heard collects what nodes log.
type heard struct {
	mu   sync.Mutex
	text []string
}

func (h *heard) logger() *slog.Logger { return slog.New(slog.NewTextHandler(h, nil)) }

func (h *heard) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, string(line))
	return len(line), nil
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprint(h.text)
}
