package torture

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	ballastKey = "ballast"
	// ballastPeriod is the time between two large values, ballastPatience how long one may take.
	ballastPeriod   = 20 * time.Millisecond
	ballastPatience = time.Second
)

// ballast is a client that overwrites one key with large values, and so lets logs grow, however slow the machine is:
// nodes compact theirs, and who was away needs a snapshot. Each value begins with its number.
type ballast struct {
	run   *run
	bytes int

	mu sync.Mutex
	// sent values have the numbers below it. last is the one acknowledged last, -1 if none was; unknown are those of
	// unknown fate: each may take effect at any later time, also behind the last one.
	sent, last int
	unknown    map[int]bool
}

func newBallast(r *run, bytes int) *ballast {
	return &ballast{run: r, bytes: bytes, last: -1, unknown: map[int]bool{}}
}

// work writes until the run is over, on one node after the other. An error is what no node may say.
func (b *ballast) work(ctx context.Context) error {
	var connection *client.Connection
	defer func() {
		if connection != nil {
			connection.Close()
		}
	}()
	for node := 0; !b.run.over.Load() && wait(ctx, ballastPeriod) == nil; {
		if connection == nil {
			node = (node + 1) % len(b.run.options.Addresses)
			if connection, _ = client.Connect(b.run.options.Addresses[node], ballastPatience); connection == nil {
				continue // it is down
			}
		}
		number := b.begin()
		reply, err := connection.Do("SET", ballastKey, b.value(number))
		fate := client.Unknown
		if err != nil {
			connection.Close()
			connection = nil
		} else if fate, err = fateOf(reply); err != nil {
			return fmt.Errorf("node %d: SET of %d bytes: %w", node, b.bytes, err)
		}
		b.settle(number, fate)
	}
	return nil
}

func (b *ballast) value(number int) string {
	text := strconv.Itoa(number) + ":"
	return text + strings.Repeat("x", max(0, b.bytes-len(text)))
}

// begin must be called before a value is sent.
func (b *ballast) begin() (number int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unknown[b.sent] = true
	b.sent++
	return b.sent - 1
}

func (b *ballast) settle(number int, fate client.Fate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if fate != client.Unknown {
		delete(b.unknown, number)
	}
	if fate == client.Done {
		b.last = number
	}
}

// check judges the value at the end.
func (b *ballast) check(value client.Reply) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if value.Null {
		if b.last >= 0 {
			return fmt.Errorf("%s is gone, and number %d was acknowledged", ballastKey, b.last)
		}
		return nil
	}
	text, _, _ := strings.Cut(value.Text, ":")
	number, err := strconv.Atoi(text)
	if err != nil || value.Text != b.value(number) {
		return fmt.Errorf("%s is %d bytes that no client wrote", ballastKey, len(value.Text))
	}
	if number != b.last && !b.unknown[number] {
		return fmt.Errorf("%s has number %d, when %d was acknowledged last", ballastKey, number, b.last)
	}
	return nil
}
