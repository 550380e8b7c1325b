package sim_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/sim"
	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// counters is about the smallest workload there is: its machine counts the runs that it applied, and answers each with
// the count. It knows nothing of keys, time or Redis.
type counters struct{}

func (counters) NewMachine() workload.StateMachine { return new(counter) }
func (counters) NewClient(_ int, chance *rand.Rand, mix workload.Mix) workload.Client {
	return asker{chance, mix}
}
func (counters) Write() workload.Request { return request{} }
func (counters) NumberOf(body []byte) (int, bool) {
	number, n := binary.Uvarint(body)
	return int(number), n == len(body) && n > 0
}

// Check: the answers to writes are 1, 2, 3 and so on along the log.
func (counters) Check(history []workload.Operation, _ *workload.Log) error {
	writes := map[raftlog.Index]uint64{}
	for _, h := range history {
		if r := h.Run.(*run); h.Known && h.Index != 0 {
			writes[h.Index] = r.answer
		}
	}
	for i, a := range writes {
		for j, b := range writes {
			if i < j != (a < b) && i != j {
				text := fmt.Sprintf("entries %d and %d were answered %d and %d", i, j, a, b)
				return &workload.Violation{Rule: "count", Text: text}
			}
		}
	}
	return nil
}

// counter is the machine.
type counter struct{ count uint64 }

func (c *counter) Apply(_ uint64, _ int64, data []byte, local any) []byte {
	if len(data) > 0 {
		c.count++
	}
	if r, ok := local.(*run); ok {
		r.answer = c.count
	}
	return nil
}

func (c *counter) Query(_ int64, local any) bool {
	local.(*run).answer = c.count
	return false
}

func (c *counter) Freeze() workload.Image { return image(c.count) }
func (c *counter) Due() int64             { return 0 }
func (c *counter) Prepare([]byte, int)    {}
func (c *counter) SetOffset(int64)        {}
func (c *counter) Hash() uint64           { return c.count + 1 }

func (c *counter) Restore(_ uint64, r io.Reader) error {
	*c = counter{}
	if r == nil {
		return nil
	}
	return binary.Read(r, binary.LittleEndian, &c.count)
}

type image uint64

func (i image) Release() {}
func (i image) WriteTo(w io.Writer) (int64, error) {
	return 8, binary.Write(w, binary.LittleEndian, uint64(i))
}

// asker is a client.
type asker struct {
	chance *rand.Rand
	mix    workload.Mix
}

func (a asker) Invent(_ time.Duration, readsOnly bool) workload.Request {
	return request{reads: readsOnly || a.chance.Float64() < a.mix.Reads}
}
func (a asker) Proof() (write, read workload.Request) { return request{}, request{reads: true} }

type request struct{ reads bool }

func (r request) Reads() bool                   { return r.reads }
func (r request) Begin(number int) workload.Run { return &run{number: number} }

type run struct {
	number int
	answer uint64
}

func (r *run) Body() []byte    { return binary.AppendUvarint(nil, uint64(r.number)) }
func (r *run) Local() any      { return r }
func (r *run) Answered() error { return nil }
func (r *run) String() string  { return fmt.Sprint(" -> ", r.answer) }

// The simulator takes any state machine.
func TestAStateMachineOfAnotherKind(t *testing.T) {
	for _, profile := range []string{"mixed", "snapshots", "members"} {
		o := sim.Draw(1, profile)
		o.Workload = counters{}
		r := sim.Run(o)
		if r.Violation != nil || r.Counts.Done == 0 || r.Counts.Reads == 0 {
			t.Errorf("%s: %v after %v, %+v", profile, r.Violation, r.Simulated, r.Counts)
		}
	}
}
