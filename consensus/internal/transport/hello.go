package transport

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Hello is how a node introduces itself: the dialler in its hello, the other side in its welcome.
type Hello struct {
	// ClusterID is 0 while the node is blank, that is, belongs to no cluster yet.
	ClusterID uint64
	// From is the sender (0 while blank), Incarnation that of its data directory, Boot that of its process.
	From        raftlog.NodeID
	Incarnation uint64
	Boot        raftlog.Boot
	// To and ToIncarnation are whom the sender believes to talk to. The transport fills them in from the Peer.
	To            raftlog.NodeID
	ToIncarnation uint64
	// ToHasLog: the sender knows that To has a log. A blank node must not take that member's place.
	ToHasLog bool
	// Term is the sender's current term, Durable the last mark of its log that is on its disk.
	Term    raftlog.Term
	Durable raftlog.Mark
	// Level is the highest feature level that the sender knows to apply.
	Level uint8
	// JournalRoomBytes is how many bytes of entries the sender's journal has room for beside what is in history.
	JournalRoomBytes uint64
	// Address and Attributes are the sender's, as in membership.Member. They identify nothing.
	Address    string
	Attributes []byte
	// Start counts the starts of the sender's data directory: it orders what its processes say of their addresses.
	// Claims are what the sender knows of the addresses of other members.
	Start  uint64
	Claims []locations.Claim
}

// Claim is what the sender says of its own address.
func (h *Hello) Claim() locations.Claim {
	return locations.Claim{
		ID: h.From, Incarnation: h.Incarnation, Start: h.Start, Boot: h.Boot, Address: h.Address,
	}
}

// Refusal is an error that the other side sent, or that the handler's Admit or an Admission returns to choose the text
// and a redirection. Any other error of the handler is sent as its text alone.
type Refusal struct {
	// Text is for the operator of the refused node.
	Text string
	// Redirect is the peer address of the node to ask instead; empty when there is none.
	Redirect string
	// Cause is the one of the errors below that the other side found, for errors.Is; nil if it found another one. Where
	// there is a secret, only a node that has proven to know it is believed about the cause.
	Cause error
}

// Unwrap is the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// Error is the text, with the redirection if there is one.
func (r *Refusal) Error() string {
	if r.Redirect == "" {
		return "refused: " + r.Text
	}
	return "refused: " + r.Text + " (ask " + r.Redirect + ")"
}

// Identity errors: why two nodes must not talk, found without asking the handler.
var (
	ErrSelf        = errors.New("the node talks to itself: the peer address leads back here; give each node its own")
	ErrCluster     = errors.New("the node belongs to another cluster")
	ErrNode        = errors.New("another node answers at this address")
	ErrIncarnation = errors.New("the data directory is another one: it was wiped, replaced or copied")
	ErrDuplicate   = errors.New("another process with this identity is connected: the data directory may be a copy; " +
		"stop one of the two")
	ErrSecret  = errors.New("the cluster secret does not match")
	ErrRemoved = errors.New("the node was removed from its cluster")
	// ErrReplaced is an ErrIncarnation about the node that is refused: the cluster knows its id as that of another
	// directory.
	ErrReplaced = fmt.Errorf("%w", ErrIncarnation)
	// ErrTaken is an ErrDuplicate about a blank node: its incarnation is that of a member of a cluster.
	ErrTaken = fmt.Errorf("%w", ErrDuplicate)
)

// clustersError is an ErrCluster that names the two clusters. What to do comes after a semicolon.
type clustersError struct {
	own, theirs uint64
	advice      string
}

func (e *clustersError) Error() string {
	return fmt.Sprintf("%v: %016x and %016x%s", ErrCluster, e.own, e.theirs, e.advice)
}

// Unwrap is what it is one of.
func (*clustersError) Unwrap() error { return ErrCluster }

// causes are the errors that a refusal names by number: its place in the list, which is part of the wire format.
func causes() []error {
	return []error{
		1: ErrSelf, 2: ErrCluster, 3: ErrNode, 4: ErrIncarnation, 5: ErrDuplicate, 6: ErrSecret, 7: ErrRemoved,
		8: engine.ErrRolledBack, 9: ErrReplaced, 10: ErrTaken, 11: engine.ErrLevel,
		12: engine.ErrOutdated, 13: engine.ErrStopped,
	}
}

