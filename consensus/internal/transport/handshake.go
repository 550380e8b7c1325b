package transport

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// A connection begins with eight bytes: who speaks, which version, and what for. Then, with each arrow a frame:
//
//	dialler                                        other side
//	preamble, first frame (nonce d)           →                                   see below
//	                                          ←    Challenge (nonce a, proof)     only with a secret
//	Proof                                     →                                   only with a secret
//	                                          ←    answer, or Refusal
//
// The first frame is a Hello and its answer a Welcome, and then messages follow, or a request for a file (bulk.go), or
// nothing (meet.go); or it is a question with one answer (admission.go).
//
// Each proof is an HMAC-SHA256 under the cluster secret over a label for its direction, both nonces and the first
// frame's body: neither an old proof nor the other side's can be played back. The other side proves first, so that a
// dialler hands its own proof only to a node that knows the secret anyway.
//
// Nothing after the handshake is authenticated or encrypted: the secret keeps other programs and other clusters out; it
// does not protect against an attacker who can write into connections.

// preambleBytes is the size of magic, version and purpose.
const preambleBytes = 8

// protocolVersion is the version of the handshake and of all bodies that come after it. Since 2, a hello says what the
// journal has room for; since 3, a node has attributes instead of a name and a client address, frames have a group, and
// what describes a node has sections; since 4, entries and messages have what came since: offsets of wall time, feature
// levels, pieces, marks, notices, reports of the state.
const protocolVersion = 4

const preambleMagic = "raftrd"

// purpose says what a connection is for.
type purpose byte

const (
	purposeMessages purpose = 'm'
	purposeJoin     purpose = 'j'
	purposeInvite   purpose = 'i'
	purposeChange   purpose = 'c'
	purposeBulk     purpose = 'b'
	purposeMeet     purpose = 'h'
)

func (p purpose) preamble() []byte { return append([]byte(preambleMagic), protocolVersion, byte(p)) }

// readPreamble reads the first bytes of a connection from the other side.
func readPreamble(source io.Reader) (purpose, error) {
	var got [preambleBytes]byte
	if _, err := io.ReadFull(source, got[:]); err != nil {
		return 0, fmt.Errorf("preamble: %w", err)
	}
	if string(got[:len(preambleMagic)]) != preambleMagic {
		return 0, fmt.Errorf("%w: the connection does not come from a raftredis node", ErrBadFrame)
	}
	version, p := got[len(preambleMagic)], purpose(got[len(preambleMagic)+1])
	if version != protocolVersion {
		return 0, &Refusal{Text: fmt.Sprintf("protocol version %d, this node speaks %d", version, protocolVersion)}
	}
	switch p {
	case purposeMessages, purposeJoin, purposeInvite, purposeChange, purposeBulk, purposeMeet:
	default:
		return 0, &Refusal{Text: fmt.Sprintf("this node does not serve connections of purpose %q", byte(p))}
	}
	return p, nil
}

// handshake is one side's view of a connection until it is welcome.
type handshake struct {
	conn   net.Conn
	source *patientReader
	frames *frameReader
	// secret is what both sides prove to know. The side that is dialled sends its salt with the challenge, if the secret
	// was made with one; then the dialler makes it anew by stretch.
	secret, salt []byte
	stretch      func(salt []byte) []byte
	// lenient: the other side may answer without a challenge.
	lenient bool
	// proven: the other side has proven that it knows the secret.
	proven bool
}

// newHandshake begins one, which must be complete within the timeout.
func newHandshake(conn net.Conn, secret []byte, timeout time.Duration) (*handshake, error) {
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	source := &patientReader{conn: conn}
	return &handshake{conn: conn, source: source, frames: newFrameReader(source, maxControlBytes), secret: secret}, nil
}

// messages ends the handshake and makes the reader one for messages: what it has buffered stays. A silence of the
// timeout then ends the connection; 0 is for a direction in which silence is the rule.
func (s *handshake) messages(maxFrameBytes int, timeout time.Duration) (*frameReader, error) {
	if err := s.conn.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	s.source.timeout = timeout
	s.frames.maxFrameBytes = maxFrameBytes
	return s.frames, nil
}

