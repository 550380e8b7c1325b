package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

// Profiles names the ways of drawing options, sorted. Each looks for trouble in another place; "mixed" in all of them.
func Profiles() []string {
	var names []string
	for _, p := range profiles {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return names
}

// profile changes the options of "mixed".
type profile struct {
	name   string
	adjust func(c chance, o *Options)
}

var profiles = [...]profile{
	{"mixed", func(chance, *Options) {}},
	{"busy", busy},
	{"calm", calm},
	{"clocks", clocks},
	{"commands", commands},
	{"elections", elections},
	{"figure8", figure8},
	{"hangs", hangs},
	{"leases", leases},
	{"members", members},
	{"moves", moves},
	{"pieces", inPieces},
	{"reads", reads},
	{"rivals", rivals},
	{"snapshots", snapshots},
	{"spoilt", spoilt},
	{"upgrades", upgrades},
	{"votes", votes},
}

// stallMax is the longest that a process of the profile busy is held up: see the package comment.
const stallMax = 150 * time.Millisecond

// Draw makes the options of a seed, all but the workload: swarm testing, in which each seed switches other things on,
// so that no fault always hides behind another.
func Draw(seed uint64, name string) Options {
	c := newChance(seed, 2)
	o := Options{
		Seed: seed, Profile: name, Nodes: oneOf(c, 3, 5), Blank: c.hits(0.3), Safety: 60 * time.Second,
		SameSeeds: c.hits(0.05), Engine: drawEngine(c), Network: drawNetwork(c), Disk: drawDisk(c), Clock: drawClock(c),
		Faults: drawFaults(c), Clients: drawClients(c),
	}
	o.Engine.JournalRoomBytes = int(o.Disk.FileBytes/2) - 4<<10 // a page for what else an opening holds
	o.Engine.ProposalRoomBytes = c.number(2<<10, o.Engine.JournalRoomBytes*3/4)
	o.Faults.drawMore(newChance(seed, 3))
	o.drawSnapshots(newChance(seed, 4))
	o.drawPieces(newChance(seed, 5))
	o.drawHung(newChance(seed, 6))
	o.drawRequests(newChance(seed, 7))
	o.drawLease(newChance(seed, 9))
	o.drawSuspicions(newChance(seed, 10))
	for _, p := range profiles {
		if p.name == name {
			p.adjust(c, &o)
			return o
		}
	}
	panic(fmt.Sprintf("sim: no profile %q, there are %v", name, Profiles()))
}

func drawEngine(c chance) engine.Options {
	o := engine.DefaultOptions()
	o.HeartbeatTicks = c.number(3, 6)
	o.ElectionTicks = c.number(20, 35)
	o.WaitTicks = c.number(100, 300)
	o.UncertainTicks = c.number(300, 800)
	o.ResendTicks = c.number(15, 60)
	o.ReadRetryTicks = c.number(10, 40)
	o.MaxInflightMessages = c.number(1, 6)
	o.MaxMessageBytes = oneOf(c, 100, 400, 1<<10, 4<<10)
	o.MaxUnmetBytes = oneOf(c, 150, 600, 16<<10)
	o.LargestUnmetBytes = o.MaxUnmetBytes // all nodes of a world have the same
	o.MaxWaitingBatches = oneOf(c, 2, 100)
	o.MaxSpanBytes = oneOf(c, 200, 1<<10, 64<<10)
	return o
}

func drawNetwork(c chance) Network {
	n := Network{
		MinDelay: c.between(20*time.Microsecond, time.Millisecond), Ordered: c.hits(0.6),
		MailboxMessages: oneOf(c, 8, 1000), MailboxForwards: oneOf(c, 2, 1000),
	}
	n.MaxDelay = n.MinDelay + c.between(0, 5*time.Millisecond)
	if c.hits(0.5) {
		n.SlowShare, n.SlowDelay = c.Float64()*0.1, c.between(10*time.Millisecond, 2*time.Second)
	}
	if c.hits(0.4) {
		n.Loss = c.Float64() * c.Float64() * 0.3
	}
	if c.hits(0.4) {
		n.Duplicate = c.Float64() * 0.3
	}
	if c.hits(0.4) {
		n.LateShare = c.Float64()
	}
	return n
}

func drawDisk(c chance) Disk {
	d := Disk{
		FileBytes: oneOf[int64](c, 64<<10, 128<<10), MaxEntryBytes: 4 << 10, MaxGroupBytes: 8 << 10,
		MinSync: 50 * time.Microsecond, MaxSync: oneOf(c, 300*time.Microsecond, 5*time.Millisecond, 40*time.Millisecond),
	}
	d.FillDelay = oneOf(c, 100*time.Microsecond, 5*time.Millisecond, 200*time.Millisecond)
	d.FetchDelay = oneOf(c, 100*time.Microsecond, 5*time.Millisecond, 50*time.Millisecond)
	d.ApplyDelay = oneOf(c, 20*time.Microsecond, time.Millisecond, 20*time.Millisecond)
	d.SnapshotDelay, d.PieceBytes = time.Millisecond, 1<<10
	return d
}

func drawClock(c chance) Clock {
	k := Clock{Tick: 10 * time.Millisecond}
	if c.hits(0.7) {
		k.RateError = c.Float64() * 0.2
		k.Jitter = c.between(0, 5*time.Millisecond)
	}
	if c.hits(0.5) {
		k.Offset = c.between(0, time.Hour)
	}
	return k
}

// drawFaults switches each kind of fault on or off by itself; some that change leaders are always on.
func drawFaults(c chance) Faults {
	sometimes := c.sometimes
	f := Faults{
		Crash:     sometimes(0.8, 3*time.Second, 15*time.Second),
		PowerLoss: oneOf(c, 0, 0.5, 1), LeaderShare: oneOf(c, 0.2, 0.5, 0.8),
		Outage:      c.between(50*time.Millisecond, 3*time.Second),
		Blackout:    sometimes(0.3, 15*time.Second, 60*time.Second),
		Partition:   sometimes(0.7, 2*time.Second, 10*time.Second),
		Cut:         c.between(200*time.Millisecond, 3*time.Second),
		Break:       sometimes(0.4, 200*time.Millisecond, 5*time.Second),
		Pause:       sometimes(0.4, 2*time.Second, 10*time.Second),
		Paused:      c.between(50*time.Millisecond, 2*time.Second),
		SlowDisk:    sometimes(0.3, 3*time.Second, 15*time.Second),
		SlowApplier: sometimes(0.3, 3*time.Second, 15*time.Second),
		FullHistory: sometimes(0.3, 3*time.Second, 15*time.Second),
		ClockJump:   sometimes(0.2, 3*time.Second, 15*time.Second),
		DiskError:   sometimes(0.2, 10*time.Second, 30*time.Second),
	}
	if c.hits(0.3) {
		f.StartCrash = c.Float64() * 0.7
	}
	if c.hits(0.2) {
		f.Relapse = 0.2
	}
	if c.hits(0.3) {
		f.VoteCrash = c.Float64() * 0.3
	}
	return f
}

// drawMore draws faults that came later than the others, from a stream of their own: the rest of a seed's world is
// drawn as it was before.
func (f *Faults) drawMore(c chance) {
	f.DiskHang, f.Hung = c.sometimes(0.25, 5*time.Second, 20*time.Second), c.between(500*time.Millisecond, 4*time.Second)
	f.Transfer = c.sometimes(0.3, time.Second, 10*time.Second)
	f.Stop = c.sometimes(0.3, 4*time.Second, 20*time.Second)
}

// drawSnapshots lets some clusters compact their logs all the time, and others never.
func (o *Options) drawSnapshots(c chance) {
	o.Engine.SnapshotLogBytes = 0
	if !c.hits(0.4) {
		return
	}
	o.Engine.SnapshotLogBytes = oneOf[int64](c, 1<<10, 4<<10, 16<<10)
	o.Engine.MaxHistoryBytes = oneOf[int64](c, 1, 4<<10, 64<<10)
	o.Disk.SnapshotDelay = oneOf(c, time.Millisecond, 50*time.Millisecond, 500*time.Millisecond)
	o.Disk.PieceBytes = oneOf(c, 100, 1<<10)
	o.Faults.TransferCut = oneOf(c, 0, 0.05, 0.3)
	o.Faults.Snapshot = c.sometimes(0.5, time.Second, 5*time.Second)
}

// drawPieces lets some clusters send large batches in pieces, and some all of them.
func (o *Options) drawPieces(c chance) {
	if c.hits(0.4) {
		o.Engine.PieceBytes, o.Engine.MaxPieceBytes = oneOf(c, 10, 40, 70), oneOf(c, 1, 50, 4<<10)
	}
}

// drawHung draws how soon a disk counts as one that hangs: soon in half of the clusters, so that leaders often give
// their place up for it, and as by default in the others.
func (o *Options) drawHung(c chance) {
	if c.hits(0.5) {
		o.Engine.HungTicks = c.number(1, 100)
	}
}

// inPieces sends every batch in several pieces, and does to them what can be done: leaders and origins die between two
// of them, links break, snapshots are taken and installed in the middle, clients leave.
func inPieces(c chance, o *Options) {
	o.Engine.PieceBytes, o.Engine.MaxPieceBytes = oneOf(c, 5, 11, 20), oneOf(c, 1, 15, 60)
	o.Engine.WaitTicks, o.Engine.ResendTicks = c.number(60, 200), c.number(10, 40)
	o.Engine.SnapshotLogBytes, o.Engine.MaxHistoryBytes = oneOf[int64](c, 0, 1<<10, 4<<10), oneOf[int64](c, 1, 8<<10)
	o.Disk.SnapshotDelay, o.Disk.PieceBytes = oneOf(c, time.Millisecond, 50*time.Millisecond), oneOf(c, 50, 1<<10)
	o.Faults.Snapshot = c.sometimes(0.7, 300*time.Millisecond, 3*time.Second)
	o.Faults.Crash, o.Faults.Outage = 2*time.Second, c.between(100*time.Millisecond, 2*time.Second)
	o.Faults.LeaderShare, o.Faults.PowerLoss = oneOf(c, 0.3, 0.6), oneOf(c, 0, 0.5, 1)
	o.Faults.Partition = c.sometimes(0.8, 2*time.Second, 6*time.Second)
	o.Faults.Cut = c.between(100*time.Millisecond, 2*time.Second)
	o.Faults.Break = c.sometimes(0.5, 100*time.Millisecond, time.Second)
	o.Faults.Members = c.sometimes(0.2, 2*time.Second, 6*time.Second)
	o.Clients.Think, o.Clients.Pipelines = 80*time.Millisecond, 0.6
	o.Clients.Patience = c.between(300*time.Millisecond, 3*time.Second)
}

// snapshots keeps logs so short that a node that was down for a moment needs a snapshot, and lets nothing about one go
// well: leaders die, connections break, disks lose what was not synced.
func snapshots(c chance, o *Options) {
	o.Engine.SnapshotLogBytes, o.Engine.MaxHistoryBytes = oneOf[int64](c, 512, 2<<10), oneOf[int64](c, 1, 1, 8<<10)
	o.Disk.SnapshotDelay = oneOf(c, time.Millisecond, 30*time.Millisecond, 300*time.Millisecond)
	o.Disk.PieceBytes = oneOf(c, 50, 200, 1<<10)
	o.Faults.TransferCut = oneOf(c, 0, 0.02, 0.1)
	o.Faults.Snapshot = c.sometimes(0.5, 500*time.Millisecond, 3*time.Second)
	o.Faults.Crash, o.Faults.Outage = 2*time.Second, c.between(200*time.Millisecond, 4*time.Second)
	o.Faults.Partition, o.Faults.Cut = 4*time.Second, c.between(500*time.Millisecond, 4*time.Second)
	o.Faults.NewLeader, o.Faults.NewLeaderWithin = c.Float64()*0.3, 500*time.Millisecond
	o.Faults.LeaderShare, o.Faults.PowerLoss = 0.4, oneOf(c, 0.5, 1)
	o.Clients.Think = 100 * time.Millisecond
}

// spoilt gives the state of one node after the other what the log does not have, while snapshots are taken all the time
// and nodes crash: it has to be named, and to be reinstalled.
func spoilt(c chance, o *Options) {
	o.Faults.Spoil = c.between(2*time.Second, 6*time.Second)
	o.Faults.NamedCrash = 0.8
	o.Engine.CompareEntries = oneOf(c, 8, 16, 32)
	o.Engine.SnapshotLogBytes = oneOf[int64](c, 0, 1<<10, 4<<10)
	o.Engine.MaxHistoryBytes = oneOf[int64](c, 1, 8<<10)
	o.Disk.SnapshotDelay, o.Disk.PieceBytes = oneOf(c, time.Millisecond, 30*time.Millisecond), oneOf(c, 100, 1<<10)
	o.Faults.Snapshot = c.sometimes(0.7, 500*time.Millisecond, 3*time.Second)
	o.Faults.Crash, o.Faults.Outage = 4*time.Second, c.between(100*time.Millisecond, time.Second)
	o.Faults.LeaderShare, o.Faults.PowerLoss = oneOf(c, 0.3, 0.7), oneOf(c, 0.5, 1)
	o.Faults.Partition, o.Faults.Cut = c.sometimes(0.5, 5*time.Second, 15*time.Second), 500*time.Millisecond
	o.Faults.Blackout, o.Faults.FullHistory = 0, 0
	o.Clients.Think, o.Clients.Reads = 80*time.Millisecond, 0.4
}

func drawClients(c chance) Clients {
	return Clients{
		Count: c.number(3, 7), Think: c.between(150*time.Millisecond, 600*time.Millisecond),
		Mix: workload.Mix{
			Reads: oneOf(c, 0.2, 0.5), Pipelines: 0.3, Keys: c.number(1, 2), KeyLife: 15 * time.Second,
		},
		Patience: c.between(2*time.Second, 10*time.Second), Probe: c.hits(0.5),
	}
}

// drawRequests lets clients ask, in half of the worlds, for things that end, and for all that there is.
func (o *Options) drawRequests(c chance) {
	if c.hits(0.5) {
		o.Clients.Timed, o.Clients.Drawn = 0.15, 0.3
	}
}

// commands asks for everything that the machine knows, in runs of reads and writes, while nodes crash, restart from
// snapshots, and take over those of others: what a command does must follow from the log alone.
func commands(c chance, o *Options) {
	o.Clients.Think, o.Clients.Timed, o.Clients.Drawn = c.between(30*time.Millisecond, 150*time.Millisecond), 0.05, 0.9
	o.Clients.Crowds = 0.1
	// Crowds are many bytes for a simulated node: behind a mailbox for two of its messages it often loses its connection
	// with all of them under way, and has to send them again.
	o.Network.MailboxForwards = 2
	o.Faults.Crash = c.between(2*time.Second, 8*time.Second)
	o.Faults.Outage = c.between(100*time.Millisecond, 2*time.Second)
	o.Faults.Snapshot = c.sometimes(0.8, 300*time.Millisecond, 3*time.Second)
	o.Engine.SnapshotLogBytes = oneOf[int64](c, 2<<10, 16<<10)
}

// calm is a healthy cluster: nothing goes wrong, and no client may notice anything.
func calm(_ chance, o *Options) {
	o.Faults = Faults{}
	o.Network.Loss, o.Network.Duplicate, o.Network.SlowShare, o.Network.LateShare = 0, 0, 0, 0
	o.Network.Ordered, o.Network.MailboxMessages, o.Network.MailboxForwards = true, 1000, 1000
	o.Engine.MaxWaitingBatches = 100
	o.Disk.FetchDelay = min(o.Disk.FetchDelay, maxCalmFetch)
}

// maxCalmFetch bounds how long a calm leader's disk takes to read an entry for a follower. A leader that has 100 bytes
// of log to a message and 50 ms to a read feeds a follower twenty pieces a second: those of clients come faster, and
// the follower's clients wait until their time is over.
const maxCalmFetch = 5 * time.Millisecond

// busy is a healthy cluster on machines that are busy with something else: every hundredth turn is late. That must
// not lead to an election.
func busy(c chance, o *Options) {
	calm(c, o)
	defaults := engine.DefaultOptions()
	o.Engine.HeartbeatTicks, o.Engine.ElectionTicks = defaults.HeartbeatTicks, defaults.ElectionTicks
	o.Engine.WaitTicks, o.Engine.UncertainTicks = defaults.WaitTicks, defaults.UncertainTicks
	o.Clock.RateError, o.Clock.LateShare, o.Clock.Late = 0.001, 0.01, stallMax
}

// hangs lets disks hang, mostly those of leaders, in journals that are soon full.
func hangs(c chance, o *Options) {
	o.Faults = Faults{
		DiskHang: 4 * time.Second, Hung: 3 * time.Second, LeaderShare: 0.8, Outage: time.Second,
		Crash: c.sometimes(0.3, 5*time.Second, 15*time.Second), PowerLoss: 0.5,
		Partition: o.Faults.Partition, Cut: o.Faults.Cut,
	}
	o.Engine.ProposalRoomBytes = c.number(1<<10, 3<<10)
	o.Clients.Think, o.Clients.Reads = 120*time.Millisecond, 0.2
}

// members lets members come and go, while leaders die and links fail. New ones begin with nothing; those left out die,
// or stay and know it.
func members(c chance, o *Options) {
	o.Faults.Members = c.between(time.Second, 4*time.Second)
	o.Faults.Rift = 0.5
	o.Faults.RiftWithin = oneOf(c, time.Millisecond, 50*time.Millisecond, 500*time.Millisecond)
	o.Faults.NewLeader, o.Faults.NewLeaderWithin = c.Float64()*0.5, 500*time.Millisecond
	o.Faults.Crash, o.Faults.LeaderShare = c.sometimes(0.8, 3*time.Second, 10*time.Second), 0.6
	o.Faults.Cut, o.Faults.Outage = c.between(200*time.Millisecond, 2*time.Second), time.Second
	o.Clients.Count, o.Clients.Think = 3, 500*time.Millisecond
}

// moves lets nodes come back at other addresses, one, some or all of them at a time, at free ones or at each other's.
func moves(c chance, o *Options) {
	o.Blank = false
	o.Faults.Move = c.between(3*time.Second, 8*time.Second)
	o.Faults.Outage = c.between(50*time.Millisecond, 2*time.Second)
	o.Faults.Crash, o.Faults.Blackout = c.sometimes(0.5, 4*time.Second, 15*time.Second), 0
	o.Faults.Partition, o.Faults.Cut = c.sometimes(0.5, 4*time.Second, 10*time.Second), time.Second
	o.Clients.Count, o.Clients.Think = 3, 500*time.Millisecond
}

// elections keeps the cluster electing: short cuts, crashes around votes, slow disks beside fast ones.
func elections(c chance, o *Options) {
	o.Faults.VoteCrash, o.Faults.StartCrash = 0.3, 0.2
	o.Faults.NewLeader, o.Faults.NewLeaderWithin = 0.3, 200*time.Millisecond
	o.Faults.Partition, o.Faults.Cut = 2*time.Second, 500*time.Millisecond
	o.Faults.Outage, o.Faults.LeaderShare = 300*time.Millisecond, 0.8
	o.Faults.Blackout = c.between(5*time.Second, 20*time.Second)
	o.Disk.MaxSync = c.between(5*time.Millisecond, 40*time.Millisecond)
	o.Clients.Think = 200 * time.Millisecond
}

// votes makes several candidates of one term likely, and their voters forgetful if anything lets them be: messages are
// slow and overtake each other, a voter dies right after its vote and is back before the next candidate asks.
func votes(c chance, o *Options) {
	elections(c, o)
	o.Faults.VoteCrash, o.Faults.Outage, o.Faults.PowerLoss = 0.7, 10*time.Millisecond, 0.5
	o.Faults.NewLeader, o.Faults.NewLeaderWithin = 0.7, 2*time.Second
	o.Faults.Blackout, o.Faults.Partition, o.Faults.StartCrash = 0, 0, 0
	o.Network.Ordered, o.Network.LateShare, o.Network.Loss = false, 1, 0
	o.Network.SlowShare, o.Network.SlowDelay = 0.4, 200*time.Millisecond
	o.Engine.ElectionTicks, o.Clock.RateError = 20, 0
	o.Disk.MaxSync = 5 * time.Millisecond
}

// rivals is votes with disks of unequal speed and three nodes: a candidate can win while its own disk still works, die
// of power loss, and be asked by a rival of the same term as soon as it is back.
func rivals(c chance, o *Options) {
	votes(c, o)
	o.Nodes = 3
	o.Faults.PowerLoss, o.Faults.SlowDisk, o.Faults.Relapse = 1, 2*time.Second, 0.5
	o.Faults.Crash, o.Faults.Pause, o.Faults.DiskError = 3*time.Second, 0, 0
	o.Faults.NewLeader, o.Faults.NewLeaderWithin = 0.9, 500*time.Millisecond
	o.Faults.Cut = time.Second
	o.Network.SlowShare, o.Network.SlowDelay = 0.5, 400*time.Millisecond
	o.Disk.MaxSync = 2 * time.Millisecond
}

// figure8 looks for what figure 8 of the Raft paper shows: new leaders that bring entries of old terms to a majority
// and are struck before an entry of their own follows. One small message at a time makes the moment between the two
// long.
func figure8(c chance, o *Options) {
	elections(c, o)
	o.Nodes = 5
	o.Engine.MaxMessageBytes, o.Engine.MaxInflightMessages = 100, 1
	o.Engine.HeartbeatTicks, o.Engine.ElectionTicks = 3, 20
	o.Faults.NewLeader, o.Faults.NewLeaderWithin, o.Faults.Cut = 0.8, 200*time.Millisecond, 2*time.Second
	o.Faults.Crash, o.Faults.Blackout, o.Faults.Partition, o.Faults.VoteCrash = 5*time.Second, 0, 0, 0
	o.Faults.FullHistory, o.Faults.SlowDisk = 0, 0
	o.Network.MinDelay, o.Network.MaxDelay, o.Network.Loss = time.Millisecond, 20*time.Millisecond, 0.2
	o.Clients.Think, o.Clients.Reads = 50*time.Millisecond, 0.1
}

// reads asks mostly for what was just written elsewhere, while leaders are cut off and clocks run at different rates,
// so that an old leader believes in itself long after another one was elected.
func reads(_ chance, o *Options) {
	o.Clients = Clients{
		Count: 6, Start: 2 * time.Second, Think: 40 * time.Millisecond, Patience: time.Second, Probe: true,
		Mix: workload.Mix{Reads: 0.6, Pipelines: 0.1, Keys: 2, KeyLife: 5 * time.Second},
	}
	o.Faults.Partition, o.Faults.Cut, o.Faults.LeaderShare = 2*time.Second, time.Second, 0.9
	o.Faults.NewLeader, o.Faults.NewLeaderWithin = 0.3, 300*time.Millisecond
	o.Faults.Pause, o.Faults.Paused = 4*time.Second, 300*time.Millisecond
	o.Clock.RateError = 0.4
	o.Disk.ApplyDelay = 5 * time.Millisecond
}
