package sim

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/guard"
)

// Options is everything that makes one world differ from another. The same options make the same world, event for
// event.
type Options struct {
	// Seed feeds everything accidental.
	Seed uint64
	// Profile is the name of what drew these options; it only appears in messages.
	Profile string
	// Nodes is how many voters the cluster has.
	Nodes int
	// Blank makes all nodes but the first start without a configuration: they learn it from the log.
	Blank bool
	// Safety is how long faults go on. What follows is the liveness phase, which ends by itself.
	Safety time.Duration
	// Engine are the options of all nodes; ID, Boot and Seed are set for each.
	Engine engine.Options
	// SameSeeds gives all nodes the same seed for their election timeouts.
	SameSeeds bool

	// Workload is the state machine under test, with its clients and its model. It is required.
	Workload workload.Workload

	Network Network
	Disk    Disk
	Clock   Clock
	Lease   Lease
	Faults  Faults
	Clients Clients

	// OutcomesOnly leaves out the checks that look into disks and messages. What is left is what nodes and clients come
	// to feel: two leaders in a term, entries that are gone, states that differ, wrong answers. A mutation that is found
	// in this way does harm; it does not merely look different from inside.
	OutcomesOnly bool
	// Weakened names guards that are down on all nodes; it has no effect in an ordinary build.
	Weakened guard.Set
	// Trace, when not nil, receives one line for each event.
	Trace io.Writer
}

// Network is how messages travel while no fault is at work.
type Network struct {
	// MinDelay and MaxDelay bound what a message takes; a share SlowShare of them takes up to SlowDelay.
	MinDelay, MaxDelay time.Duration
	SlowShare          float64
	SlowDelay          time.Duration
	// Ordered keeps the messages of one connection in order, as TCP does.
	Ordered bool
	// Loss is the share of messages that are lost, Duplicate that of those that arrive twice.
	Loss, Duplicate float64
	// LateShare is the share of messages that survive the connection they were sent on.
	LateShare float64
	// Refused is the share of ends of a process of which another node hears soon, for the process's port refuses.
	Refused float64
	// MailboxMessages and MailboxForwards bound what waits for a node's next turn.
	MailboxMessages, MailboxForwards int
}

// Disk is how disks behave while no fault is at work.
type Disk struct {
	// FileBytes is the size of a journal file, MaxEntryBytes and MaxGroupBytes the journal's limits.
	FileBytes                    int64
	MaxEntryBytes, MaxGroupBytes int
	// MinSync and MaxSync bound a group commit.
	MinSync, MaxSync time.Duration
	// FillDelay, FetchDelay and ApplyDelay are means.
	FillDelay, FetchDelay, ApplyDelay time.Duration
	// SnapshotDelay is the mean of what a snapshot takes to be written; PieceBytes is what travels of it at a time.
	SnapshotDelay time.Duration
	PieceBytes    int
}

// Clock is how time runs on the nodes.
type Clock struct {
	// Tick is the period of a node's ticks; each node's own differs by up to the share RateError, each tick by Jitter.
	Tick      time.Duration
	RateError float64
	Jitter    time.Duration
	// LateShare is the share of turns that come late, by up to Late: the process is held up, as on a busy machine.
	LateShare float64
	Late      time.Duration
	// Offset bounds how far wall clocks are off.
	Offset time.Duration
	// Drift bounds the share by which monotonic clocks are too fast or too slow.
	Drift float64
}

// Lease is what leaders' leases for reads rest on; zero where there are none.
type Lease struct {
	// Promise is for how long voters promise to help no other leader; a share Less of all lives promises less, or nothing.
	Promise time.Duration
	Less    float64
	// Late is the share of reads that are executed late: the process is stopped when it knows that they may be.
	Late float64
}

