package transport

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Where there is no cluster secret, the questions about the membership are guarded all the same, by the secret of those
// who may change the members (Options.JoinSecret): a password, stretched with a salt. Both sides of a join and of a
// change prove that they know it. A member proves it, and has it proven, before it says who it is: cluster, number and
// incarnation are all that a stranger needs to speak for it. A blank node says who it is to all.
//
// The side that answers chooses the salt, and sends it with its challenge: a hash of its cluster's id, or of its boot
// while it is blank. So what is computed for one cluster is of no use against another one, and the id stays untold.

// saltBytes is the size of the salt.
const saltBytes = 16

// guard is what both sides of a question about the membership must know. The salt is nil if that is the cluster secret.
func (t *Transport) guard() (secret, salt []byte) {
	if len(t.options.Secret) > 0 || t.options.JoinSecret == nil {
		return t.options.Secret, nil
	}
	own := t.options.Handler.Hello(Peer{})
	salt = joinSalt(&own)
	return t.options.JoinSecret(salt), salt
}

func joinSalt(own *Hello) []byte {
	label, number := "raftredis: a cluster\x00", own.ClusterID
	if own.From == 0 {
		label, number = "raftredis: a process\x00", uint64(own.Boot)
	}
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(label), number))
	return sum[:saltBytes]
}

// tellsAll reports whether this node says who it is without a proof.
func (t *Transport) tellsAll(secret []byte) bool {
	return len(t.options.Secret) == 0 && (len(secret) == 0 || t.options.Handler.Hello(Peer{}).From == 0)
}

// untold is an error as a stranger may hear it: without the id of this cluster, where a join secret guards that. What
// to do is no secret.
func (t *Transport) untold(s *handshake, err error) error {
	var named *clustersError
	if s.proven || !errors.As(err, &named) {
		return err
	}
	if secret, salt := t.guard(); salt == nil || len(secret) == 0 {
		return err
	}
	return fmt.Errorf("%w%s", ErrCluster, named.advice)
}
