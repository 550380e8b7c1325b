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
	// ballastPeriod is the time between two values, ballastPatience how long one may take.
	ballastPeriod   = 20 * time.Millisecond
	ballastPatience = 3 * time.Second
	// largeEvery is how many values there are for one that is larger than the others.
	largeEvery = 40
)

// ballast is a client that overwrites one key with values that let logs grow, however slow the machine is: nodes
// compact theirs, and a node that was away needs a snapshot. Now and then a value is so large that it goes through the
// log in pieces. Each value is its number, again and again: a value made of pieces of two is none that was written.
type ballast struct {
	run *run
	// bytes is the size of most values, largeBytes bounds the other ones; 0: there are none.
	bytes, largeBytes int

	mu sync.Mutex
	// sent values have the numbers below it. last is the one acknowledged last, -1 if none was; unknown are those of
	// unknown fate: each may take effect at any later time, also behind the last one.
	sent, last int
	// large counts the acknowledged values that are larger than most.
	large   int
	unknown map[int]bool
}

func newBallast(r *run, bytes, largeBytes int) *ballast {
	return &ballast{run: r, bytes: bytes, largeBytes: largeBytes, last: -1, unknown: map[int]bool{}}
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
			return fmt.Errorf("node %d: SET of %d bytes: %w", node, b.size(number), err)
		}
		b.settle(number, fate)
	}
	return nil
}

func (b *ballast) value(number int) string {
	text, size := strconv.Itoa(number)+":", b.size(number)
	return strings.Repeat(text, size/len(text)+1)[:max(size, len(text))]
}

// size is how many bytes a value has. The sizes of large ones are spread over all that is allowed.
func (b *ballast) size(number int) int {
	if b.largeBytes == 0 || number%largeEvery != largeEvery-1 {
		return b.bytes
	}
	const spread = 2654435761 // Knuth's, for multiplicative hashing
	return b.bytes + int(uint32(number*spread))%max(b.largeBytes-b.bytes, 1)
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
		if b.size(number) > b.bytes {
			b.large++
		}
	}
}

// largeDone is how many large values were acknowledged.
func (b *ballast) largeDone() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.large
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
