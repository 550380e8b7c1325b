package transport

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestAFileArrivesWhole(t *testing.T) {
	for name, s := range map[string]*shelf{
		"one byte": newShelf(1, 1), "empty": newShelf(0, 1), "one chunk": newShelf(1000, 1000),
		"small chunks": newShelf(5000, 7), "large chunks": newShelf(3<<20+17, MaxChunkBytes),
	} {
		t.Run(name, func(t *testing.T) {
			a, b := start(t, 1), start(t, 2, lending(s))
			var got basket
			if err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, got.take); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), s.file) {
				t.Fatalf("%d bytes came of %d, or others", got.Len(), len(s.file))
			}
			s.awaitClosed(t, b, 1)
			if asked := s.asked[0]; asked.From != 1 || asked.To != 2 || asked.Boot != 2001 {
				t.Fatalf("the library was asked by %+v", asked)
			}
		})
	}
}

// E8: A connection that breaks costs what was under way in it, and no more.
func TestATransferThatIsCutGoesOnFromWhereItWas(t *testing.T) {
	s := newShelf(1<<20, 10_000)
	a, b := start(t, 1, meddling(cutAt(300_000))), start(t, 2, lending(s))
	var got basket
	err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, got.take)
	if err == nil {
		t.Fatal("a transfer that was cut is called complete")
	}
	if got.Len() < 250_000 || got.Len() > 300_000 {
		t.Fatalf("%d bytes of 300000 were handed over: %v", got.Len(), err)
	}
	if err := a.transport.Fetch(t.Context(), b.peer(), s.mark, int64(got.Len()), got.take); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), s.file) {
		t.Fatalf("%d bytes came of %d, or others", got.Len(), len(s.file))
	}
	s.awaitClosed(t, b, 2)
}

// G11.
func TestADamagedByteOfAFileEndsTheTransferBeforeItIsTaken(t *testing.T) {
	s := newShelf(1<<20, 10_000)
	flip := func(offset int64, piece []byte) ([]byte, error) {
		if at := int64(300_000) - offset; at >= 0 && at < int64(len(piece)) {
			piece[at] ^= 1
		}
		return piece, nil
	}
	a, b := start(t, 1, meddling(flip)), start(t, 2, lending(s))
	var got basket
	err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, got.take)
	if !errors.Is(err, ErrBadFrame) || !bytes.HasPrefix(s.file, got.Bytes()) || got.Len() > 300_000 {
		t.Fatalf("%d bytes were taken: %v", got.Len(), err)
	}
}

func refuseAll(Hello) error { return errors.New("no node is welcome") }

func TestWhoIsNotServedIsToldWhy(t *testing.T) {
	s := newShelf(1000, 100)
	wanted := s.mark
	for name, c := range map[string]struct {
		change func(n *node, o *Options)
		offset int64
		want   string
	}{
		"no library":           {func(_ *node, o *Options) { o.SnapshotStore = nil }, 0, "serves no snapshots"},
		"retired":              {func(*node, *Options) { s.refusal = &Refusal{Text: "replaced"} }, 0, "replaced"},
		"another error":        {func(*node, *Options) { s.refusal = errors.New("some reason") }, 0, "some reason"},
		"not welcome":          {func(n *node, _ *Options) { n.admit = refuseAll }, 0, "no node is welcome"},
		"another cluster":      {func(n *node, _ *Options) { n.hello.ClusterID++ }, 0, ErrCluster.Error()},
		"behind the end":       {func(*node, *Options) {}, 1001, "offset 1001"},
		"another secret":       {func(_ *node, o *Options) { o.Secret = []byte("secret") }, 0, ErrSecret.Error()},
		"before its beginning": {func(*node, *Options) {}, -1, "offset -1"},
	} {
		t.Run(name, func(t *testing.T) {
			s.refusal = nil
			a, b := start(t, 1), start(t, 2, lending(s), c.change)
			err := a.transport.Fetch(t.Context(), b.peer(), wanted, c.offset, func(int64, []byte) error {
				t.Error("bytes came")
				return nil
			})
			var refusal *Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v", err)
			}
			s.awaitClosed(t, b, 0)
		})
	}
}

func TestWhoIsAskedForAFileIsJudgedAsWell(t *testing.T) {
	s, judged := newShelf(10, 10), errors.New("judged")
	a := start(t, 1, func(n *node, _ *Options) { n.admit = func(Hello) error { return judged } })
	b := start(t, 2, lending(s))
	if err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, nil); !errors.Is(err, judged) {
		t.Fatalf("error %v", err)
	}
	s.awaitClosed(t, b, 0)
}

func TestAnErrorOfTheReceiverEndsTheTransfer(t *testing.T) {
	s, full := newShelf(1<<20, 1000), errors.New("no space")
	a, b := start(t, 1), start(t, 2, lending(s))
	calls := 0
	err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, func(int64, []byte) error { calls++; return full })
	if !errors.Is(err, full) || calls != 1 {
		t.Fatalf("after %d calls: %v", calls, err)
	}
	s.awaitClosed(t, b, 1)
}

