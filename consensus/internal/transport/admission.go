package transport

import (
	"context"
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/internal/section"
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
	// Join decides about the request of a blank node to be a member, or to be forgotten, and says who this node is. If
	// that is a member, or a blank node that forms a cluster, no error promises that the asker will be contacted.
	Join(Join) (Newcomer, error)
	// Invite says who this node is, to a member of the given cluster; to a node that only looks who is there if that is 0.
	Invite(clusterID uint64) (Newcomer, error)
	// Change takes a change of the membership of the given cluster, in the handler's own encoding. An error refuses it
	// for good; what may be otherwise the next time is in the Answer.
	Change(clusterID uint64, change []byte) (Answer, error)
}

// Join is what a blank node asks of a cluster: to be made a member.
type Join struct {
	Incarnation uint64
	// Boot tells two processes with one incarnation apart.
	Boot       raftlog.Boot
	Address    string
	Attributes []byte
	// Level is the highest feature level that the node knows.
	Level uint8
	// Founding: the node forms a cluster when it hears enough others. Founders are the incarnations of all nodes of that
	// kind that it hears, in ascending order, itself included; no more than MaxFounders.
	Founding bool
	Founders []uint64
	// Withdraw: the node asks to be forgotten instead, as it is about to give up this incarnation.
	Withdraw bool
}

// A join may have one section:
//
//	section 1   the node withdraws; no content
const sectionWithdraw section.Kind = 1

// MaxFounders bounds Join.Founders.
const MaxFounders = 128

// Newcomer is who a node is that was asked.
type Newcomer struct {
	// Join is the node's description of itself.
	Join
	// ClusterID and NodeID are 0 if the node is blank.
	ClusterID uint64
	NodeID    raftlog.NodeID
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
	Cluster     uint64   `codec:"cluster"`
	Node        uint64   `codec:"node"`
	Incarnation uint64   `codec:"incarnation"`
	Boot        uint64   `codec:"boot"`
	Address     string   `codec:"address"`
	Attributes  []byte   `codec:"attributes"`
	Level       uint8    `codec:"level"`
	Founding    bool     `codec:"founding"`
	Founders    []uint64 `codec:"founders"`
	Sections    []byte   `codec:"sections"`
}

func (w *wireNewcomer) sections() []byte { return w.Sections }

func (*wireNewcomer) knows(section.Kind) bool { return false }

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
	w := &wireJoin{
		Incarnation: j.Incarnation, Boot: uint64(j.Boot), Address: j.Address, Attributes: j.Attributes,
		Level: j.Level, Founding: j.Founding, Founders: j.Founders, Nonce: nonce,
	}
	if j.Withdraw {
		w.Sections = section.Append(nil, sectionWithdraw, nil)
	}
	return w
}

func (w *wireJoin) join() (Join, error) {
	j := Join{
		Incarnation: w.Incarnation, Boot: raftlog.Boot(w.Boot), Address: w.Address, Attributes: w.Attributes,
		Level: w.Level, Founding: w.Founding, Founders: w.Founders,
	}
	_, err := section.Read(w.Sections, func(kind section.Kind, body []byte) (bool, error) {
		if kind != sectionWithdraw {
			return false, nil
		}
		if j.Withdraw = true; len(body) > 0 {
			return true, section.ErrMalformed
		}
		return true, nil
	})
	if err != nil {
		err = fmt.Errorf("%w: handshake: %w", ErrBadFrame, err)
	}
	return j, err
}

func (w *wireNewcomer) newcomer() Newcomer {
	return Newcomer{ClusterID: w.Cluster, NodeID: raftlog.NodeID(w.Node), Join: Join{
		Incarnation: w.Incarnation, Boot: raftlog.Boot(w.Boot), Address: w.Address, Attributes: w.Attributes,
		Level: w.Level, Founding: w.Founding, Founders: w.Founders,
	}}
}

