package figures

import (
	"fmt"
	"slices"
)

// Spread is the least, the middle and the greatest of some figures.
type Spread struct{ Min, Median, Max float64 }

// SpreadOf finds it; of an even number the median is the mean of the two in the middle. There is none of no figures.
func SpreadOf(all []float64) (s Spread, found bool) {
	if len(all) == 0 {
		return s, false
	}
	all = slices.Sorted(slices.Values(all))
	half := len(all) / 2
	s = Spread{all[0], all[half], all[len(all)-1]}
	if len(all)%2 == 0 {
		s.Median = (all[half-1] + all[half]) / 2
	}
	return s, true
}

// Text is the median and, in brackets, the least and the greatest, with so many digits behind the point.
func (s Spread) Text(digits int) string {
	return fmt.Sprintf("%.*f [%.*f-%.*f]", digits, s.Median, digits, s.Min, digits, s.Max)
}

// RatioOf is the spread of the ratios of figures of the same rounds. What has no other in its round does not count.
func RatioOf(of, by []float64) (Spread, bool) {
	var all []float64
	for round := range min(len(of), len(by)) {
		all = append(all, of[round]/by[round])
	}
	return SpreadOf(all)
}

// Aim is a bound that a median is to keep: not to exceed it, or not to fall below it.
type Aim struct {
	Bound  float64
	AtMost bool
}

// Reached reports whether a figure keeps the bound. At the bound it does.
func (a Aim) Reached(figure float64) bool {
	if a.AtMost {
		return figure <= a.Bound
	}
	return figure >= a.Bound
}

// Text is the bound, with so many digits behind the point.
func (a Aim) Text(digits int) string {
	sign := "≥"
	if a.AtMost {
		sign = "≤"
	}
	return fmt.Sprintf("%s %.*f", sign, digits, a.Bound)
}

// Verdict is yes or no.
func (a Aim) Verdict(figure float64) string {
	if a.Reached(figure) {
		return "yes"
	}
	return "no"
}

// AimHead is the heading of what Row gives, behind columns that say what is aimed at.
func AimHead(columns ...string) []string { return append(columns, "aim", "measured", "reached") }

// Row is a row of a table of aims: the columns, the bound, what was measured, and whether that is enough.
func (a Aim) Row(s Spread, digits int, columns ...string) []string {
	return append(slices.Clone(columns), a.Text(digits), s.Text(digits), a.Verdict(s.Median))
}
