package explore

import "github.com/raftredis/raftredis/wal/raftlog"

// action is one thing that can happen, in as few bits as a record of the search has for it:
//
//	bits 0-7     argument: the place of a message on the wire, how many operations are synced, another node, a change
//	bits 8-11    node
//	bits 12-15   kind
//	bits 16-18   flags
type action uint32

type kind uint8

// The kinds of actions, in the words of the core's transcripts.
const (
	kindDeliver kind = iota
	kindCampaign
	kindSync
	kindCrash
	kindPropose
	kindRegister // a read
	kindBeat
	kindStall
	kindLonely
	kindGiveUp // waiting for a transfer
	kindChange
	kindSnapshot
	kindFile
	kindTransfer
)

// The flags.
const (
	// double leaves a copy of the delivered message under way.
	double action = 1 << (16 + iota)
	// dies lets the node crash before its disk completes what the step gave it.
	dies
	// unanswered loses the replies to the delivered message.
	unanswered
)

// actionBits is how many bits an action has.
const actionBits = 19

func newAction(k kind, id raftlog.NodeID, argument int) action {
	return action(argument) | action(id)<<8 | action(k)<<12
}

func (a action) kind() kind           { return kind(a >> 12 & 0xf) }
func (a action) node() raftlog.NodeID { return raftlog.NodeID(a >> 8 & 0xf) }
func (a action) argument() int        { return int(a & 0xff) }
func (a action) has(flag action) bool { return a&flag != 0 }

// wireMax is how many messages fit under way: their places are arguments.
const wireMax = 1 << 8
