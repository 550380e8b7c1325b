package resp

import (
	"sync/atomic"
	"time"
)

// Membership is how a client changes who belongs to the cluster.
type Membership interface {
	// Change submits a change of the members. The node answers by one call of r.Complete, at once or later, from any
	// goroutine, and r.Timeout after the call at the latest; until then the request is the node's.
	Change(r *ChangeRequest)
	// AbandonChange says that the client of a submitted change has gone: nothing waits for its end, and the node completes
	// it soon. Whether the change is made is left open. It may come after Complete was called.
	AbandonChange(r *ChangeRequest)
	// Join makes a node that belongs to no cluster ask, from now on, the node that listens at an address to be added to
	// its cluster. Nil does not say that it will be; the error says why it cannot ask, for the client.
	Join(peerAddress string) error
}

// Member names a member of the cluster: by its number or by its name, or by both where both are known.
type Member struct {
	ID uint64
	// Name has 40 hex digits, in lower case.
	Name string
}

// NewMember is a node that shall become a member.
type NewMember struct {
	// PeerAddress is where it listens for other nodes, as host:port.
	PeerAddress string
	// Learner says that it shall have no vote. InPlaceOf, unless it is zero, is the member that leaves for it: it becomes
	// what that one is, and Learner is not looked at.
	Learner   bool
	InPlaceOf Member
}

// MemberChange is what a client wants of the cluster's membership: all of it, in one step, or nothing.
type MemberChange struct {
	Add    []NewMember
	Remove []Member
}

// ChangeRequest is a change of the membership on its way. Each is used once.
type ChangeRequest struct {
	Change MemberChange
	// Timeout is how long the client waits: the node completes the request after this time at the latest.
	Timeout time.Duration
	// Ticket is the node's own, as that of Request.
	Ticket any

	result atomic.Pointer[ChangeResult]
	// wake is that of Request.
	wake func()
}

// ChangeResult is how a change ended.
type ChangeResult struct {
	// Outcome is Done if the change is in force: those who were removed are members no more, and those who were added have
	// a vote, or none if they shall be learners. NotDone and Overloaded mean that nothing was changed and nothing will be.
	// Uncertain: the time was up, and the change may go on.
	Outcome Outcome
	// Added are those who were added, in the order of the request.
	Added []Member
	// Strangers, with NotDone, are those to remove that are no members: then nothing is removed or added.
	Unknown []Member
	// Reason, with NotDone, says that the cluster refuses this change, and why: the client is told that instead of to try
	// again. With Uncertain it says how far the change has come. It is one sentence for a person, or empty.
	Reason string
}

// NewChangeRequest makes a request of whoever is no connection: ended is called with the result, by Complete.
func NewChangeRequest(wanted MemberChange, timeout time.Duration, ended func(ChangeResult)) *ChangeRequest {
	r := &ChangeRequest{Change: wanted, Timeout: timeout}
	r.wake = func() { ended(*r.result.Load()) }
	return r
}

// Complete ends the request. It is called exactly once, by any goroutine, and does not block. A second call panics.
func (r *ChangeRequest) Complete(result ChangeResult) {
	wake := r.wake // the connection drops the request as soon as it sees the result
	if result.Outcome >= outcomes || !r.result.CompareAndSwap(nil, &result) {
		panic("resp: a change completed twice, or with no outcome")
	}
	wake()
}

// waiter is a connection's side of a change that is under way.
type waiter struct {
	request *ChangeRequest
	// reply appends what is said when it is done.
	reply func(dst []byte, added []Member) []byte
	// strangersAreFine says that members to remove which are none are as good as removed.
	strangersAreFine bool
}

// change submits a change of the members; the connection waits for its end.
func (c *Conn) change(w waiter, wanted MemberChange) {
	w.request = &ChangeRequest{Change: wanted, Timeout: c.server.limits.ChangeTimeout, wake: c.request.wake}
	c.waiter = w
	c.phase, c.abandoned = changing, false
	c.server.node.Change(w.request)
}

// changed answers the change that the connection waits for, if it has ended, and reports whether it has.
func (c *Conn) changed() bool {
	result := c.waiter.request.result.Load()
	switch {
	case result == nil:
		return false
	case result.Outcome == Done, len(result.Unknown) > 0 && c.waiter.strangersAreFine:
		c.out = c.waiter.reply(c.out, result.Added)
	default:
		c.out = refuseChange(c.out, result, c.waiter.request.Timeout)
	}
	c.waiter, c.phase = waiter{}, gathering
	return true
}
