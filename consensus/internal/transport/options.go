package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/internal/shortage"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The defaults of Options.
const (
	DefaultMaxEntryBytes    = 16 << 20
	DefaultQueueBytes       = 64 << 20
	DefaultMaxConnections   = 128
	DefaultMaxHandshakes    = 32
	DefaultResolveTimeout   = 20 * time.Second
	DefaultDialTimeout      = 2 * time.Second
	DefaultHandshakeTimeout = 5 * time.Second
	DefaultWriteTimeout     = 5 * time.Second
	DefaultReadTimeout      = 5 * time.Second
	DefaultBackoffMin       = 20 * time.Millisecond
	DefaultBackoffMax       = time.Second
	// LoopbackBackoffMax is BackoffMax for peers on the loopback interface, where a dial costs next to nothing.
	LoopbackBackoffMax = 50 * time.Millisecond

	DefaultBulkBytesPerSecond = 64 << 20
	DefaultMaxBulk            = 2
)

// aliveInterval is how long a dialler stays silent before it proves that it is there. It is the same in every node, so
// that no two settings of ReadTimeout can disagree.
const aliveInterval = time.Second

// What a frame may hold besides one entry of the largest size: a full message of smaller ones before it, and headers.
const (
	frameMessageBytes = 1 << 20
	frameSlackBytes   = 64 << 10
)

// MaxFrameBytes is the size of the largest frame when entries have bodies of up to maxEntryBytes.
func MaxFrameBytes(maxEntryBytes int) int { return maxEntryBytes + frameMessageBytes + frameSlackBytes }

// Options are what a Transport is made of. Zero limits and durations take the defaults above.
type Options struct {
	// Handler decides and receives. Required.
	Handler PeerHandler
	// Admission answers questions about the membership. Required.
	Admission Admission
	// SnapshotStore has the files that peers may fetch; without one they are refused.
	SnapshotStore SnapshotStore
	// Listener takes the peers' connections and is closed with the transport; without one, Address is listened on.
	Listener net.Listener
	Address  string
	// Dial makes the connections to peers; nil is TCP. It must heed its context, which lasts for DialTimeout, and resolves
	// names itself. For tests and proxies.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Lookup resolves names; nil is the system's resolver. It must heed its context, which lasts for ResolveTimeout.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Secret is the cluster secret; empty means that the node demands none and accepts none.
	Secret []byte
	// JoinSecret, if not nil, tells the present secret of those who may change the members, made with a salt. Where there
	// is no Secret, who asks to be taken in, or for a change of the members, proves to know it. Empty means that there is
	// none.
	JoinSecret func(salt []byte) []byte
	// Logger is told of links that come and go and of refusals, never from within Send; nil is silence.
	Logger *slog.Logger
	// Shortages is told while connections cannot be had for want of something in the system; nil notes nothing.
	Shortages *shortage.Log

	// MaxEntryBytes is the largest body of an entry or batch, 1 byte to 1 GiB. See MaxFrameBytes.
	MaxEntryBytes int
	// QueueBytes bounds what waits for one peer's writer. What the writer has taken comes on top, once.
	QueueBytes int
	// Reactor, if not nil, watches the sockets of links and of peers that are welcome. It outlives the transport, and the
	// handler's Receive is called on it.
	Reactor *reactor.Reactor
	// MaxConnections bounds the connections from others, MaxHandshakes those of them that are not welcome yet: by default
	// a quarter of them at most.
	MaxConnections int
	MaxHandshakes  int
	// MaxBulk bounds the peers that fetch a file from this node at once, BulkBytesPerSecond what they are sent
	// together, so that messages get through. The least, MaxChunkBytes, is a pause of a second before a chunk: the
	// reader of it must not take the sender for dead.
	MaxBulk            int
	BulkBytesPerSecond int64

	// ResolveTimeout is for the lookup of a name: long enough for the system's resolver to give up name servers that are
	// silent and to ask the next one. DialTimeout is for the TCP connection, when the name is resolved; HandshakeTimeout
	// for everything until the welcome.
	ResolveTimeout   time.Duration
	DialTimeout      time.Duration
	HandshakeTimeout time.Duration
	// WriteTimeout is how long a peer may take nothing of what is sent to it, ReadTimeout how long nothing may come
	// from one: at least twice the second of silence after which a peer shows that it is alive.
	WriteTimeout time.Duration
	ReadTimeout  time.Duration
	// BackoffMin and BackoffMax bound the wait between two dials, which is random and grows with failures.
	BackoffMin time.Duration
	BackoffMax time.Duration
}

