package setting

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/number"
)

// Redis's texts for numbers.
const (
	noInteger = "argument couldn't be parsed into an integer"
	noMemory  = "argument must be a memory value"
)

// Int is a whole number. Min and Max are the bounds, both included.
type Int struct {
	At       Cell
	Min, Max int64
	// Unit is how many of what the cell holds one of the setting is; 0 means 1.
	Unit int64
	// Zero is what 0 means, where it is allowed although it is out of bounds.
	Zero string
}

// Parse reads a number in digits.
func (i *Int) Parse(text string) (func(), *Refusal) {
	n, ok := number.Parse([]byte(text))
	if !ok {
		return nil, &Refusal{strconv.Quote(text), "a whole number, such as " + i.example(), noInteger}
	}
	return i.bounded(n)
}

// String is the number in digits.
func (i *Int) String() string { return strconv.FormatInt(i.At.Load()/max(i.Unit, 1), 10) }

func (i *Int) example() string {
	return strconv.FormatInt(min(max(i.At.Load()/max(i.Unit, 1), i.Min, 1), i.Max), 10)
}

// Range is the bounds in words.
func (i *Int) Range() string {
	switch {
	case i.Zero != "":
		return fmt.Sprintf("%d to %d, or 0: %s", i.Min, i.Max, i.Zero)
	case i.Max == math.MaxInt64:
		return fmt.Sprintf("at least %d", i.Min)
	}
	return fmt.Sprintf("%d to %d", i.Min, i.Max)
}

func (i *Int) bounded(n int64) (func(), *Refusal) {
	if (n < i.Min || n > i.Max) && (n != 0 || i.Zero == "") {
		redis := fmt.Sprintf("argument must be between %d and %d inclusive", i.Min, i.Max)
		return nil, &Refusal{strconv.FormatInt(n, 10), i.Range(), redis}
	}
	return func() { i.At.Store(n * max(i.Unit, 1)) }, nil
}

// Memory is a number of bytes, which may have a unit of redis.conf.
type Memory struct {
	Int
	// Multiple is of what it must be a multiple; 0 means 1.
	Multiple int64
}

// Parse reads a number of bytes such as 65536, 64kb or 1gb.
func (m *Memory) Parse(text string) (func(), *Refusal) {
	n, ok := ParseMemory(text)
	if !ok {
		return nil, &Refusal{strconv.Quote(text), "a size, such as 65536, 64kb, 100mb or 1gb", noMemory}
	}
	apply, refused := m.bounded(n)
	if refused == nil && m.Multiple > 1 && n%m.Multiple != 0 {
		wanted := fmt.Sprintf("a multiple of %d", m.Multiple)
		return nil, &Refusal{strconv.FormatInt(n, 10), wanted, "argument must be " + wanted}
	}
	return apply, refused
}

// Short is the number of bytes in the largest unit that divides it, for people.
func (m *Memory) Short() string { return short(m.At.Load()) }

// Range is the bounds in words, with units.
func (m *Memory) Range() string {
	switch {
	case m.Zero != "":
		return fmt.Sprintf("%s to %s, or 0", short(m.Min), short(m.Max))
	case m.Max == math.MaxInt64:
		return "at least " + short(m.Min)
	}
	return fmt.Sprintf("%s to %s", short(m.Min), short(m.Max))
}

func short(n int64) string {
	for _, unit := range []string{"gb", "mb", "kb"} {
		if bytes := memoryUnit(unit); n != 0 && n%bytes == 0 {
			return strconv.FormatInt(n/bytes, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// memoryUnit is how many bytes a unit of redis.conf has: k is a thousand, kb is 1024. It is 0 for no unit.
func memoryUnit(name string) int64 {
	return map[string]int64{
		"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000 * 1000, "mb": 1 << 20, "g": 1000 * 1000 * 1000, "gb": 1 << 30,
	}[name]
}

// ParseMemory reads a number of bytes such as 100, 64kb or 1GB.
func ParseMemory(text string) (bytes int64, ok bool) {
	digits := strings.TrimRight(text, "bkmgBKMG")
	unit := memoryUnit(strings.ToLower(text[len(digits):]))
	n, ok := number.Parse([]byte(digits))
	if unit == 0 || !ok || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}
