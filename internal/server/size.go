package server

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// sizeFlag is a flag that counts bytes and understands the units of Redis's configuration.
type sizeFlag int64

// sizeUnits are Redis's: k is a thousand, kb is 1024. The longest that fits counts, so they are in this order.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}, {"g", 1e9}, {"m", 1e6}, {"k", 1e3}, {"b", 1}, {"", 1},
}

// define makes the flag, with a default.
func (s *sizeFlag) define(flags *pflag.FlagSet, name string, value sizeFlag, usage string) {
	*s = value
	flags.Var(s, name, usage)
}

// Set is for pflag.
func (s *sizeFlag) Set(text string) error {
	for _, unit := range sizeUnits {
		digits, found := strings.CutSuffix(strings.ToLower(text), unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil || n > uint64(math.MaxInt64/unit.bytes) {
			break
		}
		*s = sizeFlag(int64(n) * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is no size; it looks like 65536, 64kb, 100mb or 1gb", text)
}

// Type is for pflag's help.
func (s *sizeFlag) Type() string { return "bytes" }

// number is the size as CONFIG GET shows it, a plain number of bytes.
func (s sizeFlag) number() string { return strconv.FormatInt(int64(s), 10) }

// String is the size as Set takes it, in the largest unit that divides it.
func (s *sizeFlag) String() string {
	for _, unit := range sizeUnits[:3] {
		if *s != 0 && int64(*s)%unit.bytes == 0 {
			return strconv.FormatInt(int64(*s)/unit.bytes, 10) + unit.name
		}
	}
	return s.number()
}
