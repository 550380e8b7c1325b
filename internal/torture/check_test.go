package torture

import (
	"math"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/client"
	"github.com/raftredis/raftredis/internal/conditional"
)

// wrote, read and lost are operations of a client on a register: told, or of unknown fate.
func wrote(id int, name, value, text string, call, end int64) operation {
	return operation{client: id, name: name, value: value, text: text, call: call, end: end}
}

func read(id int, text string, call, end int64) operation {
	return operation{client: id, name: "GET", text: text, call: call, end: end}
}

func lost(id int, name, value string, call int64) operation {
	return operation{client: id, name: name, value: value, unknown: true, call: call, end: math.MaxInt64}
}

// inPipeline makes operations commands of one pipeline, all done, in their order.
func inPipeline(number int64, all ...operation) []operation {
	for i := range all {
		all[i].pipeline, all[i].place, all[i].of = number, i, len(all)
	}
	return all
}

func TestCheck_KnowsWhatARegisterMayAnswer(t *testing.T) {
	old, fresh := wrote(0, "SET", "old", "OK", 0, 1), wrote(0, "SET", "new", "OK", 2, 3)
	for name, c := range map[string]struct {
		history []operation
		fits    bool
	}{
		"nothing":           {nil, true},
		"a read of a write": {[]operation{old, read(1, "old", 2, 3)}, true},
		"a stale read":      {[]operation{old, fresh, read(1, "old", 4, 5)}, false},
		"two reads that go back": {[]operation{old, wrote(0, "SET", "new", "OK", 2, 9), read(1, "new", 3, 4),
			read(2, "old", 5, 6)}, false},
		"reads during a write":  {[]operation{old, wrote(0, "SET", "new", "OK", 2, 9), read(1, "old", 3, 4)}, true},
		"a value never written": {[]operation{old, read(1, "other", 2, 3)}, false},
		"a key that vanished":   {[]operation{old, {client: 1, name: "GET", null: true, call: 2, end: 3}}, false},
		"an append at its length": {[]operation{old, wrote(1, "APPEND", "er", "5", 2, 3), read(2, "older", 4, 5)},
			true},
		"an append that came twice": {[]operation{old, wrote(1, "APPEND", "er", "7", 2, 3)}, false},
		"unknown, never seen":       {[]operation{old, lost(1, "SET", "new", 2), read(2, "old", 9, 10)}, true},
		"unknown, seen late": {[]operation{old, lost(1, "SET", "new", 2), read(2, "old", 9, 10),
			read(2, "new", 11, 12)}, true},
		"unknown, seen and gone again": {[]operation{old, lost(1, "SET", "new", 2), read(2, "new", 9, 10),
			read(2, "old", 11, 12)}, false},
		"unknown, seen before the call": {[]operation{old, read(2, "new", 2, 3), lost(1, "SET", "new", 4)}, false},
		"unknown, in effect twice": {[]operation{old, lost(1, "APPEND", "x", 2), read(2, "oldx", 3, 4),
			read(2, "oldxx", 5, 6)}, false},
		"a pipeline in its order": {inPipeline(1, wrote(0, "SET", "a", "OK", 0, 9), read(0, "a", 0, 9),
			wrote(0, "SET", "b", "OK", 0, 9), read(0, "b", 0, 9)), true},
		"a read before the write in front of it": {inPipeline(1, wrote(0, "SET", "a", "OK", 0, 9),
			operation{client: 0, name: "GET", null: true, call: 0, end: 9}), false},
		"two pipelines that interleave": {append(
			inPipeline(2, wrote(0, "SET", "a", "OK", 0, 9), read(0, "b", 0, 9)),
			inPipeline(1, wrote(1, "SET", "b", "OK", 0, 9), read(1, "a", 0, 9))...), false},
		"a pipeline between the commands of another": {append(
			inPipeline(2, wrote(0, "SET", "a", "OK", 0, 9), read(0, "b", 0, 9)),
			inPipeline(1, wrote(1, "SET", "b", "OK", 0, 9), read(1, "b", 0, 9))...), true},
	} {
		r := &register{key: "register", history: c.history}
		err := r.checkHistory()
		if fits := err == nil; fits != c.fits {
			t.Errorf("%s: %v, want fits %v", name, err, c.fits)
		}
		if err != nil && !strings.Contains(err.Error(), c.history[0].String()) {
			t.Errorf("%s: the report does not show the history: %v", name, err)
		}
	}
}