// PeerHandler is the node behind the transport. All methods may be called from many goroutines, even before New
// returned, and must return without waiting, except where noted.
type PeerHandler interface {
	// Hello is how this node introduces itself to the peer at this moment. The transport sets To and ToIncarnation.
	Hello(to Peer) Hello
	// Admit accepts or refuses a peer that dialled, or that answered this node's dial. The transport has checked
	// clusters, ids and incarnations. A blank node that was dialled takes its identity here and makes it durable before
	// it returns nil: the welcome names it. Admit may wait up to the handshake timeout. After an error there is no
	// connection; a dialler gets the error's text, which a *Refusal chooses.
	Admit(Hello) error
	// Receive takes messages that came from a peer, in the order in which it sent them. The handler keeps what
	// the messages point to, but not the slice. False says that the handler has no room: the messages are lost, as any
	// message between nodes may be, and the handler calls Reset for a peer whose stream of forwards broke by that.
	Receive(from raftlog.NodeID, messages []engine.Message) bool
	// Met hears of a member that this node met and has no link to by that: it introduced itself here, or answered at the
	// address at which this node dialled, instead of the peer that was looked for. at is empty if it dialled. The
	// transport has checked that it belongs to this cluster and is not this node; whether its id and incarnation are a
	// member's is the handler's to check.
	Met(theirs Hello, at string)
	// LinkUp says that messages to the peer can leave again, before the first one does: what was sent on the link
	// before may be lost. LinkDown says that they cannot, and why. The two take turns for each peer.
	LinkUp(to raftlog.NodeID)
	LinkDown(to raftlog.NodeID, err error)
	// Gone says that the process that had the last link to a peer seems to have ended: see peer.suspect. It comes behind
	// all that Receive got of it, and again with each dial that is refused.
	Gone(id raftlog.NodeID, boot raftlog.Boot)
	// Welcomed tells, before Admit, that a peer that this node has dialled lets this node in.
	Welcomed(theirs Hello)
	// Refused tells why a handshake with a peer has failed before Admit. If err is a *Refusal, the peer refused this node;
	// theirs says then only whom this node has dialled. Else this node refused the peer: err is ErrSecret while nothing
	// is proven, and one of the other identity errors, or wraps it, afterwards.
	Refused(theirs Hello, err error)
}

// Peer is a node to hold a link to. An address may be a name: it is resolved at each dial.
type Peer struct {
	ID          raftlog.NodeID
	Incarnation uint64
	// Address is where the peer is most likely to be found, Others are where else: they are tried in turn when it is not.
	Address string
	Others  []string
}

// addresses are all of them, the first to try first.
func (p *Peer) addresses() []string { return append([]string{p.Address}, p.Others...) }

// complete fills in defaults and refuses what makes no sense.
func (o Options) complete() (Options, error) {
	if o.Handler == nil {
		return o, errors.New("transport: a Handler is required")
	}
	if o.Admission == nil {
		return o, errors.New("transport: an Admission is required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Lookup == nil {
		o.Lookup = lookupIP
	}
	orDefault(&o.MaxEntryBytes, DefaultMaxEntryBytes)
	orDefault(&o.QueueBytes, DefaultQueueBytes)
	orDefault(&o.MaxConnections, DefaultMaxConnections)
	orDefault(&o.MaxHandshakes, min(DefaultMaxHandshakes, max(o.MaxConnections/4, 1))) // strangers do not get all
	orDefault(&o.MaxBulk, DefaultMaxBulk)
	orDefault(&o.BulkBytesPerSecond, DefaultBulkBytesPerSecond)
	orDefault(&o.ResolveTimeout, DefaultResolveTimeout)
	orDefault(&o.DialTimeout, DefaultDialTimeout)
	orDefault(&o.HandshakeTimeout, DefaultHandshakeTimeout)
	orDefault(&o.WriteTimeout, DefaultWriteTimeout)
	orDefault(&o.ReadTimeout, DefaultReadTimeout)
	orDefault(&o.BackoffMin, DefaultBackoffMin)
	orDefault(&o.BackoffMax, DefaultBackoffMax)
	return o, o.validate()
}

func orDefault[T int | int64 | time.Duration](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}

func (o *Options) validate() error {
	for _, limit := range []struct {
		name  string
		value int64
		min   int64
		max   int64
	}{
		{"MaxEntryBytes", int64(o.MaxEntryBytes), 1, 1 << 30},
		{"QueueBytes", int64(o.QueueBytes), 1, 1 << 40},
		{"MaxConnections", int64(o.MaxConnections), 1, 1 << 20},
		{"MaxHandshakes", int64(o.MaxHandshakes), 1, 1 << 20},
		{"MaxBulk", int64(o.MaxBulk), 1, 1 << 10},
		{"BulkBytesPerSecond", o.BulkBytesPerSecond, MaxChunkBytes, 1 << 40},
		{"ResolveTimeout", int64(o.ResolveTimeout), 1, int64(time.Hour)},
		{"DialTimeout", int64(o.DialTimeout), 1, int64(time.Hour)},
		{"HandshakeTimeout", int64(o.HandshakeTimeout), 1, int64(time.Hour)},
		{"WriteTimeout", int64(o.WriteTimeout), 1, int64(time.Hour)},
		{"ReadTimeout", int64(o.ReadTimeout), int64(2 * aliveInterval), int64(time.Hour)},
		{"BackoffMin", int64(o.BackoffMin), 1, int64(o.BackoffMax)},
		{"BackoffMax", int64(o.BackoffMax), 1, int64(time.Hour)},
	} {
		if limit.value < limit.min || limit.value > limit.max {
			return fmt.Errorf("transport: %s is %d, allowed are %d to %d", limit.name, limit.value, limit.min, limit.max)
		}
	}
	return nil
}
