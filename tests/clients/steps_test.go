package clients_test

import (
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"
)

// goTask is a task of the catalogue for a library of Go.
type goTask struct {
	name string
	do   func(*steps)
}

// steps is what a library is asked within a task, and what it must answer. A task begins with a new one.
type steps struct {
	// missing recognises the library's way to say that a key is absent, and refusal an error reply of the server's.
	missing, refusal func(error) bool
	failures         []string
}

func (s *steps) fail(format string, args ...any) {
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

// want takes an answer that has to be the value given, of the same type.
func (s *steps) want(want any) func(got any, err error) {
	return func(got any, err error) {
		if err != nil || !reflect.DeepEqual(got, want) {
			s.fail("%v (%v), want %v", got, err, want)
		}
	}
}

// within takes a number that has to lie above zero and not above a limit.
func (s *steps) within(limit int64) func(got int64, err error) {
	return func(got int64, err error) {
		if err != nil || got <= 0 || got > limit {
			s.fail("%d (%v), want 1 to %d", got, err, limit)
		}
	}
}

// absent takes a reply that must say that nothing is there.
func (s *steps) absent(got any, err error) {
	if !s.missing(err) {
		s.fail("%v (%v), want nothing", got, err)
	}
}

// refused takes an answer that has to be an error reply with these words.
func (s *steps) refused(words string) func(got any, err error) {
	return func(got any, err error) {
		if err == nil || !s.refusal(err) || !strings.Contains(err.Error(), words) {
			s.fail("%v (%v, a %T), want an error reply: %s", got, err, err, words)
		}
	}
}

// none takes an error that must not be.
func (s *steps) none(err error) {
	if err != nil {
		s.fail("%v", err)
	}
}

// doGoTasks does tasks in a goroutine and says the same lines as the programs of other languages.
func doGoTasks(t testing.TB, begin steps, tasks []goTask, words *said) (end func() string) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, task := range tasks {
			s := begin
			if task.do(&s); len(s.failures) > 0 {
				words.line("failed %s %s", task.name, strings.Join(strings.Fields(s.failures[0]), " "))
				continue
			}
			words.line("done %s", task.name)
		}
	}()
	t.Cleanup(func() { <-ended })
	return func() string {
		<-ended
		return words.take()
	}
}

func everyByte() []byte {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	return every
}

func largeValue() []byte {
	value := make([]byte, 300_000)
	for i := range value {
		value[i] = byte(i * 7 % 251)
	}
	return value
}

func upTo(n int64) (numbers []int64) {
	for i := range n {
		numbers = append(numbers, i+1)
	}
	return numbers
}

// received are the values of a channel that is closed.
func received[T any](values <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for value := range values {
			if !yield(value) {
				return
			}
		}
	}
}
