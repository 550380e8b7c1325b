package command

import (
	"bytes"
	"testing"
)

// storedStream is a store in which every key has a weight.
type storedStream int

func (s storedStream) Weigh([]byte) int { return int(s) }

// What is delivered is estimated by COUNT, and by the stream where that is less.
func TestWhatStreamsCostIsEstimatedByCount(t *testing.T) {
	const weight = 100 * entryWork
	for line, want := range map[string]int{
		"xreadgroup group g c streams s >":               weight,
		"xreadgroup group g c count 0 streams s >":       weight,
		"xreadgroup group g c COUNT 99 streams s >":      99 * entryWork,
		"xreadgroup group g c count 100 streams s >":     weight,
		"xreadgroup group g c count 101 streams s >":     weight,
		"xreadgroup group g c count 3 streams s t > >":   2 * 3 * entryWork,
		"xautoclaim s g c 0 - count 9":                   90 * entryWork,
		"xautoclaim s g c 0 -":                           weight,
		"xautoclaim s g c 0 - count 9223372036854775807": weight,
		"xack s g 1 2":             5 * entryWork,
		"xdel s 1":                 3 * blockWork,
		"xtrim s maxlen 5":         blockWork + weight/dropShare,
		"xadd s * f v":             appendWork,
		"xgroup delconsumer s g c": weight,
		"xgroup destroy s g":       0,
		"xreadgroup group g c count 1 block 0 streams":     0,
		"xreadgroup group g c count 1 block 0 noack s t >": 0,
	} {
		args := bytes.Fields([]byte(line))
		spec, fault := Find(args)
		if fault != NoFault {
			t.Fatalf("%s: fault %d", line, fault)
		}
		if got := spec.Estimate(args, 0, storedStream(weight)).Work - argumentWork*len(args); got != want {
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
		if work := count * spec.Estimate(args, len(line), storedStream(1<<30)).Work; work > MaxEntryWork {
			t.Errorf("%s: %d are estimated as %d", line, count, work)
		}
	}
}
