package clients_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// witness is a program, or a goroutine, that works with the cluster through a client library and says what it sees.
// Round by round it sets its keys to the number of the round and reads them back. It says, in milliseconds of the wall
// clock,
//
//	round NUMBER BEGAN ENDED   when everything in a round succeeded
//	error WHEN WHAT            for each command that failed
type witness struct {
	library string
	// listen takes what was said since the last time.
	listen func() string
	// finish lets it end after its present round.
	finish func(testing.TB)
	keys   []string
	rest   string // the beginning of a line
	rounds []witnessedRound
	errors []witnessedError
}

type witnessedRound struct {
	number       int
	began, ended time.Time
}

type witnessedError struct {
	when time.Time
	text string
}

// hear takes what the witness has said since.
func (w *witness) hear(t testing.TB) {
	t.Helper()
	w.rest += w.listen()
	for {
		line, rest, whole := strings.Cut(w.rest, "\n")
		if !whole {
			return
		}
		w.rest = rest
		if err := w.take(line); err != nil {
			t.Fatalf("%s says %q: %v", w.library, line, err)
		}
	}
}

func (w *witness) take(line string) error {
	kind, facts, _ := strings.Cut(line, " ")
	switch kind {
	case "round":
		numbers, err := numbersIn(facts, 3)
		if err != nil {
			return err
		}
		w.rounds = append(w.rounds, witnessedRound{
			int(numbers[0]), time.UnixMilli(numbers[1]), time.UnixMilli(numbers[2]),
		})
		return nil
	case "error":
		when, text, _ := strings.Cut(facts, " ")
		numbers, err := numbersIn(when, 1)
		if err != nil {
			return err
		}
		w.errors = append(w.errors, witnessedError{time.UnixMilli(numbers[0]), text})
		return nil
	}
	return fmt.Errorf("no line of a witness begins so")
}

func numbersIn(text string, count int) (numbers []int64, err error) {
	fields := strings.Fields(text)
	if len(fields) != count {
		return nil, fmt.Errorf("%d fields, want %d", len(fields), count)
	}
	for _, field := range fields {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// awaitRounds waits for so many rounds without an error that began after a moment.
func (w *witness) awaitRounds(t testing.TB, from time.Time, count int, limit time.Duration) {
	t.Helper()
	whole := blackbox.Poll(limit, func() bool {
		w.hear(t)
		return len(w.since(from)) >= count
	})
	if !whole {
		const shown = 5
		t.Fatalf("%d rounds of %s did not happen within %v after %v; its last words are %v and %v", count, w.library,
			limit, from, w.rounds[max(0, len(w.rounds)-shown):], w.errors[max(0, len(w.errors)-shown):])
	}
}

// since are the rounds that began after a moment.
func (w *witness) since(from time.Time) []witnessedRound {
	for i, r := range w.rounds {
		if r.began.After(from) {
			return w.rounds[i:]
		}
	}
	return nil
}

// errorsBetween are those that ended between two moments.
func (w *witness) errorsBetween(from, to time.Time) (found []witnessedError) {
	for _, e := range w.errors {
		if e.when.After(from) && !e.when.After(to) {
			found = append(found, e)
		}
	}
	return found
}

// said collects what a goroutine says, for a witness that is none of another language.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.text, format+"\n", args...)
}

// take returns what was said since the last time.
func (s *said) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text.String()
	s.text.Reset()
	return text
}

func TestWitness_ItsWordsAreUnderstood(t *testing.T) {
	s := &said{}
	w := &witness{library: "itself", listen: s.take}
	s.line("round 1 1000 2000")
	s.line("error 2500 MOVED 1 127.0.0.1:1")
	s.line("round 3 3000 3500")
	w.hear(t)
	w.awaitRounds(t, time.UnixMilli(2000), 1, time.Second)
	if got := w.since(time.UnixMilli(2000)); len(got) != 1 || got[0].number != 3 {
		t.Errorf("rounds since 2000 ms are %v, want the third", got)
	}
	got := w.errorsBetween(time.UnixMilli(2000), time.UnixMilli(3000))
	if len(got) != 1 || got[0].text != "MOVED 1 127.0.0.1:1" {
		t.Errorf("errors between 2000 and 3000 ms are %v", got)
	}
	if got := w.errorsBetween(time.UnixMilli(2500), time.UnixMilli(3000)); len(got) != 0 {
		t.Errorf("errors after 2500 ms are %v, want none", got)
	}
	for _, line := range []string{"", "round 1 2", "round 1 2 x", "error now what", "Traceback"} {
		if err := w.take(line); err == nil {
			t.Errorf("%q was understood", line)
		}
	}
}
