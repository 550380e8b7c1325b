package transport

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// counter is a node that only counts what arrives, and says when it was enough.
type counter struct {
	node
	left   atomic.Int64
	enough chan struct{}
}

func (c *counter) Receive(_ raftlog.NodeID, messages []engine.Message) bool {
	if c.left.Add(-int64(len(messages))) == 0 {
		c.enough <- struct{}{}
	}
	return true
}

// benchmarkLink sends rounds of the message over loopback, each when the one before has arrived: the transport's own
// share of a replicated batch, without the protocol.
func benchmarkLink(b *testing.B, m engine.Message, perRound int) {
	to := &counter{enough: make(chan struct{}, 1)}
	receiver := start(b, 2, func(n *node, o *Options) {
		to.node.hello = n.hello
		o.Handler = to
	})
	sender := start(b, 1)
	sender.link(receiver.peer())
	round := make([]engine.Message, perRound)
	for i := range round {
		round[i] = m
	}
	b.SetBytes(int64(perRound * len(encode(b, m))))
	b.ReportAllocs()
	rounds := 0
	for b.Loop() {
		to.left.Store(int64(perRound))
		sender.transport.Send(round)
		<-to.enough
		rounds++
	}
	b.ReportMetric(float64(rounds*perRound)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkOneHeartbeatAtATime(b *testing.B) { benchmarkLink(b, heartbeat(1, 2, 1), 1) }

func BenchmarkHeartbeatsBy100(b *testing.B) { benchmarkLink(b, heartbeat(1, 2, 1), 100) }

func BenchmarkSmallAppendsBy100(b *testing.B) {
	m := testAppend(testEntry(1, 100))
	benchmarkLink(b, m, 100)
}

func BenchmarkAppendOf100Entries(b *testing.B) {
	m := engine.Message{Message: raft.Message{Kind: raft.Append, From: 1, To: 2}}
	for i := range 100 {
		m.Entries = append(m.Entries, testEntry(raftlog.Index(i+1), 100))
	}
	benchmarkLink(b, m, 1)
}

func BenchmarkAppendOfOneMebibyte(b *testing.B) {
	benchmarkLink(b, testAppend(testEntry(1, 1<<20)), 1)
}

// Small messages without entries must cost no allocation on either side: a leader sends and takes them all the time.
func TestMessagesWithoutEntriesAreCodedWithoutAllocation(t *testing.T) {
	for _, m := range []engine.Message{
		{Message: raft.Message{Kind: raft.AppendReply}}, {Message: raft.Message{Kind: raft.Heartbeat}},
		{Message: raft.Message{Kind: raft.HeartbeatReply}}, {Message: raft.Message{Kind: raft.VoteReply}},
		{Own: engine.ReadIndex}, {Own: engine.ReadIndexReply},
	} {
		m.From, m.To, m.Term = 1, 2, 3
		var a assembly
		var wire recorder
		frames := newFrameReader(&wire, MaxFrameBytes(1))
		var got engine.Message
		if n := testing.AllocsPerRun(1000, func() {
			a.message(testCluster, &m)
			if err := a.writeTo(&wire, patience); err != nil {
				t.Fatal(err)
			}
			h, body, err := frames.next()
			if err != nil {
				t.Fatal(err)
			}
			if err := decodeMessage(&h, body, &got); err != nil {
				t.Fatal(err)
			}
			frames.release()
		}); n != 0 {
			t.Errorf("%s: %v allocations", m.KindName(), n)
		}
	}
}

// benchmarkCode encodes or decodes an append message with n entries of 100 bytes, without a socket.
func benchmarkCode(b *testing.B, n int, decoding bool) {
	m := testAppend()
	for i := range n {
		m.Entries = append(m.Entries, testEntry(raftlog.Index(i+1), 100))
	}
	wire := encode(b, m)
	var a assembly
	var out recorder
	var got engine.Message
	in := bytes.NewReader(nil)
	frames := newFrameReader(in, MaxFrameBytes(DefaultMaxEntryBytes))
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if !decoding {
			out.Buffer.Reset()
			a.message(testCluster, &m)
			if err := a.writeTo(&out, patience); err != nil {
				b.Fatal(err)
			}
			continue
		}
		in.Reset(wire)
		h, body, err := frames.next()
		if err != nil {
			b.Fatal(err)
		}
		if err := decodeMessage(&h, body, &got); err != nil {
			b.Fatal(err)
		}
		frames.release()
	}
}

func BenchmarkEncodeAppendOf1Entry(b *testing.B)    { benchmarkCode(b, 1, false) }
func BenchmarkEncodeAppendOf32Entries(b *testing.B) { benchmarkCode(b, 32, false) }
func BenchmarkDecodeAppendOf1Entry(b *testing.B)    { benchmarkCode(b, 1, true) }
func BenchmarkDecodeAppendOf32Entries(b *testing.B) { benchmarkCode(b, 32, true) }
