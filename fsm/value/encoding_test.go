package value

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/listpack"
)

// texts are so many texts of a length, none of which is a number.
func texts(count, length int) []string {
	return slices.Repeat([]string{strings.Repeat("x", length)}, count)
}

// numbers are so many numbers.
func numbers(count int) (all []string) {
	for i := range count {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

func TestEncodings_ChangeBehindTheirLimits(t *testing.T) {
	limits := DefaultEncodingLimits()
	hash := func(fields int, texts ...string) string {
		return limits.HashEncoding(fields, lengthsOf(slices.Values(texts)))
	}
	set := func(members []string) string { return SetEncoding(limits, len(members), slices.Values(members)) }
	sorted := func(members []string) string {
		return limits.SortedSetEncoding(len(members), lengthsOf(slices.Values(members)))
	}
	list := func(elements []string) string { return ListEncoding(limits, len(elements), slices.Values(elements)) }
	long := strings.Repeat("x", 64)
	// 63 bytes are 65 in a listpack, which has 7 besides.
	for name, c := range map[string]struct{ got, want string }{
		"a hash of 512 fields":             {hash(512, "f", "v"), "listpack"},
		"a hash of 513 fields":             {hash(513, "f", "v"), "hashtable"},
		"a hash with 64 bytes":             {hash(1, long, long), "listpack"},
		"a hash with a long field":         {hash(1, long+"x", "v"), "hashtable"},
		"a hash with a long value":         {hash(1, "f", long+"x"), "hashtable"},
		"a set of 512 numbers":             {set(numbers(512)), "intset"},
		"a set of 513 numbers":             {set(numbers(513)), "hashtable"},
		"a set of 128 members":             {set(append(numbers(127), "x")), "listpack"},
		"a set of 129 members":             {set(append(numbers(128), "x")), "hashtable"},
		"a set with 64 bytes":              {set([]string{long}), "listpack"},
		"a set with 65 bytes":              {set([]string{long + "x"}), "hashtable"},
		"a set of the lowest number":       {set([]string{"-9223372036854775808"}), "intset"},
		"a set of a number out of range":   {set([]string{"9223372036854775808"}), "listpack"},
		"a set of a number with a nought":  {set([]string{"01"}), "listpack"},
		"a sorted set of 128 members":      {sorted(texts(128, 64)), "listpack"},
		"a sorted set of 129 members":      {sorted(texts(129, 1)), "skiplist"},
		"a sorted set with 65 bytes":       {sorted(texts(1, 65)), "skiplist"},
		"a list of 8,132 bytes":            {list(texts(125, 63)), "listpack"},
		"a list of 8,192 bytes":            {list(append(texts(125, 63), texts(1, 58)[0])), "listpack"},
		"a list of 8,193 bytes":            {list(append(texts(125, 63), texts(1, 59)[0])), "quicklist"},
		"a list of 126 times 63 bytes":     {list(texts(126, 63)), "quicklist"},
		"a list of one element in 8,192":   {list(texts(1, 8178)), "listpack"},
		"a list of one element in 8,193":   {list(texts(1, 8179)), "quicklist"},
		"a list of four thousand numbers":  {list(slices.Repeat([]string{"1"}, 4092)), "listpack"},
		"a list of more of them than that": {list(slices.Repeat([]string{"1"}, 4093)), "quicklist"},
	} {
		if c.got != c.want {
			t.Errorf("%s is a %s, want %s", name, c.got, c.want)
		}
	}
}

func TestEncodings_FollowOtherLimits(t *testing.T) {
	limits := EncodingLimits{}
	list := func(size int64, elements []string) string {
		limits.ListSize = size
		return ListEncoding(limits, len(elements), slices.Values(elements))
	}
	for name, c := range map[string]struct{ got, want string }{
		"no entry in a hash":          {limits.HashEncoding(1, nil), "hashtable"},
		"no entry in a set":           {SetEncoding(limits, 1, slices.Values(numbers(1))), "hashtable"},
		"no entry in a sorted set":    {limits.SortedSetEncoding(1, nil), "skiplist"},
		"no element means one":        {list(0, texts(1, 1)), "listpack"},
		"two are more than none":      {list(0, texts(2, 1)), "quicklist"},
		"three elements":              {list(3, texts(3, 1)), "listpack"},
		"four elements":               {list(3, texts(4, 1)), "quicklist"},
		"few that are long":           {list(3, texts(1, 8179)), "quicklist"},
		"4 KiB":                       {list(-1, texts(1, 4085)), "listpack"},
		"4 KiB and a byte":            {list(-1, texts(1, 4086)), "quicklist"},
		"64 KiB":                      {list(-5, texts(1, 65521)), "listpack"},
		"64 KiB and a byte":           {list(-5, texts(1, 65522)), "quicklist"},
		"what is beyond 64 KiB":       {list(-6, texts(1, 65521)), "listpack"},
		"what is far beyond 64 KiB":   {list(-1<<31, texts(1, 65522)), "quicklist"},
		"an empty container is small": {limits.HashEncoding(0, slices.Values([]int(nil))), "listpack"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
}

// The sizes are those that OBJECT ENCODING of a list turns at in Redis.
func TestListpackEntryBytes_AreThoseOfRedis(t *testing.T) {
	for text, want := range map[string]int{
		"": 2, "0": 2, "127": 2, "128": 3, "-1": 3, "4095": 3, "4096": 4, "-4096": 3, "-4097": 4, "32767": 4, "32768": 5,
		"8388607": 5, "8388608": 6, "-8388609": 6, "2147483647": 6, "2147483648": 10, "-9223372036854775808": 10,
		"9223372036854775808": 21, "01": 4,
		strings.Repeat("x", 63):   65,
		strings.Repeat("x", 64):   67,
		strings.Repeat("x", 126):  130,
		strings.Repeat("x", 4095): 4099,
		strings.Repeat("x", 4096): 4103,
		// The length of an element has two bytes behind it up to 16,382, and three up to 2,097,150.
		strings.Repeat("x", 16_377):    16_384,
		strings.Repeat("x", 16_378):    16_386,
		strings.Repeat("x", 2_097_145): 2_097_153,
		strings.Repeat("x", 2_097_146): 2_097_155,
	} {
		if got := listpack.Bytes(text); got != want {
			t.Errorf("%.20q of %d bytes takes %d, want %d", text, len(text), got, want)
		}
	}
}
