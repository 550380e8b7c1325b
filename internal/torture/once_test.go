package torture

import (
	"strings"
	"testing"
)

// onceLines is a journal of two clients, each with a session, and two counters: one attempt of a is lost, one sequence
// of b is sent again later, and one of each counter comes out of order.
const onceLines = `first a 10 1 x
reply a 10 1 :1
first a 10 3 x
first a 10 2 y
lost a 10 3
reply a 10 2 :1
reply a 10 3 :3
first b 11 1 x
lost b 11 1
reply b 11 1 :2
again b 11 1 :2
first a 10 140 y
reply a 10 140 :2
again a 10 2 -TOOOLD below the window
`

// onceFinals are what the counters are behind onceLines.
func onceFinals() map[string]int64 { return map[string]int64{"x": 3, "y": 2} }

func TestOnce_AJournalIsCountedAndJudged(t *testing.T) {
	var j OnceJournal
	if err := j.Read(strings.NewReader(onceLines)); err != nil {
		t.Fatal(err)
	}
	tally, err := j.Check(onceFinals())
	if want := (OnceTally{Commands: 5, Lost: 2, Replays: 3, Refused: 1}); err != nil || tally != want {
		t.Errorf("the check says %+v, %v; want %+v", tally, err, want)
	}
}

func TestOnce_FindsWhatIsNotOnce(t *testing.T) {
	for name, c := range map[string]struct {
		change func(text string, finals map[string]int64) string
		want   string
	}{
		"executed twice, seen in the counter": {func(text string, finals map[string]int64) string {
			finals["x"]++
			return text
		}, "x is 4 at the end, and 3 commands"},
		"executed twice, seen in the reply": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "again b 11 1 :2", "again b 11 1 :4", 1)
		}, "was answered 4, and 2 before"},
		"lost": {func(text string, finals map[string]int64) string {
			finals["y"]--
			return text
		}, "y is 1 at the end, and 2 commands"},
		"two clients have one number": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "reply a 10 3 :3", "reply a 10 3 :2", 1)
		}, "were both answered 2"},
		"a number from the past": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "reply a 10 140 :2", "reply a 10 140 :1", 1)
		}, "was answered 1, when its client knew of 1"},
		"no answer at all": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "reply a 10 2 :1\n", "", 1)
		}, "was never answered"},
		"an error within the window": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "again b 11 1 :2", "again b 11 1 -REPLYGONE x", 1)
		}, "was answered -REPLYGONE"},
		"an unknown session": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "reply b 11 1 :2", "reply b 11 1 -NOSESSION x", 1)
		}, "was answered -NOSESSION"},
		"a reply from behind the window": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "again a 10 2 -TOOOLD below the window", "again a 10 2 :1", 1)
		}, "lies behind the window (the highest is 140)"},
		"too old within the window": {func(text string, _ map[string]int64) string {
			return strings.NewReplacer("again a 10 2 -TOOOLD", "again a 10 3 -TOOOLD", "10 140", "10 130").Replace(text)
		}, "sequence 3 of session 10 (a) was answered -TOOOLD"},
		"a session of two clients": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "first b 11 1 x", "first b 10 1 x", 1)
		}, "both have session 10"},
		"an answer to another's command": {func(text string, _ map[string]int64) string {
			return strings.Replace(text, "reply b 11 1 :2", "reply b 10 1 :2", 1)
		}, "which it did not send"},
		"the same sequence for two commands": {func(text string, _ map[string]int64) string {
			return text + "first a 10 3 x\n"
		}, "for the first time twice"},
		"a counter of no client": {func(text string, finals map[string]int64) string {
			finals["z"] = 1
			return text
		}, "no client counted"},
	} {
		t.Run(name, func(t *testing.T) {
			var j OnceJournal
			finals := onceFinals()
			if err := j.Read(strings.NewReader(c.change(onceLines, finals))); err != nil {
				t.Fatal(err)
			}
			if _, err := j.Check(finals); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the check says %v, want %q", err, c.want)
			}
		})
	}
}

// The edges of the window: a sequence 127 below the highest is within it, one 128 below is not.
func TestOnce_TheWindowEndsWhereItEnds(t *testing.T) {
	for line, fits := range map[string]bool{
		"again a 10 13 :13": true, "again a 10 13 -TOOOLD x": false,
		"again a 10 12 :12": false, "again a 10 12 -TOOOLD x": true,
	} {
		text := "first a 10 12 x\nreply a 10 12 :12\nfirst a 10 13 x\nreply a 10 13 :13\n" +
			"first a 10 140 x\nreply a 10 140 :14\n" + line + "\n"
		var j OnceJournal
		if err := j.Read(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := j.Check(map[string]int64{"x": 3}); (err == nil) != fits {
			t.Errorf("%s: %v, want fits %v", line, err, fits)
		}
	}
}

func TestOnce_UnderstandsOnlyItsLines(t *testing.T) {
	for _, line := range []string{
		"", "first", "first a 1 2", "lost a 1 2 3", "reply a 1 2", "reply a x 2 :1", "reply a 1 -2 :1", "done a 1 2 :1",
		"Traceback (most recent call last):",
	} {
		var j OnceJournal
		if err := j.Read(strings.NewReader(line + "\n")); err == nil {
			t.Errorf("%q was understood", line)
		}
	}
}
