package sorting

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/reply"
)

// item is an element that is sorted, with its weight.
type item struct {
	text []byte
	// weight is what is compared as bytes; a missing one comes before all others. number is what is compared otherwise.
	weight  []byte
	missing bool
	number  float64
}

// sorted gives the wanted part of the elements of a key, in the order that the options say. refusal is an error, empty
// if there is none.
func (o *order) sorted(get keys, key []byte) (part []item, refusal string) {
	source, ok := sourceOf(get(key))
	if !ok {
		return nil, reply.WrongType
	}
	from, count := o.part(source.len())
	asIs := o.asIs
	if asIs && !source.hasOrder() && o.store != nil {
		// What is stored has an order that does not rest on how a set lies in memory.
		by := order{alpha: true, descends: o.descends}
		all := source.items(0, source.len(), false)
		by.sort(all)
		return all[from : from+count], ""
	}
	if asIs {
		return source.items(from, count, o.descends && source.hasOrder()), ""
	}
	all := source.items(0, source.len(), false)
	if refusal := o.weigh(all, get); refusal != "" {
		return nil, refusal
	}
	o.sort(all)
	return all[from : from+count], ""
}

// weigh gives each item its weight. refusal is an error, empty if there is none: all have to be numbers, if that
// matters.
func (o *order) weigh(all []item, get keys) (refusal string) {
	if o.by != nil && !o.affords(len(all), *o.by) {
		return tooMuchWork
	}
	for i := range all {
		one := &all[i]
		weight := one.text
		if o.by != nil {
			if !o.spend(o.by.work(one.text)) {
				return tooMuchWork
			}
			f := o.by.lookUp(get, one.text)
			if !o.spend(f.len()) {
				return tooMuchWork
			}
			if one.missing = f.absent; f.absent {
				continue
			}
			weight = f.bytes()
		}
		if o.alpha {
			one.weight = weight
			continue
		}
		number, isNumber := parseDouble(weight)
		if one.number = number; !isNumber {
			refusal = notNumbers
		}
	}
	return refusal
}

// sort sorts items that have their weights. What compares equal keeps its order.
func (o *order) sort(all []item) {
	compare := compareNumbers
	if o.alpha {
		compare = compareBytes
		if o.by == nil {
			compare = compareTexts
		}
	}
	ascending := compare
	if o.descends {
		compare = func(a, b item) int { return ascending(b, a) }
	}
	slices.SortStableFunc(all, compare)
}

func compareTexts(a, b item) int { return bytes.Compare(a.text, b.text) }

func compareNumbers(a, b item) int {
	if c := cmp.Compare(a.number, b.number); c != 0 {
		return c
	}
	return bytes.Compare(a.text, b.text)
}

func compareBytes(a, b item) int {
	switch {
	case a.missing && b.missing:
		return 0
	case a.missing:
		return -1
	case b.missing:
		return 1
	}
	return bytes.Compare(a.weight, b.weight)
}

// parseDouble reads a number as C's strtod does, which is what SORT takes: with white space before it, hexadecimal too,
// up to a NUL. An empty text is 0. A number that is too large or too small for the type is none.
func parseDouble(text []byte) (n float64, ok bool) {
	seen, _, _ := strings.Cut(string(text), "\x00")
	if seen == "" {
		return 0, true
	}
	digits := strings.TrimLeft(seen, " \t\n\v\f\r")
	unsigned := strings.ToLower(strings.TrimLeft(digits, "+-"))
	if len(digits)-len(unsigned) > 1 || strings.Contains(digits, "_") || strings.HasPrefix(unsigned, "nan") {
		return 0, false
	}
	isHex := strings.HasPrefix(unsigned, "0x")
	if isHex && !strings.Contains(unsigned, "p") {
		digits += "p0"
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, false
	}
	mantissa, _, _ := strings.Cut(unsigned, "e")
	tooSmall := !isHex && math.Abs(n) < minNormal && strings.ContainsAny(mantissa, "123456789")
	return n, !tooSmall
}

// minNormal is the smallest number with all its digits: what is smaller is out of range for strtod.
const minNormal = 0x1p-1022
