package torture

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/raftredis/raftredis/internal/client"
)

// strandNumbers is how many numbers are appended to a strand before the next one begins: the value is copied by each.
const strandNumbers = 100

// strand is a key to which one client appends numbers, in their order, each once. Its value at the end shows what
// became of each of them, also of those without a reply: a command that happened twice is found however many fates are
// unknown.
type strand struct {
	key string

	mu sync.Mutex
	// fates are those of the numbers sent, by number; unknown until something is told.
	fates []client.Fate
}

// addition is the APPEND of one number.
type addition struct {
	strand *strand
	number int
}

// begin must be called before the command is sent; nil says that the strand is full.
func (s *strand) begin() *addition {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fates) == strandNumbers {
		return nil
	}
	s.fates = append(s.fates, client.Unknown)
	return &addition{s, len(s.fates) - 1}
}

func (a *addition) command() []string {
	return []string{"APPEND", a.strand.key, strconv.Itoa(a.number) + ","}
}

// traces: a number is found once or not at all, whatever the order.
func (a *addition) traces(fate client.Fate) bool { return fate == client.Done }

func (a *addition) settle(o outcome) error {
	a.strand.mu.Lock()
	defer a.strand.mu.Unlock()
	a.strand.fates[a.number] = o.fate
	return nil
}

// check judges the value at the end.
func (s *strand) check(value client.Reply) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := make([]bool, len(s.fates))
	last := -1
	for text := range strings.SplitSeq(strings.TrimSuffix(value.Text, ","), ",") {
		if value.Text == "" {
			break
		}
		number, err := strconv.Atoi(text)
		switch {
		case err != nil || number < 0 || number >= len(s.fates):
			return fmt.Errorf("%s has %q, which no client appended: %v", s.key, text, value)
		case seen[number]:
			return fmt.Errorf("%s has %d twice: %v", s.key, number, value)
		case s.fates[number] == client.NotDone:
			return fmt.Errorf("%s has %d, which was said not to be done: %v", s.key, number, value)
		case s.fates[number] == client.Done && number < last:
			return fmt.Errorf("%s has %d behind %d, which was appended later: %v", s.key, number, last, value)
		case s.fates[number] == client.Done:
			last = number
		}
		seen[number] = true
	}
	for number, fate := range s.fates {
		if fate == client.Done && !seen[number] {
			return fmt.Errorf("%s lacks %d, which was acknowledged: %v", s.key, number, value)
		}
	}
	return nil
}
