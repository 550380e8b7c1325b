package commands

import (
	"bytes"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
)

// What commands on streams are counted as: to deliver an entry, to change a block, to add an entry; and which part of
// the work to go through a stream it costs to drop it.
const entryCost, blockCost, appendCost, dropPart = 1 << 10, 2 << 10, 512, 64

// storedStream is a store in which every key has a weight.
type storedStream int

func (s storedStream) Weigh([]byte) int { return int(s) }

// What is delivered is estimated by COUNT, and by the stream where that is less.
func TestWhatStreamsCostIsEstimatedByCount(t *testing.T) {
	const weight = 100 * entryCost
	for line, want := range map[string]int{
		"xreadgroup group g c streams s >":               weight,
		"xreadgroup group g c count 0 streams s >":       weight,
		"xreadgroup group g c COUNT 99 streams s >":      99 * entryCost,
		"xreadgroup group g c count 100 streams s >":     weight,
		"xreadgroup group g c count 101 streams s >":     weight,
		"xreadgroup group g c count 3 streams s t > >":   2 * 3 * entryCost,
		"xautoclaim s g c 0 - count 9":                   90 * entryCost,
		"xautoclaim s g c 0 -":                           weight,
		"xautoclaim s g c 0 - count 9223372036854775807": weight,
		"xack s g 1 2":             5 * entryCost,
		"xdel s 1":                 3 * blockCost,
		"xtrim s maxlen 5":         blockCost + weight/dropPart,
		"xadd s * f v":             appendCost,
		"xgroup delconsumer s g c": weight,
		"xgroup destroy s g":       0,
		"xreadgroup group g c count 1 block 0 streams":     0,
		"xreadgroup group g c count 1 block 0 noack s t >": 0,
	} {
		args := bytes.Fields([]byte(line))
		spec, fault := Find(args)
		if fault != command.NoFault {
			t.Fatalf("%s: fault %d", line, fault)
		}
		plain := (&command.Spec{}).Estimate(args, 0, nil).Work
		if got := spec.Estimate(args, 0, storedStream(weight)).Work - plain; got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}

// Five hundred ordinary commands on a long stream have room in one entry.
func TestOrdinaryCommandsOnStreamsFitTheBudget(t *testing.T) {
	const count = 500
	for _, line := range []string{"xadd s * f v", "xadd s maxlen ~ 1000000 * f v", "xlen s"} {
		args := bytes.Fields([]byte(line))
		spec, _ := Find(args)
		if work := count * spec.Estimate(args, len(line), storedStream(1<<30)).Work; work > command.MaxEntryWork {
			t.Errorf("%s: %d are estimated as %d", line, count, work)
		}
	}
}