func TestAnErrorOfTheDiskEndsTheTransfer(t *testing.T) {
	s := newShelf(1<<20, 1000)
	s.before = func(offset int64) error {
		if offset > 100_000 {
			return errors.New("the disk is broken")
		}
		return nil
	}
	a, b := start(t, 1), start(t, 2, lending(s))
	var got basket
	if err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, got.take); err == nil {
		t.Fatal("half a file is called complete")
	}
	if !bytes.HasPrefix(s.file, got.Bytes()) || got.Len() > 101_000 {
		t.Fatalf("%d bytes came, or others", got.Len())
	}
	s.awaitClosed(t, b, 1)
}

// waiting makes every transfer of a shelf stop before its first chunk until the channel is closed; begun has something
// for each.
func waiting(s *shelf) (begun chan int64, goOn chan struct{}) {
	begun, goOn = make(chan int64, 100), make(chan struct{})
	s.before = func(offset int64) error {
		begun <- offset
		<-goOn
		return nil
	}
	return begun, goOn
}

func TestNoMoreThanMaxBulkPeersAreServedAtOnce(t *testing.T) {
	s := newShelf(10, 10)
	begun, goOn := waiting(s)
	b := start(t, 9, lending(s), func(_ *node, o *Options) { o.MaxBulk = 2 })
	ended := make(chan error, 2)
	for id := range raftlog.NodeID(2) {
		a := start(t, id+1)
		go func() { ended <- a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take) }()
		<-begun
	}
	third := start(t, 3)
	err := third.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take)
	var refusal *Refusal
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "2 snapshots already") {
		t.Fatalf("error %v", err)
	}
	close(goOn)
	for range 2 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	s.awaitClosed(t, b, 2)
	if err := third.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take); err != nil {
		t.Fatalf("when the others are served: %v", err)
	}
}

// Who asks again has given up its first connection, even if this node does not know yet.
func TestANewTransferReplacesTheOneBeforeItOfTheSamePeer(t *testing.T) {
	s := newShelf(10, 10)
	begun, goOn := waiting(s)
	b := start(t, 2, lending(s), func(_ *node, o *Options) { o.MaxBulk = 1 })
	a, twin := start(t, 1), start(t, 1)
	ended := make(chan error, 1)
	go func() { ended <- a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take) }()
	<-begun
	again := make(chan error, 1)
	go func() { again <- twin.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take) }()
	if err := func() error { close(goOn); return <-again }(); err != nil {
		t.Fatal(err)
	}
	<-ended // complete or cut: the chunk may have left before the second one came
	s.awaitClosed(t, b, 2)
}

func TestAFetchEndsWithItsContextAndWithTheTransport(t *testing.T) {
	s := newShelf(10, 10)
	begun, goOn := waiting(s)
	a, b := start(t, 1), start(t, 2, lending(s))
	defer close(goOn)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.transport.Fetch(ctx, b.peer(), s.mark, 0, new(basket).take) }()
	<-begun
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	go func() { ended <- a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take) }()
	goOn <- struct{}{} // the first transfer finds its connection closed, and gives its place to the second
	<-begun
	a.stop()
	if err := <-ended; err == nil {
		t.Fatal("a transfer outlived its transport")
	}
}

func TestMessagesPassWhileAFileIsUnderWay(t *testing.T) {
	s := newShelf(10, 10)
	begun, goOn := waiting(s)
	a, b := start(t, 1), start(t, 2, lending(s))
	a.link(b.peer())
	ended := make(chan error)
	go func() { ended <- a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take) }()
	<-begun
	a.transport.Send([]engine.Message{heartbeat(1, 2, 5)})
	if got := b.awaitMessage(); got.Epoch != 5 {
		t.Fatalf("got %+v", got)
	}
	b.transport.Reset(1) // which is about messages
	a.awaitDown(2)
	close(goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// G11.
func TestOnlyTheNextChunkIsTaken(t *testing.T) {
	own := Hello{ClusterID: testCluster, From: 1}
	good := header{kind: frameChunk, clusterID: testCluster, from: 2, to: 1}
	body := append([]byte{100, 0, 0, 0, 0, 0, 0, 0}, "chunk"...)
	if err := checkChunk(&good, &own, 2, 100, body); err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]func(h *header, offset *int64, body *[]byte){
		"kind":         func(h *header, _ *int64, _ *[]byte) { h.kind = frameAlive },
		"flags":        func(h *header, _ *int64, _ *[]byte) { h.flags = 1 },
		"term":         func(h *header, _ *int64, _ *[]byte) { h.term = 1 },
		"cluster":      func(h *header, _ *int64, _ *[]byte) { h.clusterID++ },
		"sender":       func(h *header, _ *int64, _ *[]byte) { h.from = 3 },
		"receiver":     func(h *header, _ *int64, _ *[]byte) { h.to = 3 },
		"offset":       func(_ *header, offset *int64, _ *[]byte) { *offset = 99 },
		"short offset": func(_ *header, _ *int64, body *[]byte) { *body = (*body)[:7] },
	} {
		h, offset, b := good, int64(100), body
		wrong(&h, &offset, &b)
		if err := checkChunk(&h, &own, 2, offset, b); !errors.Is(err, ErrBadFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
