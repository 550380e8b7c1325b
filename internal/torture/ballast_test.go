package torture

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/client"
)

func TestBallast_IsTheLastAcknowledgedOrAnUnknownOne(t *testing.T) {
	b := newBallast(nil, 10)
	for _, fate := range []client.Fate{client.Done, client.Unknown, client.NotDone, client.Done, client.Unknown} {
		b.settle(b.begin(), fate)
	}
	for value, want := range map[string]string{
		"0:xxxxxxxx": "has number 0, when 3", "1:xxxxxxxx": "", "2:xxxxxxxx": "has number 2", "3:xxxxxxxx": "",
		"4:xxxxxxxx": "", "5:xxxxxxxx": "has number 5", "3:xxxxxxx": "no client wrote", "": "no client wrote",
		"x": "no client wrote",
	} {
		err := b.check(client.Reply{Kind: '$', Text: value})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q is judged %v, want %q", value, err, want)
		}
	}
	if err := b.check(client.Reply{Kind: '$', Null: true}); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("no value is judged %v", err)
	}
	if err := newBallast(nil, 10).check(client.Reply{Kind: '$', Null: true}); err != nil {
		t.Errorf("no value, when none was acknowledged, is judged %v", err)
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