func (s *handshake) send(prefix []byte, kind frameKind, body []byte) error {
	_, err := s.conn.Write(appendFrame(prefix, header{kind: kind}, body))
	return err
}

// receive reads a frame of one of the given kinds. A refusal is returned as the *Refusal that it carries.
func (s *handshake) receive(wanted ...frameKind) (frameKind, []byte, error) {
	h, body, err := s.frames.next()
	if errors.Is(err, io.EOF) {
		return 0, nil, fmt.Errorf("handshake: the other side hung up: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("handshake: %w", err)
	}
	if h.flags != 0 || h.clusterID != 0 || h.from != 0 || h.to != 0 || h.term != 0 {
		return 0, nil, fmt.Errorf("%w: handshake with header fields in use", ErrBadFrame)
	}
	for _, kind := range wanted {
		if h.kind == kind {
			return kind, body, nil
		}
	}
	if h.kind != frameRefusal {
		return 0, nil, fmt.Errorf("%w: kind %d within the handshake", ErrBadFrame, h.kind)
	}
	return 0, nil, s.believed(refusalIn(body))
}

// believed drops the cause of a refusal by a node that was to prove that it knows the secret and has not. That the
// secrets differ is what such a node can say.
func (s *handshake) believed(err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) && len(s.secret) > 0 && !s.proven && !errors.Is(refusal, ErrSecret) {
		refusal.Cause = nil
	}
	return err
}

// refusalIn is the refusal that a frame carries, or why it carries none.
func refusalIn(body []byte) error {
	var refusal wireRefusal
	if err := decodeControl(body, &refusal); err != nil {
		return err
	}
	return &Refusal{Text: refusal.Text, Redirect: refusal.Redirect, Cause: causeNumbered(refusal.Cause)}
}

// refuse tells the other side why, as far as it still listens.
func (s *handshake) refuse(cause error) error {
	refusal := wireRefusal{Text: cause.Error()}
	var chosen *Refusal
	if errors.As(cause, &chosen) {
		refusal = wireRefusal{Text: chosen.Text, Redirect: chosen.Redirect}
	}
	refusal.Cause = causeNumber(cause)
	const maxTextBytes = 4 << 10
	refusal.Text = refusal.Text[:min(len(refusal.Text), maxTextBytes)]
	refusal.Redirect = refusal.Redirect[:min(len(refusal.Redirect), maxTextBytes)]
	return s.send(nil, frameRefusal, encodeControl(&refusal))
}

// The labels keep the proofs of the two directions apart.
const (
	labelDialler = "raftredis peer proof: dialler\x00"
	labelAnswer  = "raftredis peer proof: answer.\x00"
)

// proof binds secret, direction, both nonces and the first body. Nonces have a fixed size, so no two inputs collide.
func proof(secret []byte, label string, diallerNonce, answerNonce, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(label))
	mac.Write(diallerNonce)
	mac.Write(answerNonce)
	mac.Write(body)
	return mac.Sum(nil)
}

// newNonce is nil without a secret: on the wire that says that the sender cannot prove anything.
func newNonce(secret []byte) []byte {
	if len(secret) == 0 {
		return nil
	}
	nonce := make([]byte, nonceBytes)
	_, _ = rand.Read(nonce) // documented never to fail
	return nonce
}

// open is the dialler's side: it sends the first frame, does the proofs, and returns the body of the answer.
func (s *handshake) open(p purpose, kind, answer frameKind, nonce, body []byte) ([]byte, error) {
	if err := s.send(p.preamble(), kind, body); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if len(s.secret) > 0 {
		if early, err := s.answerChallenge(nonce, body, answer); err != nil || early != nil {
			return early, err
		}
	}
	_, reply, err := s.receive(answer)
	return reply, err
}