// Faults are the mean times between faults of a kind in the whole cluster; zero means never.
type Faults struct {
	// Crash stops a node: by power loss in PowerLoss of all cases, else only the process. Leaders are preferred in
	// LeaderShare of all cases. Outage is the mean time until it starts again.
	Crash       time.Duration
	PowerLoss   float64
	LeaderShare float64
	Outage      time.Duration
	// Blackout stops all nodes at once.
	Blackout time.Duration
	// StartCrash is the share of starts that are cut short by another crash.
	StartCrash float64
	// Relapse is the share of starts after which the process dies again within milliseconds.
	Relapse float64
	// VoteCrash is the share of votes right after whose durability, or just before it, the node crashes.
	VoteCrash float64
	// NewLeader is the share of new leaders that are struck within NewLeaderWithin: cut off for a while, or crashed.
	NewLeader       float64
	NewLeaderWithin time.Duration
	// Partition cuts links; Cut is the mean time until they are healed.
	Partition, Cut time.Duration
	// Break closes a connection.
	Break time.Duration
	// Pause stops a process without killing it; Paused is the mean time.
	Pause, Paused time.Duration
	// SlowDisk makes the syncs of a node take up to a second for a while.
	SlowDisk time.Duration
	// DiskHang makes the disk of a node do nothing at all for a while; Hung is the mean time.
	DiskHang, Hung time.Duration
	// SlowApplier makes a node apply late for a while.
	SlowApplier time.Duration
	// FullHistory keeps the history of a node from taking entries for a while.
	FullHistory time.Duration
	// ClockJump moves the wall clock of a node.
	ClockJump time.Duration
	// SetClocks sets the wall clocks of one node, some or all: right, or wrong by up to a year.
	SetClocks time.Duration
	// Rolling strikes one node at a time while all others are well, as in a rolling restart: a majority always runs, and
	// some node of any majority has carried log time on. Other faults that stop nodes or cut links must be off, except for
	// Blackout.
	Rolling time.Duration
	// Depose has some voters lose the leader, and then strikes those that are left to it.
	Depose time.Duration
	// FalseWord has some nodes, or all others, hear that a process is gone that is well.
	FalseWord time.Duration
	// Transfer makes a leader hand over, or a follower ask it to.
	Transfer time.Duration
	// Stop stops a process in good order: it hands over first. Outage is the mean time until it starts again.
	Stop time.Duration
	// Members is the mean time between changes of the membership that an operator asks for.
	Members time.Duration
	// Rift is the share of a leader's steps towards new voters within RiftWithin of which it is left alone with them.
	Rift       float64
	RiftWithin time.Duration
	// Snapshot makes a node take a snapshot, whatever its log weighs. TransferCut is the share of the pieces of a snapshot
	// on their way to another node at which the connection breaks.
	Snapshot    time.Duration
	TransferCut float64
	// DiskError makes a write or sync of a journal fail.
	DiskError time.Duration
	// Spoil gives the state of a node what the log does not have, if the workload can.
	Spoil time.Duration
	// NamedCrash is the share of spoilt states of which a snapshot is taken at once, and that of the quarantines right
	// after whose record the process dies.
	NamedCrash float64
	// Move stops some nodes and starts them at other addresses.
	Move time.Duration
	// Upgrade stops a node and starts it with a newer or an older build. LateShare must be 0.
	Upgrade time.Duration
}

// Clients is what is asked of the cluster.
type Clients struct {
	// Count is how many clients there are; each has one batch or read outstanding. They begin after Start.
	Count int
	Start time.Duration
	// Think is the mean time between an answer and the next request.
	Think time.Duration
	// Mix is what they ask for.
	workload.Mix
	// Patience is how long a client waits before it leaves; a client that left asks another node.
	Patience time.Duration
	// Probe makes each client ask again, at another node, right after each answer.
	Probe bool
}

// Reproduce is the command that makes the same world again, by a test TestSeed in a directory.
func (o *Options) Reproduce(directory string) string {
	command := fmt.Sprintf("go test ./%s -run TestSeed$ -seed=%#x -profile=%s -v", directory, o.Seed, o.Profile)
	var down []string
	for _, g := range guard.All() {
		if o.Weakened.Down(g) {
			down = append(down, g.String())
		}
	}
	if len(down) > 0 {
		command += " -tags mutation -weakened=" + strings.Join(down, ",")
	}
	return command
}
