package load

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// encode draws a request of a command.
func encode(t *testing.T, o Options) func() string {
	t.Helper()
	p, err := newPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	d := newDrawer(p, 3)
	return func() string { return string(d.appendRequest(nil, &p.requests[d.command()])) }
}

func TestTemplate_BecomesARequest(t *testing.T) {
	for template, want := range map[string]string{
		"PING":                  `\*1\r\n\$4\r\nPING\r\n`,
		" SET  key:{key} x ":    `\*3\r\n\$3\r\nSET\r\n\$16\r\nkey:0000000000\d\d\r\n\$1\r\nx\r\n`,
		"GET {random}":          `\*2\r\n\$3\r\nGET\r\n\$12\r\n0000000000\d\d\r\n`,
		"SADD s {seq}-{seq}":    `\*3\r\n\$4\r\nSADD\r\n\$1\r\ns\r\n\$25\r\n000000000000-000000000001\r\n`,
		"SET k {value}":         `\*3\r\n\$3\r\nSET\r\n\$1\r\nk\r\n\$5\r\n[A-Za-z0-9_-]{5}\r\n`,
		"SET k a{value}b{key}c": `\*3\r\n\$3\r\nSET\r\n\$1\r\nk\r\n\$20\r\na[A-Za-z0-9_-]{5}b\d{12}c\r\n`,
		"SET k é}":              `\*3\r\n\$3\r\nSET\r\n\$1\r\nk\r\n\$3\r\né}\r\n`,
	} {
		got := encode(t, Options{Commands: []Command{{Template: template}}, Keys: 100, MinValueBytes: 5})()
		if !regexp.MustCompile(`^` + want + `$`).MatchString(got) {
			t.Errorf("%q becomes %q, want %s", template, got, want)
		}
	}
}

func TestTemplate_ThatIsWrongIsRefused(t *testing.T) {
	for template, words := range map[string]string{
		"": "no words", "  ": "no words", "SET {k} v": `"{k}" is no placeholder; there are {key}, {random}, {seq}, {value}`,
		"SET {key v": "no placeholder", "SET k {value}{value}": "more than one", "SET {} v": "no placeholder",
	} {
		if _, err := ParseCommand(template); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q is answered by %v, want %q", template, err, words)
		}
	}
	if _, err := newPlan(Options{Commands: []Command{{Template: "GET k", Weight: -1}}}); err == nil {
		t.Error("a negative weight is taken")
	}
}

func TestTemplate_MayHaveAWeight(t *testing.T) {
	for text, want := range map[string]Command{
		"GET k": {Template: "GET k"}, "3 GET k": {Template: "GET k", Weight: 3},
		" 10  GET k": {Template: "GET k", Weight: 10},
	} {
		if got, err := ParseCommand(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0 GET k", "-1 GET k", "3", "3 "} {
		if c, err := ParseCommand(text); err == nil {
			t.Errorf("%q is taken for %+v", text, c)
		}
	}
}

// Commands are drawn by their weights, and values have each length between the bounds.
func TestDraw_FollowsWeightsAndBounds(t *testing.T) {
	next := encode(t, Options{
		Commands:      []Command{{Template: "GET k", Weight: 3}, {Template: "SET k {value}", Weight: 1}},
		MinValueBytes: 9, MaxValueBytes: 11,
	})
	gets, lengths := 0, map[int]int{}
	length := regexp.MustCompile(`\$(\d+)\r\n([A-Za-z0-9_-]+)\r\n$`)
	for range 40_000 {
		text := next()
		found := length.FindStringSubmatch(text)
		if strings.Contains(text, "GET") {
			gets++
			continue
		}
		lengths[len(found[2])]++
	}
	if gets < 29_500 || gets > 30_500 {
		t.Errorf("%d of 40,000 are GET, want 30,000", gets)
	}
	if len(lengths) != 3 || lengths[9] < 3000 || lengths[10] < 3000 || lengths[11] < 3000 {
		t.Errorf("lengths are %v, want as many of each from 9 to 11", lengths)
	}
}

// The same seed makes the same requests; another seed, or another connection, makes others.
func TestDraw_IsAFunctionOfTheSeed(t *testing.T) {
	types, _ := Mix("types")
	draw := func(seed uint64, connection int) (all []string) {
		p, err := newPlan(Options{Commands: types, Seed: seed, MinValueBytes: 1, MaxValueBytes: 50, Skew: 1.1})
		if err != nil {
			t.Fatal(err)
		}
		d := newDrawer(p, connection)
		for range 100 {
			all = append(all, string(d.appendRequest(nil, &p.requests[d.command()])))
		}
		return all
	}
	first := draw(1, 1)
	if !slices.Equal(first, draw(1, 1)) {
		t.Error("the same seed makes other requests")
	}
	if slices.Equal(first, draw(2, 1)) || slices.Equal(first, draw(1, 2)) {
		t.Error("another seed or connection makes the same requests")
	}
}

func TestMixes_CompileAndHaveNames(t *testing.T) {
	for _, name := range MixNames() {
		commands, ok := Mix(name)
		p, err := newPlan(Options{Commands: commands})
		if err != nil || !ok {
			t.Fatalf("%s: %v", name, err)
		}
		names := map[string]bool{}
		for _, r := range p.requests {
			names[r.name] = true
		}
		if len(names) != len(commands) {
			t.Errorf("%s: %d names for %d commands", name, len(names), len(commands))
		}
	}
	if _, ok := Mix("none"); ok {
		t.Error("there is a mix of any name")
	}
	gets := []Command{{Template: "GET a"}, {Template: "GET b"}, {Template: "GET c", Name: "c"}}
	p, err := newPlan(Options{Commands: gets})
	if err != nil || p.requests[0].name != "GET a" || p.requests[1].name != "GET b" || p.requests[2].name != "c" {
		t.Errorf("commands of one name are called %v, %v", p.requests, err)
	}
}

func TestOptions_OutOfBoundsAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Connections: -1}, {Connections: MaxConnections + 1}, {Pipeline: -1}, {Rate: -1}, {Skew: 11}, {Keys: MaxKeys + 1},
		{MinValueBytes: -1, MaxValueBytes: 1}, {MaxValueBytes: MaxValueBytes + 1}, {Requests: -1}, {WarmUp: -1},
		{Duration: MaxTime + 1}, {Timeout: 1}, {Interval: 1}, {Database: -1}, {Threads: -2},
	} {
		if _, err := newPlan(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	p, err := newPlan(Options{})
	if err != nil || p.Connections != DefaultConnections || p.Duration != DefaultDuration ||
		p.MaxValueBytes != DefaultValueBytes {
		t.Errorf("the defaults are %+v, %v", p, err)
	}
}