// introduce sends a hello and returns how the other side introduces itself. What that means is the caller's to check.
func (s *handshake) introduce(p purpose, own *Hello) (theirs Hello, err error) {
	nonce := newNonce(s.secret)
	answer, err := s.open(p, frameHello, frameWelcome, nonce, encodeControl(own.wire(nonce)))
	if err != nil {
		return theirs, err
	}
	var welcome wireHello
	if err := decodeControl(answer, &welcome); err != nil {
		return theirs, err
	}
	return welcome.hello()
}

// greet is the handshake of a node that dials a peer. It returns how the other side introduces itself. If that is
// another member, the handler hears of it before the error is returned.
func (s *handshake) greet(p purpose, own *Hello, target Peer, handler PeerHandler) (theirs Hello, err error) {
	if theirs, err = s.introduce(p, own); err != nil {
		return theirs, err
	}
	if theirs.From != target.ID && checkMeeting(own, &theirs) == nil {
		handler.Met(theirs, s.conn.RemoteAddr().String())
	}
	return theirs, checkAnswer(own, &theirs, target)
}

// answerChallenge checks the other side's proof and sends the dialler's. A side that demands none answers early.
func (s *handshake) answerChallenge(nonce, body []byte, answer frameKind) (early []byte, err error) {
	wanted := []frameKind{frameChallenge}
	if s.lenient {
		wanted = append(wanted, answer)
	}
	kind, reply, err := s.receive(wanted...)
	if err != nil || kind == answer {
		return reply, err
	}
	return nil, s.prove(reply, nonce, body)
}

// prove is the dialler's half of the proofs.
func (s *handshake) prove(reply, nonce, body []byte) error {
	var challenge wireChallenge
	if err := decodeControl(reply, &challenge); err != nil {
		return err
	}
	if len(challenge.Nonce) != nonceBytes {
		return fmt.Errorf("%w: a nonce of %d bytes", ErrBadFrame, len(challenge.Nonce))
	}
	switch salted := len(challenge.Salt) == saltBytes; {
	case salted != (s.stretch != nil) || !salted && len(challenge.Salt) > 0:
		return fmt.Errorf("%w: the other side has one of another kind", ErrSecret)
	case salted:
		s.secret = s.stretch(challenge.Salt)
	}
	if len(s.secret) == 0 || !hmac.Equal(challenge.Proof, proof(s.secret, labelAnswer, nonce, challenge.Nonce, body)) {
		_ = s.refuse(ErrSecret) // it must hear that this is a node with another secret; if it does not, it is asked again
		return ErrSecret
	}
	s.proven = true
	mine := wireProof{Proof: proof(s.secret, labelDialler, nonce, challenge.Nonce, body)}
	if err := s.send(nil, frameProof, encodeControl(&mine)); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	return nil
}

// challenge is the other side's half of the proofs, given the dialler's nonce and first body.
func (s *handshake) challenge(nonce, body []byte) error {
	if (len(s.secret) > 0) != (len(nonce) > 0) {
		return fmt.Errorf("%w: only one side has one", ErrSecret)
	}
	if len(s.secret) == 0 {
		return nil
	}
	if len(nonce) != nonceBytes {
		return fmt.Errorf("%w: a nonce of %d bytes", ErrBadFrame, len(nonce))
	}
	fresh := newNonce(s.secret)
	mine := wireChallenge{Nonce: fresh, Proof: proof(s.secret, labelAnswer, nonce, fresh, body), Salt: s.salt}
	if err := s.send(nil, frameChallenge, encodeControl(&mine)); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	_, reply, err := s.receive(frameProof)
	if errors.Is(err, ErrSecret) {
		return ErrSecret // the dialler has found this side's proof wrong
	}
	if err != nil {
		return err
	}
	var theirs wireProof
	if err := decodeControl(reply, &theirs); err != nil {
		return err
	}
	if s.proven = hmac.Equal(theirs.Proof, proof(s.secret, labelDialler, nonce, fresh, body)); !s.proven {
		return ErrSecret
	}
	return nil
}
