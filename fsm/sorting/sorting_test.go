package sorting

import (
	"bytes"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
)

// What BY and GET look for and find is bounded together: each key by command.KeyWork and its bytes, and what is copied.
// Strings that are only answered are no copies.
func TestPatternsOfSortHaveABound_AtTheEdges(t *testing.T) {
	const elements, valueBytes = 3, 1000
	items := []item{{text: []byte("a")}, {text: []byte("bb")}, {text: []byte("a")}}
	const texts = 1 + 2 + 1
	get := func(key []byte) *keyspace.Entry {
		if key[0] != 'w' {
			return nil
		}
		e := keyspace.NewEntry(key, bytes.Repeat([]byte("1"), valueBytes))
		return &e
	}
	keys := func(patterns, patternBytes int) int {
		return patterns*(elements*command.KeyWork+texts) + elements*patternBytes
	}
	for line, work := range map[string]int{
		"alpha": 0, "alpha store d": 0, "by w* alpha": keys(1, 1) + elements*valueBytes, "by xyz*xyz alpha": keys(1, 6),
		"alpha get w*": keys(1, 1), "alpha get w* store d": keys(1, 1) + elements*valueBytes,
		"alpha get # store d":                      keys(1, 0) + texts,
		"by w* alpha get x*y get w* get # store d": keys(4, 1+2+1) + 2*elements*valueBytes + texts,
	} {
		for left, want := range map[int]string{work - 1: tooMuchWork, work: "", work + 1: ""} {
			o, refusal := parse(bytes.Fields([]byte(line)), true)
			if refusal != "" || o.left != exec.MaxPatternWork {
				t.Fatalf("%s: %q, %d is left", line, refusal, o.left)
			}
			if o.left = left; work == 0 && left < 0 {
				continue
			}
			if refusal = o.weigh(items, get); refusal == "" {
				_, refusal = o.columns(items, get)
			}
			if refusal != want {
				t.Errorf("%s with %d left of %d: %q, want %q", line, left, work, refusal, want)
			}
		}
	}
}
