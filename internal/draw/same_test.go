package draw

import (
	"strings"
	"testing"
)

func TestSame_LetsOnlyDifferWhatIsAServersChoice(t *testing.T) {
	r := func(line string) string { return strings.ReplaceAll(line, "|", "\r\n") }
	for name, c := range map[string]struct {
		command, one, other string
		same                bool
	}{
		"equal":                   {"get", "$1|a|", "$1|a|", true},
		"another value":           {"get", "$1|a|", "$1|b|", false},
		"another order":           {"smembers", "*2|$1|a|$1|b|", "*2|$1|b|$1|a|", true},
		"another order of a set":  {"smembers", "~2|$1|a|$1|b|", "~2|$1|b|$1|a|", true},
		"an order that counts":    {"lrange", "*2|$1|a|$1|b|", "*2|$1|b|$1|a|", false},
		"another element":         {"smembers", "*2|$1|a|$1|b|", "*2|$1|a|$1|c|", false},
		"an element twice":        {"smembers", "*2|$1|a|$1|b|", "*2|$1|a|$1|a|", false},
		"one more":                {"smembers", "*1|$1|a|", "*2|$1|a|$1|a|", false},
		"another kind":            {"smembers", "*1|$1|a|", "~1|$1|a|", false},
		"pairs":                   {"hgetall", "*4|$1|a|$1|1|$1|b|$1|2|", "*4|$1|b|$1|2|$1|a|$1|1|", true},
		"pairs of a map":          {"hgetall", "%2|$1|a|$1|1|$1|b|$1|2|", "%2|$1|b|$1|2|$1|a|$1|1|", true},
		"pairs that changed":      {"hgetall", "*4|$1|a|$1|1|$1|b|$1|2|", "*4|$1|a|$1|2|$1|b|$1|1|", false},
		"a scan":                  {"sscan", "*2|$1|0|*2|$1|a|$1|b|", "*2|$1|0|*2|$1|b|$1|a|", true},
		"a scan that goes on":     {"sscan", "*2|$1|0|*1|$1|a|", "*2|$1|7|*1|$1|a|", false},
		"a choice":                {"srandmember", "$1|a|", "$1|b|", true},
		"a choice and nothing":    {"srandmember", "$1|a|", "$-1|", false},
		"a choice and nothing, 3": {"srandmember", "$1|a|", "_|", false},
		"choices":                 {"srandmember", "*2|$1|a|$1|b|", "*2|$1|c|$1|b|", true},
		"more choices":            {"srandmember", "*2|$1|a|$1|b|", "*1|$1|a|", false},
		"an error instead":        {"srandmember", "$1|a|", "-ERR x|", false},
		"two errors":              {"smembers", "-ERR x|", "-ERR y|", false},
		"times":                   {"xinfo consumers", "*1|:5|", "*1|:7|", true},
		"a reply that broke":      {"smembers", "*2|$1|a|", "*2|$1|b|", false},
	} {
		if got := Same(c.command, []string{c.command}, r(c.one), r(c.other)); got != c.same {
			t.Errorf("%s: %v, want %v", name, got, c.same)
		}
	}
	if !Same("xpending", strings.Fields("xpending x g - + 5"), "*1\r\n:1\r\n", "*1\r\n:2\r\n") ||
		Same("xpending", strings.Fields("xpending x g"), "*1\r\n:1\r\n", "*1\r\n:2\r\n") {
		t.Error("XPENDING with a range has times in it, and without one it has none")
	}
}
