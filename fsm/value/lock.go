package value

import (
	"encoding/binary"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/internal/allocated"
)

// MaxHolderBytes bounds the name of a lock's holder.
const MaxHolderBytes = 512

// lockBytes is what a lock occupies besides its holder's name. A test compares it with the type.
const lockBytes = 48

// Lock is a lock that is held: by whom, and with which token. When it ends stands with its key, as the deadline. A lock
// is never changed: another holder has another Lock. It implements Value.
type Lock struct {
	box    Box
	holder string
	token  uint64
	digest uint64
}

// NewLock is a lock with a copy of its holder's name, of 1 to MaxHolderBytes bytes, and a token, which is not 0. state
// is a fresh one of the hash of values.
func NewLock(holder []byte, token uint64, state digest.Sip) *Lock {
	l := &Lock{holder: string(holder), token: token, digest: state.Word(token).Finish(digest.Of(state, holder))}
	l.box.Value = l
	return l
}

// Holder is the name of the holder, Token the number under which it holds.
func (l *Lock) Holder() string { return l.holder }

// Token is the number under which the holder holds: no later holder of any lock has one as low.
func (l *Lock) Token() uint64 { return l.token }

// Box is where the value is held: in itself.
func (l *Lock) Box() *Box { return &l.box }

// Kind is KindLock.
func (l *Lock) Kind() Kind { return KindLock }

// Encoding is what OBJECT ENCODING answers.
func (l *Lock) Encoding(EncodingLimits) string { return "raftlock" }

// Size is the number of bytes of the holder's name.
func (l *Lock) Size() int { return len(l.holder) }

// MemoryBytes estimates how much memory the lock occupies.
func (l *Lock) MemoryBytes() int { return allocated.Size(lockBytes) + allocated.Size(len(l.holder)) }

// Digest is the hash of holder and token.
func (l *Lock) Digest() uint64 { return l.digest }

// Generation is before all others: a lock is not changed in place.
func (l *Lock) Generation() uint64 { return oldest }

// EachPart calls emit with the only part: the token as a uvarint, and the holder's name.
func (l *Lock) EachPart(buf []byte, emit func(part []byte) error) error {
	return emit(append(binary.AppendUvarint(buf[:0], l.token), l.holder...))
}

// lockReader is the Reader of locks.
type lockReader struct{ lock *Lock }

// Add takes the only part.
func (r *lockReader) Add(part []byte, _ int, state digest.Sip, _ uint64) bool {
	token, n := binary.Uvarint(part)
	if r.lock != nil || n <= 0 || token == 0 || (n > 1 && part[n-1] == 0) { // no number is written longer than it is
		return false
	}
	holder := part[n:]
	if len(holder) == 0 || len(holder) > MaxHolderBytes {
		return false
	}
	r.lock = NewLock(holder, token, state)
	return true
}

// Finish ends a lock.
func (r *lockReader) Finish(digest.Sip, uint64) (text []byte, apart Value, ok bool) {
	lock := r.lock
	if r.lock = nil; lock == nil {
		return nil, nil, false
	}
	return nil, lock, true
}
