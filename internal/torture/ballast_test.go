package torture

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/client"
)

func TestBallast_IsTheLastAcknowledgedOrAnUnknownOne(t *testing.T) {
	b := newBallast(nil, 10, 0)
	for _, fate := range []client.Fate{client.Done, client.Unknown, client.NotDone, client.Done, client.Unknown} {
		b.settle(b.begin(), fate)
	}
	for value, want := range map[string]string{
		"0:0:0:0:0:": "has number 0, when 3", "1:1:1:1:1:": "", "2:2:2:2:2:": "has number 2", "3:3:3:3:3:": "",
		"4:4:4:4:4:": "", "5:5:5:5:5:": "has number 5", "3:3:3:3:3": "no client wrote", "": "no client wrote",
		"x": "no client wrote", "3:3:4:4:4:": "no client wrote",
	} {
		err := b.check(client.Reply{Kind: '$', Text: value})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q is judged %v, want %q", value, err, want)
		}
	}
	if err := b.check(client.Reply{Kind: '$', Null: true}); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("no value is judged %v", err)
	}
	if err := newBallast(nil, 10, 0).check(client.Reply{Kind: '$', Null: true}); err != nil {
		t.Errorf("no value, when none was acknowledged, is judged %v", err)
	}
}

func TestBallast_SomeValuesAreLarge(t *testing.T) {
	b, large := newBallast(nil, 100, 1000), 0
	for number := range 10 * largeEvery {
		switch size := len(b.value(number)); {
		case size < 100 || size > 1000:
			t.Fatalf("value %d has %d bytes", number, size)
		case size > 100:
			large++
		}
	}
	if large != 10 {
		t.Errorf("%d values of %d are large", large, 10*largeEvery)
	}
}

func TestRun_WritesBallastAndFindsWhatBecameOfIt(t *testing.T) {
	f := newFake(t, 3)
	report, err := tortured(t, f, func(o *Options) { o.Kinds, o.BallastBytes = []Kind{MoveOne}, 5000 })
	if err != nil || len(f.values[ballastKey]) != 5000 || report.Keys != len(f.values) {
		t.Errorf("%v; %d bytes of ballast, %d keys: %v", err, len(f.values[ballastKey]), len(f.values), report)
	}
}

func TestRun_FindsThatBallastIsLost(t *testing.T) {
	f := newFake(t, 3)
	f.lie = func(_ *fake, _ int, args []string) (string, bool) {
		return "+OK\r\n", args[0] == "SET" && args[1] == ballastKey
	}
	_, err := tortured(t, f, func(o *Options) { o.Kinds, o.BallastBytes = []Kind{MoveOne}, 5000 })
	if err == nil || !strings.Contains(err.Error(), ballastKey) {
		t.Errorf("values that were acknowledged and lost: %v", err)
	}
}
