package torture

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// The defaults of Options.
const (
	DefaultDuration = time.Minute
	DefaultClients  = 10
	DefaultRecovery = 30 * time.Second
)

// Bounds of Options. With fewer nodes there is no minority to break; with more clients the histories of registers are
// too dense for the checker.
const (
	minNodes   = 3
	maxClients = 16
	// maxBallast is what every node takes as one value.
	maxBallast = 512 << 20
)

// Options say what to torture and how.
type Options struct {
	// Seed decides what goes wrong, and when.
	Seed uint64
	// Duration is how long faults go on, 1 ns or more; one episode is always played, and the last to its end.
	Duration time.Duration
	// Addresses are where the nodes serve clients, by number. All nodes run when a run begins.
	Addresses []string
	// Nodes runs their processes. Required.
	Nodes Nodes
	// Network is the ways between them. Required, unless no kind of fault needs it.
	Network *Network
	// Disks are their directories. Required, unless no kind of fault needs them.
	Disks Disks
	// Kinds are the faults to choose from, each as often as it is listed; empty means all kinds, without those that need
	// Disks if there are none.
	Kinds []Kind
	// Opening are the faults of the first episodes, one each: what a short run must not miss. All of them are played.
	Opening []Kind
	// Clients is how many work at a time, up to 16.
	Clients int
	// BallastBytes is the size of the values that one client more writes all the time, so that logs grow and are
	// compacted; 0: there is none. At most maxBallast.
	BallastBytes int
	// LargeBytes, if not 0, lets some of these values have as many bytes, up to maxBallast.
	LargeBytes int
	// Conditional lets clients write to registers on condition, too (SET IFEQ, SET IFNE, DELEX IFEQ).
	Conditional bool
	// Workloads are more clients, beside those that every run has.
	Workloads []Workload
	// Doors, if there are any, are where the workloads find the nodes; they are slammed all the time. The clients that
	// every run has do not pass them.
	Doors *Doors
	// Recovery is how long after an episode every node must have answered clients again, and how long it may take at the
	// end until all agree.
	Recovery time.Duration
	// Logger is told of every fault; nil is silence.
	Logger *slog.Logger
}

// complete fills in defaults and refuses what makes no sense.
func (o Options) complete() (Options, error) {
	orDefault(&o.Duration, DefaultDuration)
	orDefault(&o.Clients, DefaultClients)
	orDefault(&o.Recovery, DefaultRecovery)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(o.Kinds) == 0 {
		for k := range kinds {
			if !k.membership() || o.Disks != nil {
				o.Kinds = append(o.Kinds, k)
			}
		}
	}
	switch {
	case len(o.Addresses) < minNodes:
		return o, fmt.Errorf("torture: %d nodes; a cluster under torture has at least %d", len(o.Addresses), minNodes)
	case o.Nodes == nil:
		return o, errors.New("torture: Nodes is required")
	case o.Clients < 1 || o.Clients > maxClients:
		return o, fmt.Errorf("torture: %d clients; allowed are 1 to %d", o.Clients, maxClients)
	case o.BallastBytes < 0 || o.BallastBytes > maxBallast:
		return o, fmt.Errorf("torture: %d bytes of ballast; allowed are 0 to %d", o.BallastBytes, maxBallast)
	case o.LargeBytes != 0 && (o.LargeBytes < o.BallastBytes || o.LargeBytes > maxBallast):
		return o, fmt.Errorf("torture: LargeBytes is %d; allowed are 0 and BallastBytes to %d", o.LargeBytes, maxBallast)
	case o.Duration < 0 || o.Recovery < 0:
		return o, errors.New("torture: a negative time")
	case o.Network == nil && slices.ContainsFunc(o.all(), Kind.network):
		return o, errors.New("torture: faults of the network need Network")
	case o.Disks == nil && slices.ContainsFunc(o.all(), Kind.membership):
		return o, errors.New("torture: faults that change the members need Disks")
	}
	return o, nil
}

// all are the kinds that may be played.
func (o *Options) all() []Kind { return slices.Concat(o.Opening, o.Kinds) }

func orDefault[T int | time.Duration](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}