func (n *Newcomer) wire() *wireNewcomer {
	return &wireNewcomer{
		Cluster: n.ClusterID, Node: uint64(n.NodeID), Incarnation: n.Incarnation, Boot: uint64(n.Boot),
		Address: n.Address, Attributes: n.Attributes, Level: n.Level, Founding: n.Founding, Founders: n.Founders,
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

// Join asks the node at the address to have this blank node made a member, and returns who answered. If that is a
// member, or a blank node that forms a cluster, this node will be contacted; a *Refusal says why not and, maybe, whom
// to ask.
func (t *Transport) Join(ctx context.Context, address string, j Join) (Newcomer, error) {
	q := question{purposeJoin, frameJoin, frameNewcomer}
	body, err := t.ask(ctx, address, q, func(nonce []byte) any { return j.wire(nonce) })
	return newcomerIn(body, explainSecret(err))
}

// explainSecret adds to an ErrSecret what a node that asks to join, or for a change, must know. A refusal has the other
// side's explanation.
func explainSecret(err error) error {
	var refusal *Refusal
	if !errors.Is(err, ErrSecret) || errors.As(err, &refusal) {
		return err
	}
	return fmt.Errorf("%w: who asks to join or to change the members proves that it knows the cluster's secret, and "+
		"where there is none the password of its clients, if there is one; start the node with the same", err)
}

// Invite asks the node at the address who it is, for this node's cluster; or only who is there, if clusterID is 0. A
// node of another cluster, or one that is about to make one, refuses with a *Refusal.
func (t *Transport) Invite(ctx context.Context, address string, clusterID uint64) (Newcomer, error) {
	q := question{purposeInvite, frameInvite, frameNewcomer}
	body, err := t.ask(ctx, address, q, func(nonce []byte) any {
		return &wireInvite{ClusterID: clusterID, Nonce: nonce}
	})
	return newcomerIn(body, err)
}

func newcomerIn(body []byte, err error) (Newcomer, error) {
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
	q := question{purposeChange, frameChange, frameAnswer}
	body, err := t.ask(ctx, address, q, func(nonce []byte) any {
		return &wireChange{ClusterID: clusterID, Change: change, Nonce: nonce}
	})
	if err != nil {
		return Answer{}, explainSecret(err)
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
	secret, salt := t.guard()
	s, err := newHandshake(conn, secret, t.options.HandshakeTimeout)
	if err != nil {
		return nil, err
	}
	if salt != nil {
		s.stretch, s.lenient = t.options.JoinSecret, q.purpose == purposeInvite
	}
	nonce := newNonce(secret)
	return s.open(q.purpose, q.ask, q.tell, nonce, encodeControl(body(nonce)))
}

// admitJoin answers the request of a blank node.
func (t *Transport) admitJoin(s *handshake) error {
	var w wireJoin
	s.secret, s.salt = t.guard()
	if err := s.hear(frameJoin, &w, func() []byte { return w.Nonce }); err != nil {
		return explainSecret(err)
	}
	j, err := w.join()
	if err == nil {
		err = CheckAddress(j.Address)
	}
	if err != nil {
		return err
	}
	if len(j.Founders) > MaxFounders {
		return fmt.Errorf("%w: %d founders", ErrBadFrame, len(j.Founders))
	}
	newcomer, err := t.options.Admission.Join(j)
	if err != nil {
		return err
	}
	return s.send(nil, frameNewcomer, encodeControl(newcomer.wire()))
}

// admitInvite tells who this node is.
func (t *Transport) admitInvite(s *handshake) error {
	var w wireInvite
	s.secret, s.salt = t.guard()
	nonce := func() []byte { return w.Nonce }
	if t.tellsAll(s.secret) {
		s.secret, nonce = nil, func() []byte { return nil }
	}
	if err := s.hear(frameInvite, &w, nonce); err != nil {
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
	s.secret, s.salt = t.guard()
	if err := s.hear(frameChange, &w, func() []byte { return w.Nonce }); err != nil {
		return explainSecret(err)
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
