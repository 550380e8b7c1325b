package command

import (
	"slices"
	"testing"
)

// moving are commands whose keys move, by their names; Redis has them.
func moving() map[string]*Spec {
	specs := map[string]*Spec{
		"zunion": {KeySpecs: []KeySpec{CountedKeys(1, Reads)}},
		"zunionstore": {
			KeySpecs: []KeySpec{OneKey(1, Replaces), CountedKeys(2, Reads)},
		},
		"georadius": {
			KeySpecs: []KeySpec{OneKey(1, Reads), KeyBehind("STORE", 6, Replaces), KeyBehind("STOREDIST", 6, Replaces)},
		},
		"xread": {
			KeySpecs: []KeySpec{{Flags: Reads, First: 1, Last: -1, Step: 1, Keyword: "STREAMS", Limit: 2}},
		},
	}
	for _, s := range specs {
		s.complete(0, nil, nil)
	}
	return specs
}

func TestKeysThatMoveAreFound(t *testing.T) {
	specs := moving()
	for _, c := range []struct {
		line string
		want []int
		// first is FirstKey: that of the keys that do not move, where the others are not found.
		first int
	}{
		{"zunion 2 a b weights 1 2", []int{2, 3}, 2},
		{"zunion 1 a b", []int{2}, 2},
		{"zunion 2 a", nil, 0},
		{"zunion 0 a", nil, 0},
		{"zunion -1 a", nil, 0},
		{"zunion 02 a b", nil, 0},
		{"zunion 9223372036854775807 a", nil, 0},
		{"zunion", nil, 0},
		{"zunionstore d 2 a b", []int{1, 3, 4}, 1},
		{"zunionstore d 3 a b", nil, 1},
		{"georadius a 1 2 3 m", []int{1}, 1},
		{"georadius a 1 2 3 m asc StoRe b", []int{1, 8}, 1},
		{"georadius a 1 2 3 m store b storedist c", []int{1, 7, 9}, 1},
		{"georadius a 1 2 3 m store", []int{1}, 1},
		{"georadius a store 2 3 m", []int{1}, 1},
		{"xread count 2 streams a b 0 0", []int{4, 5}, 4},
		{"xread streams a b 0", []int{2}, 2},
		{"xread streams a", nil, 0},
		{"xread streams", nil, 0},
		{"xread count 2", nil, 0},
	} {
		args := split(c.line)
		spec := specs[string(args[0])]
		if got := spec.Keys(nil, args); !slices.Equal(got, c.want) {
			t.Errorf("%q has keys at %v, want %v", c.line, got, c.want)
		}
		if got := spec.FirstKey(args); got != c.first {
			t.Errorf("%q has its first key at %d, want %d", c.line, got, c.first)
		}
	}
}

func TestFlagsOfAKeyAreThoseOfItsSpecification(t *testing.T) {
	specs := moving()
	for line, want := range map[string][]string{
		"zunionstore d 2 a b":                     {"OW", "RO", "RO"},
		"georadius a 1 2 3 m":                     {"RO"},
		"georadius a 1 2 3 m storedist b":         {"RO", "OW"},
		"georadius a 1 2 3 m storedist b store c": {"RO", "OW", "OW"},
		"xread streams a b 0 0":                   {"RO", "RO"},
	} {
		args := split(line)
		spec, got := specs[string(args[0])], []string{}
		for _, at := range spec.Keys(nil, args) {
			got = append(got, spec.KeyFlags(at, args)[0])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: the keys have the flags %v, want %v", line, got, want)
		}
	}
}

// TestKeysThatMoveAreFlagged: clients look for keys by the range that COMMAND tells unless the flag says otherwise.
func TestKeysThatMoveAreFlagged(t *testing.T) {
	specs := moving()
	for name, want := range map[string]keyRange{
		"zunion": {}, "xread": {}, "zunionstore": {1, 1, 1}, "georadius": {1, 1, 1},
	} {
		if spec := specs[name]; spec.Flags&FlagMovableKeys == 0 || spec.keys != want {
			t.Errorf("%s: flags %v, keys %v, want %v", name, spec.Flags.Names(), spec.keys, want)
		}
	}
}

// FuzzKeysLieWithinTheCall: any arguments are safe.
func FuzzKeysLieWithinTheCall(f *testing.F) {
	for _, line := range []string{"zunion 2 a b", "zunionstore d -9223372036854775808 a", "xread streams", "georadius"} {
		f.Add(line)
	}
	specs := moving()
	f.Fuzz(func(t *testing.T, line string) {
		args := split(line)
		for name, spec := range specs {
			for _, at := range spec.Keys(nil, args) {
				if at <= 0 || at >= len(args) {
					t.Errorf("%s: a key at %d of %q", name, at, args)
				}
			}
		}
	})
}
