package torture

import (
	"fmt"
	"sync"

	"github.com/raftredis/raftredis/internal/client"
)

// counter is a key that is only incremented and read. Its replies can be judged at once, however many there are:
//
//   - no number is the reply of two increments;
//   - every reply is above (of a read: not below) what anybody had been told before the command was sent;
//   - no reply is above the number of increments that may have happened.
//
// Together this is what being linearizable means for a counter, but for increments of unknown fate.
type counter struct {
	key string

	mu sync.Mutex
	// begun counts increments sent, of which some are acknowledged, refused, or of unknown fate.
	begun, acknowledged, refused, unknown int64
	// highest is the highest number that anybody was told.
	highest int64
	// told are the replies of increments.
	seen map[int64]struct{}
}

func newCounter(key string) *counter { return &counter{key: key, seen: map[int64]struct{}{}} }

// count is an INCR, or a GET, of a counter.
type count struct {
	counter   *counter
	increment bool
	// floor is the highest number that anybody had been told before it was sent.
	floor int64
	// value is the reply, once it is known.
	value    int64
	answered bool
}

// begin must be called before the command is sent.
func (c *counter) begin(increment bool) *count {
	c.mu.Lock()
	defer c.mu.Unlock()
	if increment {
		c.begun++
	}
	return &count{counter: c, increment: increment, floor: c.highest}
}

func (s *count) command() []string {
	if s.increment {
		return []string{"INCR", s.counter.key}
	}
	return []string{"GET", s.counter.key}
}

// traces: the order within a pipeline is judged by what was answered alone.
func (s *count) traces(fate client.Fate) bool { return fate == client.Done }

func (s *count) settle(o outcome) error {
	c := s.counter
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.increment {
		switch o.fate {
		case client.Done:
			c.acknowledged++
		case client.NotDone:
			c.refused++
		case client.Unknown:
			c.unknown++
		}
	}
	if o.fate != client.Done {
		return nil
	}
	return s.checkReply(o.reply)
}

// checkReply checks the reply; the caller holds the lock.
func (s *count) checkReply(reply client.Reply) error {
	c := s.counter
	value, err := valueOf(reply)
	if err != nil {
		return fmt.Errorf("%q: %w", s.command(), err)
	}
	s.value, s.answered = value, true
	if high := c.begun - c.refused; value > high {
		return fmt.Errorf("%q was answered %d, when at most %d increments had happened", s.command(), value, high)
	}
	if value < s.floor || s.increment && value == s.floor {
		return fmt.Errorf("%q was answered %d, when %d had been answered before it was sent", s.command(), value, s.floor)
	}
	if s.increment {
		if _, twice := c.seen[value]; twice {
			return fmt.Errorf("%q was answered %d, as another one was", s.command(), value)
		}
		c.seen[value] = struct{}{}
	}
	c.highest = max(c.highest, value)
	return nil
}

// valueOf is a reply as the value of a counter, which is 0 before its first increment.
func valueOf(reply client.Reply) (int64, error) {
	if reply.Null {
		return 0, nil
	}
	value, err := reply.Int()
	return int64(value), err
}

// ordered says whether every command of a pipeline on counters saw what was done by those before it.
func ordered(steps []step) error {
	last := int64(0)
	for _, s := range steps {
		c, ok := s.(*count)
		if !ok || !c.answered {
			continue
		}
		if c.value < last || c.increment && c.value == last {
			return fmt.Errorf("%q was answered %d behind %d in one pipeline", c.command(), c.value, last)
		}
		last = c.value
	}
	return nil
}

// check judges the value that a counter has when nothing is under way.
func (c *counter) check(reply client.Reply) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, err := valueOf(reply)
	low, high := c.acknowledged, c.acknowledged+c.unknown
	if err != nil {
		return fmt.Errorf("%s at the end: %w", c.key, err)
	}
	if value < low || value > high {
		return fmt.Errorf("%s is %d at the end, when %d increments were acknowledged and %d are of unknown fate",
			c.key, value, low, c.unknown)
	}
	return nil
}
