package transport

import (
	"context"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// What concerns who is a member travels on connections of its own, one question on each. After the proofs:
//
//	blank node ── join ──► member    "take me in"
//	member ── invite ──► any node    "who are you? I may want you"
//	member ── change ──► leader      "make this change of the membership"

// Admission answers these questions for a node. All methods may be called from many goroutines, even before New
// returned, and may wait up to the handshake timeout. The text of an error is sent to the node that asked; a *Refusal
// chooses it.
type Admission interface {
	// Join decides about the request of a blank node to be a member. Nil promises that a member will contact it.
	Join(Join) error
	// Invite says who this node is, to a member of the given cluster.
	Invite(clusterID uint64) (Newcomer, error)
	// Change takes a change of the membership of the given cluster, in the handler's own encoding. An error refuses it
	// for good; what may be otherwise the next time is in the Answer.
	Change(clusterID uint64, change []byte) (Answer, error)
}

// Join is what a blank node asks of a cluster: to be made a member.
type Join struct {
	Incarnation uint64
	Address     string
	Attributes  []byte
}

// Newcomer is who an invited node is.
type Newcomer struct {
	// Join is the node's description of itself.
	Join
	// NodeID is 0 if the node is blank, else its id in the inviting cluster.
	NodeID raftlog.NodeID
}

// Answer is what became of a change.
type Answer struct {
	// Added are the ids of those whom the change adds, in its order, when it was accepted: Reason is empty then.
	Added []raftlog.NodeID
	// Reason says why the change cannot be made now; the same one may be accepted later. Redirect is the peer address
	// of the node to ask, empty if this is the one.
	Reason   string
	Redirect string
}

type wireInvite struct {
	ClusterID uint64 `codec:"cluster"`
	Nonce     []byte `codec:"nonce"`
}

type wireNewcomer struct {
	Node        uint64 `codec:"node"`
	Incarnation uint64 `codec:"incarnation"`
	Address     string `codec:"address"`
	Attributes  []byte `codec:"attributes"`
	Sections    []byte `codec:"sections"`
}

func (w *wireNewcomer) sections() []byte { return w.Sections }

type wireChange struct {
	ClusterID uint64 `codec:"cluster"`
	Change    []byte `codec:"change"`
	Nonce     []byte `codec:"nonce"`
}

type wireAnswer struct {
	Added    []uint64 `codec:"added"`
	Reason   string   `codec:"reason"`
	Redirect string   `codec:"redirect"`
}

func (j *Join) wire(nonce []byte) *wireJoin {
	return &wireJoin{Incarnation: j.Incarnation, Address: j.Address, Attributes: j.Attributes, Nonce: nonce}
}

func (w *wireJoin) join() Join {
	return Join{Incarnation: w.Incarnation, Address: w.Address, Attributes: w.Attributes}
}

func (w *wireNewcomer) newcomer() Newcomer {
	return Newcomer{NodeID: raftlog.NodeID(w.Node), Join: Join{
		Incarnation: w.Incarnation, Address: w.Address, Attributes: w.Attributes,
	}}
}

func (n *Newcomer) wire() *wireNewcomer {
	return &wireNewcomer{
		Node: uint64(n.NodeID), Incarnation: n.Incarnation, Address: n.Address, Attributes: n.Attributes,
	}
}

func (w *wireAnswer) answer() Answer {
	a := Answer{Reason: w.Reason, Redirect: w.Redirect}
	for _, id := range w.Added {
		a.Added = append(a.Added, raftlog.NodeID(id))
	}
	return a
}

func (a *Answer) wire() *wireAnswer {
	w := &wireAnswer{Reason: a.Reason, Redirect: a.Redirect}
	for _, id := range a.Added {
		w.Added = append(w.Added, uint64(id))
	}
	return w
}

// Join asks the node at the address to have this blank node made a member. Nil means that a member will contact it; a
// *Refusal says why not and, maybe, whom to ask.
func (t *Transport) Join(ctx context.Context, address string, j Join) error {
	_, err := t.ask(ctx, address, question{purposeJoin, frameJoin, frameAccepted}, func(nonce []byte) any {
		return j.wire(nonce)
	})
	return err
}

// Invite asks the node at the address who it is, for this node's cluster. A node of another cluster, or one that is
// about to make one, refuses with a *Refusal.
func (t *Transport) Invite(ctx context.Context, address string, clusterID uint64) (Newcomer, error) {
	body, err := t.ask(ctx, address, question{purposeInvite, frameInvite, frameNewcomer}, func(nonce []byte) any {
		return &wireInvite{ClusterID: clusterID, Nonce: nonce}
	})
	if err != nil {
		return Newcomer{}, err
	}
	var w wireNewcomer
	if err := decodeControl(body, &w); err != nil {
		return Newcomer{}, err
	}
	return w.newcomer(), nil
}

// Change sends a change of the membership to the node at the address. A *Refusal says that it will never be made. After
// any other error it may have been.
func (t *Transport) Change(ctx context.Context, address string, clusterID uint64, change []byte) (Answer, error) {
	body, err := t.ask(ctx, address, question{purposeChange, frameChange, frameAnswer}, func(nonce []byte) any {
		return &wireChange{ClusterID: clusterID, Change: change, Nonce: nonce}
	})
	if err != nil {
		return Answer{}, err
	}
	var w wireAnswer
	if err := decodeControl(body, &w); err != nil {
		return Answer{}, err
	}
	return w.answer(), nil
}

// question is a kind of connection: what it is for, and its two frames.
type question struct {
	purpose   purpose
	ask, tell frameKind
}

// ask dials, asks, and returns the body of the answer.
func (t *Transport) ask(ctx context.Context, address string, q question, body func(nonce []byte) any) ([]byte, error) {
	ctx, cancel := t.within(ctx)
	defer cancel()
	conn, err := t.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s, err := newHandshake(conn, t.options.Secret, t.options.HandshakeTimeout)
	if err != nil {
		return nil, err
	}
	nonce := newNonce(t.options.Secret)
	return s.open(q.purpose, q.ask, q.tell, nonce, encodeControl(body(nonce)))
}

// admitJoin answers the request of a blank node.
func (t *Transport) admitJoin(s *handshake) error {
	var w wireJoin
	if err := s.hear(frameJoin, &w, func() []byte { return w.Nonce }); err != nil {
		return err
	}
	if err := CheckAddress(w.Address); err != nil {
		return err
	}
	if err := t.options.Admission.Join(w.join()); err != nil {
		return err
	}
	return s.send(nil, frameAccepted, nil)
}

// admitInvite tells who this node is.
func (t *Transport) admitInvite(s *handshake) error {
	var w wireInvite
	if err := s.hear(frameInvite, &w, func() []byte { return w.Nonce }); err != nil {
		return err
	}
	newcomer, err := t.options.Admission.Invite(w.ClusterID)
	if err != nil {
		return err
	}
	return s.send(nil, frameNewcomer, encodeControl(newcomer.wire()))
}

// admitChange passes a change on.
func (t *Transport) admitChange(s *handshake) error {
	var w wireChange
	if err := s.hear(frameChange, &w, func() []byte { return w.Nonce }); err != nil {
		return err
	}
	answer, err := t.options.Admission.Change(w.ClusterID, w.Change)
	if err != nil {
		return err
	}
	return s.send(nil, frameAnswer, encodeControl(answer.wire()))
}

// hear reads a question and does the other side's half of the proofs: nothing is answered before.
func (s *handshake) hear(kind frameKind, into any, nonce func() []byte) error {
	_, body, err := s.receive(kind)
	if err != nil {
		return err
	}
	if err := decodeControl(body, into); err != nil {
		return err
	}
	return s.challenge(nonce(), body)
}