// compared is a conditional write of b, or a removal, by client 1; the reply is OK, null, 1 or 0.
func compared(name, value, text string, condition ...string) operation {
	o := operation{client: 1, name: name, value: value, condition: condition, call: 2, end: 3}
	o.text, o.null = text, text == ""
	return o
}

func TestCheck_KnowsWhatAConditionalWriteDoes(t *testing.T) {
	a := wrote(0, "SET", "a", "OK", 0, 1)
	unknown := func(o operation) operation {
		o.unknown, o.null, o.text, o.end = true, false, "", math.MaxInt64
		return o
	}
	absent := operation{client: 1, name: "GET", null: true, call: 8, end: 9}
	isA, isB := read(1, "a", 4, 5), read(1, "b", 8, 9)
	// each is a write of b, or a removal, answered as the last word says; also is another one at the same time.
	equal := func(old, text string) operation { return compared("SET", "b", text, "IFEQ", old) }
	fetch := func(old, text string) operation { return compared("SET", "b", text, "IFEQ", old, "GET") }
	digest := func(of, text string) operation { return compared("SET", "b", text, "IFDEQ", conditional.Digest(of)) }
	differs := func(old, text string) operation { return compared("SET", "b", text, "IFNE", old) }
	remove := func(old, text string) operation { return compared("DELEX", "", text, "IFEQ", old) }
	also := func(o operation) operation {
		o.client, o.end = 2, 7
		return o
	}
	for name, c := range map[string]struct {
		history []operation
		fits    bool
	}{
		"equal, set":                       {[]operation{a, equal("a", "OK"), isB}, true},
		"equal, said to be set":            {[]operation{a, equal("a", "OK"), isA}, false},
		"equal, refused":                   {[]operation{a, equal("a", "")}, false},
		"another one, refused":             {[]operation{a, equal("c", ""), isA}, true},
		"another one, set":                 {[]operation{a, equal("c", "OK")}, false},
		"another one, refused and yet set": {[]operation{a, equal("c", ""), isB}, false},
		"two at once, one set":             {[]operation{a, equal("a", "OK"), also(equal("a", ""))}, true},
		"two at once, both set":            {[]operation{a, equal("a", "OK"), also(equal("a", "OK"))}, false},
		"two at once, none set":            {[]operation{a, equal("a", ""), also(equal("a", ""))}, false},
		"missing is equal to nothing":      {[]operation{equal("", ""), absent}, true},
		"missing differs from all":         {[]operation{differs("", "OK"), isB}, true},
		"missing, and IFNE refused":        {[]operation{differs("", "")}, false},
		"the old value, as it was":         {[]operation{a, fetch("a", "a"), isB}, true},
		"the old value, as it was not":     {[]operation{a, fetch("a", "c"), isB}, false},
		"the digest, set":                  {[]operation{a, digest("a", "OK"), isB}, true},
		"another digest, set":              {[]operation{a, digest("c", "OK")}, false},
		"not that, set":                    {[]operation{a, differs("c", "OK"), isB}, true},
		"just that, refused":               {[]operation{a, differs("a", ""), isA}, true},
		"just that, set":                   {[]operation{a, differs("a", "OK")}, false},
		"deleted":                          {[]operation{a, remove("a", "1"), absent}, true},
		"deleted and there":                {[]operation{a, remove("a", "1"), isA}, false},
		"not deleted":                      {[]operation{a, remove("b", "0"), isA}, true},
		"not deleted and gone":             {[]operation{a, remove("b", "0"), absent}, false},
		"deleted twice":                    {[]operation{a, remove("a", "1"), also(remove("a", "1"))}, false},
		"unknown, never":                   {[]operation{a, unknown(equal("a", "")), isA}, true},
		"unknown, late":                    {[]operation{a, unknown(equal("a", "")), isA, isB}, true},
		"unknown, against its condition":   {[]operation{a, unknown(equal("c", "")), isB}, false},
	} {
		r := &register{key: "register", history: c.history}
		if err := r.checkHistory(); (err == nil) != c.fits {
			t.Errorf("%s: %v, want fits %v", name, err, c.fits)
		}
	}
}

