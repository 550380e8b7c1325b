package consensus_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// registers is a state machine: a command "name=value" sets a register, and answers what it held before.
type registers struct{ values map[string]string }

func (r *registers) Apply(_ uint64, _ int64, data []byte, _ any) []byte {
	name, value, found := strings.Cut(string(data), "=")
	if !found { // an entry without a command
		return nil
	}
	before := r.values[name]
	r.values[name] = value
	return []byte(before)
}

// question asks for a register. Its answer is in the caller's memory: a question does not travel.
type question struct{ name, value string }

func (r *registers) Query(_ int64, local any) bool {
	q := local.(*question)
	q.value = r.values[q.name]
	return false
}

// Freeze copies the registers, which are few. A large state shares its structure with the image instead.
func (r *registers) Freeze() io.WriterTo {
	var image bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(r.values)) { // in one order on all nodes
		fmt.Fprintf(&image, "%s=%s\n", name, r.values[name])
	}
	return &image
}

func (r *registers) Restore(image io.Reader) error {
	r.values = map[string]string{}
	if image == nil {
		return nil
	}
	lines := bufio.NewScanner(image)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		r.values[name] = value
	}
	return lines.Err()
}

// server is one node and what it was started with.
type server struct {
	*consensus.Node
	options consensus.Options
	// changed has something when a snapshot began or ended.
	changed chan struct{}
}

// start opens a node, again at the address that it had, on a machine that knows nothing: the node restores it.
func (s *server) start() {
	s.options.Machine = &registers{}
	s.changed = make(chan struct{}, 1)
	s.options.Events = func(e consensus.Event) {
		if e.Snapshot {
			select {
			case s.changed <- struct{}{}:
			default:
			}
		}
	}
	var err error
	s.Node, err = consensus.Open(s.options)
	must(err)
	s.options.PeerListen = s.Status().PeerAddress
}

// snapshot takes a snapshot and waits for it.
func (s *server) snapshot(ctx context.Context) {
	before := s.Status().SnapshotsEnded
	for {
		if err := s.TakeSnapshot(); err == nil {
			break
		} else if !errors.Is(err, consensus.ErrPending) { // the node takes one by itself at this moment
			panic(err)
		}
		wait(ctx, s.changed)
	}
	for s.Status().SnapshotsEnded == before {
		wait(ctx, s.changed)
	}
	if failed := s.Status().LastSnapshotError; failed != "" {
		panic(failed)
	}
}

func wait(ctx context.Context, changed <-chan struct{}) {
	select {
	case <-changed:
	case <-ctx.Done():
		panic(ctx.Err())
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// set sets a register until it is known to be set. That may be twice, when the first outcome is unknown: here that does
// no harm, and a command for which it would needs a number by which the machine knows it again.
func set(ctx context.Context, node *consensus.Node, name, value string) {
	for {
		_, err := node.Propose(ctx, []byte(name+"="+value))
		if !errors.Is(err, consensus.ErrNotDone) && !errors.Is(err, consensus.ErrUnknown) || ctx.Err() != nil {
			must(err)
			return
		}
	}
}

func get(ctx context.Context, node *consensus.Node, name string) string {
	q := question{name: name}
	must(node.Query(ctx, &q))
	return q.value
}

// Three nodes in one process form a cluster. One is killed, and a fresh one takes its place. One takes a snapshot; all
// stop, and start again with what they had.
func Example_cluster() {
	directory, err := os.MkdirTemp("", "registers")
	must(err)
	defer os.RemoveAll(directory)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	var servers []*server
	open := func(o consensus.Options) *server {
		o.Directory = filepath.Join(directory, fmt.Sprint(len(servers)+1))
		o.PeerListen, o.JournalFileBytes = "127.0.0.1:0", 16<<20
		o.Logger = slog.New(slog.DiscardHandler) // a server keeps its log
		s := &server{options: o}
		s.start()
		servers = append(servers, s)
		return s
	}
	founder := open(consensus.Options{Bootstrap: true, Expect: 3})
	for range 2 {
		open(consensus.Options{Join: []string{founder.Status().PeerAddress}})
	}
	for _, s := range servers {
		must(s.WaitServing(ctx))
	}
	set(ctx, founder.Node, "colour", "green")
	fmt.Println("node 2 reads", get(ctx, servers[1].Node, "colour"))

	gone := founder.Status().ID
	must(founder.Close()) // without HandOver: the others notice as they would notice a crash
	set(ctx, servers[1].Node, "colour", "blue")
	fmt.Println("without node", gone, "node 3 reads", get(ctx, servers[2].Node, "colour"))

	fresh := open(consensus.Options{}) // blank: it waits to be added
	added, err := servers[1].ChangeMembers(ctx, consensus.MemberChange{
		Add: []string{fresh.Status().PeerAddress}, Remove: []consensus.NodeID{gone},
	})
	must(err)
	must(fresh.WaitServing(ctx))
	fmt.Println("node", added[0], "reads", get(ctx, fresh.Node, "colour"))

	fresh.snapshot(ctx)
	fmt.Println("snapshots of node", added[0], "in force:", fresh.Status().SnapshotsTaken)

	for _, s := range servers[1:] {
		must(s.Close())
	}
	for _, s := range servers[1:] {
		s.start()
	}
	for i, s := range servers[1:] {
		must(s.WaitServing(ctx))
		fmt.Println("after a restart server", i+2, "reads", get(ctx, s.Node, "colour"))
	}
	for _, s := range servers[1:] {
		must(s.Close())
	}
	// Output:
	// node 2 reads green
	// without node 1 node 3 reads blue
	// node 4 reads blue
	// snapshots of node 4 in force: 1
	// after a restart server 2 reads blue
	// after a restart server 3 reads blue
	// after a restart server 4 reads blue
}
