package fsm

import (
	"strconv"
	"strings"
	"testing"
)

// H8: TestDecimalFractionsAreTheSameEverywhere: the sums that a Redis on an x86 gives, recorded. They differ
// from those of 64-bit numbers (0.1 + 0.2), of other C compilers, and of what a fused multiplication would give.
func TestDecimalFractionsAreTheSameEverywhere(t *testing.T) {
	for _, c := range [][3]string{
		{"0.1", "0.2", "0.3"},
		{"10.50", "0.1", "10.6"},
		{"3.0e3", "1.1", "3001.10000000000000009"},
		{"1e17", "0.1", "100000000000000000.1015625"},
		{"9007199254740993", "0", "9007199254740993"},
		{"18446744073709551615", "1", "18446744073709551616"},
		{"18446744073709551617", "0", "18446744073709551616"},
		{"18446744073709551619", "0", "18446744073709551620"},
		{"36893488147419103233", "0", "36893488147419103232"},
		{"1.0000000000000000001", "0", "1"},
		{"5e-18", "0", "0"},
		{"4.9e-18", "0", "0"},
		{"-4.9e-18", "0", "0"},
		{"0x1p-18", "0", "0.00000381469726562"},
		{"0x3p-18", "0", "0.00001144409179688"},
		{"0x1.8p1", "-0x.8", "2.5"},
		{"1e-4950", "1", "1"},
		{"3.14159265358979323846", "0", "3.14159265358979324"},
		{"1e22", "1e-17", "10000000000000000000000"},
		{"123456789.123456789", "987654321.987654321", "1111111111.11111110995989293"},
	} {
		m := newMachine(t)
		want := c[2]
		if got := script(m, "set f "+c[0], "incrbyfloat f "+c[1]); got != "+OK $"+strconv.Itoa(len(want))+" "+want {
			t.Errorf("%s + %s: %q, want %s", c[0], c[1], got, want)
		}
	}
}

// Made digit by digit, each of these would take milliseconds, and an entry has room for 45,000 of them.
func TestNumbersOfWhichNothingIsShownCostLittle(t *testing.T) {
	m := newMachine(t)
	for _, tiny := range []string{"1e-4900", "-1e-4900", "0x1p-16000"} {
		run := make([][][]byte, 0, 5000)
		for range cap(run) {
			run = append(run, words("incrbyfloat f "+tiny))
		}
		if got, want := do(m, run...), strings.Repeat("$1\r\n0\r\n", len(run)); got != want {
			t.Errorf("%s: not all of %d replies are 0", tiny, len(run))
		}
	}
}
