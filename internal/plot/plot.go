// Package plot draws line charts as SVG, for documents and browsers.
//
// The same chart is the same bytes. It has a white ground of its own, so that it can be read on a dark page, and
// colours that colour-blind people tell apart. The package imports nothing of the project.
package plot

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
)

// The size of a chart, in pixels, and the margins around its field.
const (
	width, height            = 800, 420
	left, right, top, bottom = 76, 24, 56, 56
	legendStep               = 18
)

// colours are those of Okabe and Ito.
var colours = [...]string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"}

// Chart is lines over two axes.
type Chart struct {
	Title, Subtitle string
	X, Y            Axis
	Lines           []Line
}

// Axis is one of the two axes.
type Axis struct {
	Title string
	// Log makes it logarithmic; values that are not positive are left out then.
	Log bool
	// Ticks are the marked places; nil: some round numbers, from 0 if the axis is linear.
	Ticks []Tick
}

// Tick is a marked place of an axis.
type Tick struct {
	At    float64
	Label string
}

// Line is a line with its name.
type Line struct {
	Name   string
	Points []Point
}

// Point is a point of a line.
type Point struct{ X, Y float64 }

// scale is an axis with its bounds: low and high are at the ends of the field, in pixels from and to.
type scale struct {
	Axis
	low, high float64
	from, to  float64
}

// newScale fits an axis to values.
func newScale(a Axis, from, to float64, values []float64) scale {
	s := scale{Axis: a, low: math.Inf(1), high: math.Inf(-1), from: from, to: to}
	for _, t := range a.Ticks {
		values = append(values, t.At)
	}
	for _, v := range values {
		if s.shows(v) {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
	switch {
	case s.low > s.high && a.Log:
		s.low, s.high = 1, 10
	case s.low > s.high:
		s.low, s.high = 0, 1
	}
	if a.Ticks == nil {
		s.round()
	}
	if s.low == s.high {
		s.high = s.low + 1
	}
	return s
}

// shows reports whether a value has a place on the axis.
func (s *scale) shows(v float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (!s.Log || v > 0)
}

// maxTicks is about how many round numbers a linear axis has.
const maxTicks = 6

// round widens the bounds to round numbers, and marks those between them.
func (s *scale) round() {
	if s.Log {
		low, high := math.Floor(math.Log10(s.low)), math.Ceil(math.Log10(s.high))
		high = max(high, low+1)
		for e := low; e <= high; e++ {
			s.mark(math.Pow(10, e))
		}
		s.low, s.high = math.Pow(10, low), math.Pow(10, high)
		return
	}
	s.low, s.high = min(s.low, 0), max(s.high, 0)
	step := roundStep((s.high - s.low) / maxTicks)
	low, high := math.Floor(s.low/step), math.Ceil(s.high/step)
	for n := low; n <= max(high, low+1); n++ {
		s.mark(n * step)
	}
	s.low, s.high = low*step, max(high, low+1)*step
}

// roundStep is the next number above a step that is 1, 2 or 5 times a power of ten.
func roundStep(step float64) float64 {
	if step <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, factor := range []float64{1, 2, 5} {
		if step <= factor*power*(1+1e-9) {
			return factor * power
		}
	}
	return 10 * power
}

func (s *scale) mark(at float64) { s.Ticks = append(s.Ticks, Tick{At: at, Label: Number(at)}) }

// Number writes a number for an axis, as 25k for 25,000.
func Number(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= unit.size {
			return strconv.FormatFloat(v/unit.size, 'g', 6, 64) + unit.name
		}
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// at is the place of a value, in pixels.
func (s *scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.Log {
		v, low, high = math.Log10(v), math.Log10(low), math.Log10(high)
	}
	return s.from + (s.to-s.from)*(v-low)/(high-low)
}

// WriteSVG writes the chart.
func (c *Chart) WriteSVG(out io.Writer) error {
	var xs, ys []float64
	for _, line := range c.Lines {
		for _, p := range line.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	x, y := newScale(c.X, left, width-right, xs), newScale(c.Y, height-bottom, top, ys)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	text(&b, left, 22, "start", `font-size="16" font-weight="bold"`, c.Title)
	text(&b, left, 40, "start", `fill="#555"`, c.Subtitle)
	for _, t := range x.Ticks {
		mark(&b, x.at(t.At), height-bottom, x.at(t.At), top)
		text(&b, x.at(t.At), height-bottom+18, "middle", `fill="#333"`, t.Label)
	}
	for _, t := range y.Ticks {
		mark(&b, left, y.at(t.At), width-right, y.at(t.At))
		text(&b, left-8, y.at(t.At)+4, "end", `fill="#333"`, t.Label)
	}
	text(&b, (left+width-right)/2, height-14, "middle", `fill="#333"`, x.Title)
	text(&b, 18, (top+height-bottom)/2, "middle",
		fmt.Sprintf(`fill="#333" transform="rotate(-90 18 %d)"`, (top+height-bottom)/2), y.Title)
	for i, line := range c.Lines {
		drawLine(&b, &x, &y, colours[i%len(colours)], &line)
	}
	if len(c.Lines) > 1 {
		c.drawNames(&b)
	}
	b.WriteString("</svg>\n")
	_, err := out.Write(b.Bytes())
	return err
}

func drawLine(b *bytes.Buffer, x, y *scale, colour string, line *Line) {
	b.WriteString(`<polyline fill="none" stroke="` + colour + `" stroke-width="2" stroke-linejoin="round" points="`)
	gap := ""
	for _, p := range line.Points {
		if x.shows(p.X) && y.shows(p.Y) {
			fmt.Fprintf(b, "%s%.1f,%.1f", gap, x.at(p.X), y.at(p.Y))
			gap = " "
		}
	}
	b.WriteString("\"/>\n")
}

// letterWidth is about how wide a letter is.
const letterWidth = 7

// drawNames says which line is which, on a ground that lets the lines show through.
func (c *Chart) drawNames(b *bytes.Buffer) {
	longest := 0
	for _, line := range c.Lines {
		longest = max(longest, len(line.Name))
	}
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#fff" fill-opacity="0.8"/>`+"\n", left+4, top+2,
		48+letterWidth*longest, 8+legendStep*len(c.Lines))
	for i, line := range c.Lines {
		at := float64(top + 16 + i*legendStep)
		fmt.Fprintf(b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="%s" stroke-width="3"/>`+"\n", left+10, at-4,
			left+34, at-4, colours[i%len(colours)])
		text(b, left+40, at, "start", `fill="#333"`, line.Name)
	}
}

func mark(b *bytes.Buffer, x1, y1, x2, y2 float64) {
	fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/>`+"\n", x1, y1, x2, y2)
}

func text(b *bytes.Buffer, x, y float64, anchor, attributes, words string) {
	if words != "" {
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s" %s>%s</text>`+"\n", x, y, anchor, attributes,
			html.EscapeString(words))
	}
}
