package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// Workload is clients of a kind of their own, which work beside those that every run has. Its methods are called one
// after the other.
type Workload interface {
	// Work works until the field says that the run is over. Nothing is broken then, and it finishes what it has begun.
	// When the context ends, it returns at once. An error is what no node may say.
	Work(ctx context.Context, f *Field) error
	// Verify reads what the clients have left, through any node, and checks all that they saw. No client works.
	Verify(ctx context.Context, f *Field) error
	// Keys are the keys that may exist at the end, of whatever kind.
	Keys() []string
	// String says in one line what the clients did.
	String() string
}

// Field is what a workload knows of a run.
type Field struct {
	// Addresses are where its clients find the nodes, by number: at their doors, if the run has doors.
	Addresses []string
	// Seed is that of the run.
	Seed uint64
	// Limit is how long something may take that needs a whole cluster, and has it.
	Limit time.Duration

	began time.Time
	over  *atomic.Bool
}

// Over reports whether clients should finish and end.
func (f *Field) Over() bool { return f.over.Load() }

// Now is the time since the run began, in nanoseconds.
func (f *Field) Now() int64 { return time.Since(f.began).Nanoseconds() }

// Wait waits for a time, or for the end of the context, which it returns as an error.
func (f *Field) Wait(ctx context.Context, d time.Duration) error { return wait(ctx, d) }

// together runs clients until all have ended. The first error ends the others, and is returned.
func together(ctx context.Context, clients ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for _, work := range clients {
		running.Go(func() {
			if err := work(ctx); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// Kinds of visitors: see newVisitor.
const (
	kindAppender = 1 + iota
	kindReader
	kindTrimmer
	kindContender
	kindChecker
	kindTeller
)

// visitor is a client of a workload. It visits one node after the other, in an order of its own, and sends one command
// at a time.
type visitor struct {
	field    *Field
	rng      *rand.Rand
	id       int
	patience time.Duration

	connection *client.Connection
	// left is how many commands it stays with this node.
	left int
	// sent, unknown and refused count commands, those of unknown fate, and those that were certainly not done.
	sent, unknown, refused int
}

// stickCommands bounds how long a visitor stays with a node.
const stickCommands = 50

// newVisitor makes the client with a number, of a kind of clients that has a number as well.
func newVisitor(f *Field, kind, id int) *visitor {
	v := &visitor{field: f, id: id, patience: longPatience}
	v.rng = rand.New(rand.NewPCG(f.Seed, uint64(kind)<<32+uint64(id)))
	if id%2 == 1 {
		v.patience = shortPatience
	}
	return v
}

// leave closes the connection, if there is one: the next command finds another node.
func (v *visitor) leave() {
	if v.connection != nil {
		v.connection.Close()
		v.connection = nil
	}
}

// arrive connects to a node, unless there is a connection. The error is that of the context.
func (v *visitor) arrive(ctx context.Context) error {
	for v.connection == nil {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		v.left = 1 + v.rng.IntN(stickCommands)
		addresses := v.field.Addresses
		v.connection, _ = client.Connect(addresses[v.rng.IntN(len(addresses))], v.patience)
		if v.connection == nil {
			if err := wait(ctx, pollPeriod); err != nil { // it is down: the next one may not be
				return err
			}
		}
	}
	return nil
}

// exchange sends some commands at once, on the present connection. whole says that all were answered; otherwise the
// connection is of no more use. The error is that of the context.
func (v *visitor) exchange(ctx context.Context, commands ...[]string) (replies []client.Reply, whole bool, err error) {
	if err := v.arrive(ctx); err != nil {
		return nil, false, err
	}
	defer context.AfterFunc(ctx, v.connection.Close)()
	v.sent += len(commands)
	replies, failure := v.connection.Pipeline(commands)
	if v.left--; failure != nil {
		v.leave()
	}
	return replies, failure == nil, ctx.Err()
}

// do sends one command to a node. An error reply that names a fate is that fate; any other reply, an error as well, is
// done. The error is that of the context.
func (v *visitor) do(ctx context.Context, args ...string) (outcome, error) {
	if err := v.arrive(ctx); err != nil {
		return outcome{}, err
	}
	defer context.AfterFunc(ctx, v.connection.Close)()
	v.sent++
	o := outcome{client: v.id, fate: client.Unknown, silent: true, call: v.field.Now()}
	reply, err := v.connection.Do(args...)
	o.end = v.field.Now()
	if err == nil {
		o.fate, o.reply, o.silent = reply.Fate(), reply, false
	}
	if v.left--; err != nil || v.left <= 0 {
		v.leave()
	}
	switch o.fate {
	case client.Unknown:
		v.unknown++
	case client.NotDone:
		v.refused++
		v.leave()
	}
	return o, ctx.Err()
}

// insist sends a command that does no harm when it is done twice until it is known to be done. The call of the outcome
// is that of the first attempt.
func (v *visitor) insist(ctx context.Context, args ...string) (o outcome, attempts int, err error) {
	call := v.field.Now()
	for {
		o, err = v.do(ctx, args...)
		attempts++
		o.call = call
		if err != nil || o.fate == client.Done {
			return o, attempts, err
		}
		if err := v.pause(ctx, 4*pollPeriod); err != nil {
			return o, attempts, err
		}
	}
}

// sessionMillis is how long a session lives without a command.
const sessionMillis = 10 * 60 * 1000

// openSession opens a session for RAFT.ONCE.
func (v *visitor) openSession(ctx context.Context) (id uint64, err error) {
	o, _, err := v.insist(ctx, "RAFT.SESSION", "OPEN", "TTL", strconv.Itoa(sessionMillis))
	if err != nil {
		return 0, err
	}
	if id, err = strconv.ParseUint(o.reply.Text, 10, 64); err != nil || o.reply.Kind != ':' {
		return 0, fmt.Errorf("RAFT.SESSION OPEN was answered %v", o.reply)
	}
	return id, nil
}

// rest waits for a time, or until the run is over.
func (v *visitor) rest(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); !v.field.Over() && time.Now().Before(end); {
		if err := wait(ctx, pollPeriod); err != nil {
			return err
		}
	}
	return nil
}

// pause waits for a time below the bound.
func (v *visitor) pause(ctx context.Context, bound time.Duration) error {
	return wait(ctx, time.Duration(v.rng.Int64N(int64(bound))))
}

// isError reports whether a reply is an error with this first word.
func isError(reply client.Reply, word string) bool {
	first, _, _ := strings.Cut(reply.Text, " ")
	return reply.Kind == '-' && first == word
}