// causeNumber is the number of the error that err wraps, the later one if it wraps several; 0 if it wraps none.
func causeNumber(err error) uint8 {
	for number, cause := range slices.Backward(causes()) {
		if cause != nil && errors.Is(err, cause) {
			return uint8(number)
		}
	}
	return 0
}

// causeNumbered is the error of that number; nil for one that this build does not know.
func causeNumbered(number uint8) error {
	if list := causes(); int(number) < len(list) {
		return list[number]
	}
	return nil
}

// lostDirectory is the way out of ErrIncarnation.
const lostDirectory = "start it on the directory that it had; if that is lost, replace the member"

// checkIdentity says whether a node that knows itself as own may listen to one that introduces itself as theirs. The
// rules need no configuration: they compare what each of the two knows of itself with what the other expects.
//
//  1. A node does not talk to itself.
//  2. A node with an id has a cluster, and the two clusters are one. A blank node has none yet: it takes cluster and id
//     from a hello that names its incarnation.
//  3. The hello was meant for this id and this incarnation.
func checkIdentity(own, theirs *Hello) error {
	switch {
	case own.Boot == theirs.Boot && !guard.Down(guard.NotItself):
		return ErrSelf
	case theirs.ClusterID == 0 || theirs.From == 0 || theirs.To == 0:
		return fmt.Errorf("%w: a hello without cluster or node id", ErrCluster)
	case own.ClusterID != 0 && own.ClusterID != theirs.ClusterID && !guard.Down(guard.SameCluster):
		const advice = "; correct the address, or empty the data directory to add the node"
		return &clustersError{own.ClusterID, theirs.ClusterID, advice}
	case own.ClusterID != 0 && own.From != theirs.To:
		return fmt.Errorf("%w: it is node %d, meant was %d; give each node its own", ErrNode, own.From, theirs.To)
	case own.Incarnation != theirs.ToIncarnation && !guard.Down(guard.SameDirectory):
		return fmt.Errorf("%w: node %d is %016x, meant was %016x; %s",
			ErrIncarnation, theirs.To, own.Incarnation, theirs.ToIncarnation, lostDirectory)
	case theirs.From == theirs.To:
		return fmt.Errorf("%w: both call themselves %d", ErrNode, theirs.To)
	}
	return nil
}

// checkAnswer says whether the node that answered a dial is the peer that was dialled.
func checkAnswer(own, theirs *Hello, peer Peer) error {
	if err := checkIdentity(own, theirs); err != nil {
		return err
	}
	if theirs.From != peer.ID && !guard.Down(guard.SameNode) {
		return fmt.Errorf("%w: it is node %d, meant was %d", ErrNode, theirs.From, peer.ID)
	}
	if theirs.Incarnation != peer.Incarnation && !guard.Down(guard.SameDirectory) {
		return fmt.Errorf("%w: node %d is %016x, meant was %016x; %s",
			ErrIncarnation, peer.ID, theirs.Incarnation, peer.Incarnation, lostDirectory)
	}
	return nil
}

// checkMeeting says whether a node that knows itself as own may believe what one that introduces itself as theirs says
// of addresses. The hello is for any member at an address, or was meant for another one.
func checkMeeting(own, theirs *Hello) error {
	switch {
	case own.Boot == theirs.Boot:
		return ErrSelf
	case own.ClusterID == 0 || own.From == 0:
		return fmt.Errorf("%w: the node that was asked belongs to none yet", ErrCluster)
	case theirs.ClusterID == 0 || theirs.From == 0:
		return fmt.Errorf("%w: a hello without cluster or node id", ErrCluster)
	case own.ClusterID != theirs.ClusterID:
		return &clustersError{own.ClusterID, theirs.ClusterID, ""}
	case own.From == theirs.From:
		return fmt.Errorf("%w: both call themselves %d", ErrNode, own.From)
	}
	return nil
}

// CheckAddress says whether other nodes can dial the address: host and port, neither a wildcard. A node that tells its
// peers 0.0.0.0 would have each of them dial itself.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("peer address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("peer address %q: other nodes cannot dial a wildcard", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("peer address %q: the port is not one of 1 to 65535", address)
	}
	return nil
}

// IsLoopback reports whether an address (host and port) is on the loopback interface of its machine: 127.0.0.0/8 or ::1
// as a number, or localhost. Any other name may lead anywhere.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
