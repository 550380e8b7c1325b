package fsm

import (
	"fmt"
	"strings"
	"testing"
)

// digestFills make a value of each type of Redis at a key. A copy of a topic has numbers of its own, so it is another
// value.
var digestFills = []string{
	"set %s some-text", "append %s more", "setrange %s 100000 x", "hset %s f v g w", "rpush %s a b a", "sadd %s 1 2 three",
	"zadd %s 1 a 2.5 b", "xadd %s 1-1 f v", "pfadd %s a b c", "geoadd %s 13 38 palermo",
}

// TestDigests_TellWhetherValuesAreEqual goes through all types: a copy has the digest of the original, and a value that
// was changed has another one.
func TestDigests_TellWhetherValuesAreEqual(t *testing.T) {
	seen := map[string]string{}
	for _, fill := range digestFills {
		m := newMachine(t)
		script(m, fmt.Sprintf(fill, "k"), "copy k twin", "pexpireat twin 5000")
		one, two, found := strings.Cut(strings.TrimPrefix(script(m, "debug digest-value k twin"), "*2 +"), " +")
		switch {
		case !found || one != two || len(one) != 40 || strings.Trim(one, "0") == "":
			t.Errorf("%s: the digests of a value and of its copy are %q and %q", fill, one, two)
		case seen[one] != "":
			t.Errorf("%s has the digest of %s", fill, seen[one])
		}
		seen[one] = fill
	}
	m := newMachine(t)
	nothing := strings.Repeat("0", 40)
	if got := script(m, "debug digest-value a b", "debug digest-value"); got != "*2 +"+nothing+" +"+nothing+" *0" {
		t.Errorf("of absent keys and of no key: %s", got)
	}
}

// TestDigest_IsThatOfTheContentsAlone compares the digest of a database with that of one which came to the same
// contents in another way, and of others.
func TestDigest_IsThatOfTheContentsAlone(t *testing.T) {
	m := newMachine(t)
	if got := script(m, "debug digest"); got != "+"+strings.Repeat("0", 40) {
		t.Fatalf("of nothing: %s", got)
	}
	var keys []string
	for i, fill := range digestFills {
		keys = append(keys, fmt.Sprintf("k%d", i))
		script(m, fmt.Sprintf(fill, keys[i]))
	}
	script(m, "pexpireat k1 5000")
	whole := script(m, "debug digest")
	for _, detour := range [][]string{
		{"set x 1", "del x"}, {"rename k0 y", "rename y k0"}, {"persist k1", "pexpireat k1 5000"},
		{"set x 1", "set x 2", "unlink x"}, {"hset k3 h 1", "hdel k3 h"}, {"rpush k4 c", "rpop k4"},
	} {
		if script(m, detour...); script(m, "debug digest") != whole {
			t.Errorf("after %q the digest is another one", detour)
		}
	}
	if got := script(restored(t, imageOf(t, m)), "debug digest"); got != whole {
		t.Errorf("after an image: %s, not %s", got, whole)
	}
	seen := map[string]string{whole: "the whole"}
	for _, change := range []string{
		"persist k1", "pexpireat k1 6000", "set k0 some-texT", "rename k0 z", "zincrby k6 1 a", "del k8",
	} {
		script(m, change)
		got := script(m, "debug digest")
		if seen[got] != "" {
			t.Errorf("after %s the digest is that after %s", change, seen[got])
		}
		seen[got] = change
	}
}