// answered settles a count with a number.
func answered(s *count, digits string) error {
	return s.settle(outcome{fate: client.Done, reply: client.Reply{Kind: ':', Text: digits}})
}

func TestCounter_FindsALostAndARepeatedIncrement(t *testing.T) {
	for name, play := range map[string]func(c *counter) error{
		"the same number twice": func(c *counter) error {
			first, second := c.begin(true), c.begin(true)
			if err := answered(first, "1"); err != nil {
				return err
			}
			return answered(second, "1")
		},
		"a number that was surpassed before": func(c *counter) error {
			c.begin(true)
			if err := answered(c.begin(true), "2"); err != nil {
				return err
			}
			return answered(c.begin(true), "1")
		},
		"a stale read": func(c *counter) error {
			if err := answered(c.begin(true), "1"); err != nil {
				return err
			}
			return c.begin(false).settle(outcome{fate: client.Done, reply: client.Reply{Kind: '$', Null: true}})
		},
		"more than were sent": func(c *counter) error { return answered(c.begin(true), "2") },
		"one that was refused": func(c *counter) error {
			if err := c.begin(true).settle(outcome{fate: client.NotDone}); err != nil {
				return err
			}
			return answered(c.begin(false), "1")
		},
		"an acknowledged one is missing at the end": func(c *counter) error {
			if err := answered(c.begin(true), "1"); err != nil {
				return err
			}
			return c.check(client.Reply{Kind: '$', Text: "0"})
		},
		"one too many at the end": func(c *counter) error {
			if err := c.begin(true).settle(outcome{fate: client.NotDone}); err != nil {
				return err
			}
			return c.check(client.Reply{Kind: '$', Text: "1"})
		},
		"behind a greater one in a pipeline": func(c *counter) error {
			c.begin(true)
			steps := []step{c.begin(true), c.begin(false)}
			if err := answered(steps[1].(*count), "1"); err != nil {
				return err
			}
			if err := answered(steps[0].(*count), "2"); err != nil {
				return err
			}
			return ordered(steps)
		},
	} {
		if err := play(newCounter("counter")); err == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}

func TestCounter_LetsUnknownIncrementsHappenOrNot(t *testing.T) {
	c := newCounter("counter")
	if err := answered(c.begin(true), "1"); err != nil {
		t.Fatal(err)
	}
	if err := c.begin(true).settle(outcome{fate: client.Unknown}); err != nil {
		t.Fatal(err)
	}
	for digits, fits := range map[string]bool{"0": false, "1": true, "2": true, "3": false} {
		if err := c.check(client.Reply{Kind: '$', Text: digits}); (err == nil) != fits {
			t.Errorf("at the end %s: %v, want fits %v", digits, err, fits)
		}
	}
}

func TestStrand_ShowsWhatBecameOfEveryNumber(t *testing.T) {
	s := &strand{key: "strand"}
	for _, fate := range []client.Fate{client.Done, client.NotDone, client.Unknown, client.Done} {
		if err := s.begin().settle(outcome{fate: fate}); err != nil {
			t.Fatal(err)
		}
	}
	for text, fits := range map[string]bool{
		"0,3,": true, "0,2,3,": true, "0,3,2,": true, "2,0,3,": true,
		"": false, "0,": false, "3,": false, "3,0,": false, "0,1,3,": false, "0,0,3,": false, "0,2,3,2,": false,
		"0,3,4,": false, "0,x,3,": false, "0,3,,": false,
	} {
		if err := s.check(client.Reply{Kind: '$', Text: text}); (err == nil) != fits {
			t.Errorf("%q: %v, want fits %v", text, err, fits)
		}
	}
	for range strandNumbers - 4 {
		if s.begin() == nil {
			t.Fatal("the strand is full too early")
		}
	}
	if s.begin() != nil {
		t.Error("the strand is never full")
	}
}

func TestOutcomes_SayWhatIsKnownOfEachCommand(t *testing.T) {
	replies := []client.Reply{{Kind: '+', Text: "OK"}, {Kind: '-', Text: "CLUSTERDOWN x"}, {Kind: ':', Text: "1"},
		{Kind: '-', Text: "LOADING x"}, {Kind: '-', Text: "UNCERTAIN x"}}
	all, err := outcomes(outcome{}, 6, replies)
	if err != nil {
		t.Fatal(err)
	}
	want := []client.Fate{client.Done, client.NotDone, client.Done, client.NotDone, client.Unknown, client.Unknown}
	for i, o := range all {
		if o.fate != want[i] || o.silent != (i == 5) {
			t.Errorf("command %d has fate %d, silent %v, want %d, silent only the last", i, o.fate, o.silent, want[i])
		}
	}
	for _, text := range []string{"ERR x", "LOADINGX y", "ASK 1 x:1", "WRONGTYPE x", "READONLY x", "CLUSTERDOWNX y"} {
		if _, err := outcomes(outcome{}, 1, []client.Reply{{Kind: '-', Text: text}}); err == nil {
			t.Errorf("%s passes for an answer", text)
		}
	}
}

func TestNumber_PlacesWhatTakesEffectInItsOrder(t *testing.T) {
	all := []outcome{
		{fate: client.Done}, {fate: client.NotDone}, {fate: client.Unknown}, {fate: client.Done},
		{fate: client.Unknown, silent: true}, {fate: client.Unknown, silent: true}, {fate: client.Unknown, silent: true},
	}
	number(all, func(i int) bool { return all[i].fate != client.NotDone && i != 5 }) // 5 is a read without a reply
	want := []outcome{{of: 4}, {}, {}, {place: 1, of: 4}, {place: 2, of: 4}, {}, {place: 3, of: 4}}
	for i := range all {
		if all[i].place != want[i].place || all[i].of != want[i].of {
			t.Errorf("command %d is %d of %d, want %d of %d", i, all[i].place, all[i].of, want[i].place, want[i].of)
		}
	}
}

func TestCheck_HoldsTheOrderOfAPipelineThatWasLeftWithoutReplies(t *testing.T) {
	history := func(seen ...operation) []operation {
		return append(inPipeline(1, lost(0, "SET", "a", 0), lost(0, "APPEND", "b", 0), lost(0, "SET", "c", 0)), seen...)
	}
	for name, c := range map[string]struct {
		seen []operation
		fits bool
	}{
		"none of it":                        {[]operation{{client: 1, name: "GET", null: true, call: 2, end: 3}}, true},
		"its first half":                    {[]operation{read(1, "a", 2, 3)}, true},
		"one after the other":               {[]operation{read(1, "ab", 2, 3), read(1, "c", 4, 5)}, true},
		"its end alone, then its beginning": {[]operation{read(1, "c", 2, 3), read(1, "ab", 4, 5)}, false},
		"its middle alone":                  {[]operation{read(1, "b", 2, 3)}, false},
	} {
		r := &register{key: "r", history: history(c.seen...)}
		if err := r.checkHistory(); (err == nil) != c.fits {
			t.Errorf("%s: %v, want fits %v", name, err, c.fits)
		}
	}
}
