package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func draw(t *testing.T, c *Chart) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return b.String()
		} else if err != nil {
			t.Fatalf("the SVG is no XML: %v\n%s", err, b.String())
		}
	}
}

// points are those of the lines, in pixels.
func points(t *testing.T, svg string) (lines [][]Point) {
	t.Helper()
	for _, found := range regexp.MustCompile(`points="([^"]*)"`).FindAllStringSubmatch(svg, -1) {
		var line []Point
		for _, pair := range strings.Fields(found[1]) {
			x, y, _ := strings.Cut(pair, ",")
			px, errX := strconv.ParseFloat(x, 64)
			py, errY := strconv.ParseFloat(y, 64)
			if errX != nil || errY != nil || px < left || px > width-right || py < top || py > height-bottom {
				t.Errorf("the point %s lies outside of the field", pair)
			}
			line = append(line, Point{px, py})
		}
		lines = append(lines, line)
	}
	return lines
}

func TestChart_PlacesPointsOnItsAxes(t *testing.T) {
	c := &Chart{Title: `a<b & "c"`, Lines: []Line{
		{Name: "one", Points: []Point{{0, 0}, {5, 50}, {10, 100}}}, {Name: "two", Points: []Point{{10, 0}}},
	}}
	lines := points(t, draw(t, c))
	middle := Point{(left + width - right) / 2, (top + height - bottom) / 2}
	if len(lines) != 2 || lines[0][0] != (Point{left, height - bottom}) || lines[0][2] != (Point{width - right, top}) ||
		lines[0][1] != middle || lines[1][0] != (Point{width - right, height - bottom}) {
		t.Errorf("the points are %v", lines)
	}
	c = &Chart{X: Axis{Log: true}, Y: Axis{Log: true}, Lines: []Line{{Points: []Point{{1, 0.1}, {10, 1}, {100, 10}}}}}
	lines = points(t, draw(t, c))
	if lines[0][0] != (Point{left, height - bottom}) || lines[0][1] != middle ||
		lines[0][2] != (Point{width - right, top}) {
		t.Errorf("on logarithmic axes the points are %v", lines)
	}
}

// What has no place is left out, and a chart of nothing is a chart.
func TestChart_LeavesOutWhatHasNoPlace(t *testing.T) {
	odd := []Point{{math.NaN(), 1}, {1, math.Inf(1)}, {0, 1}, {1, -1}}
	c := &Chart{X: Axis{Log: true}, Y: Axis{Log: true}, Lines: []Line{{Points: append(odd, Point{10, 10})}}}
	svg := draw(t, c)
	if lines := points(t, svg); len(lines[0]) != 1 || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Errorf("the points are %v in\n%s", lines, svg)
	}
	for _, c := range []*Chart{
		{}, {X: Axis{Log: true}, Y: Axis{Log: true}}, {Lines: []Line{{}}},
		{Lines: []Line{{Points: []Point{{0, 0}}}}},
		{X: Axis{Ticks: []Tick{{1, "only"}}}, Lines: []Line{{Points: []Point{{1, 1}}}}},
	} {
		if svg := draw(t, c); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("an empty chart has a place that is none:\n%s", svg)
		}
	}
}

func TestNumber_IsShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.05: "0.05", 999: "999", 1000: "1k", 25_000: "25k", 1_500_000: "1.5M", -2000: "-2k", 3e9: "3G",
	} {
		if got := Number(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	for step, want := range map[float64]float64{0: 1, 0.9: 1, 1: 1, 1.1: 2, 2.5: 5, 5.1: 10, 0.03: 0.05} {
		if got := roundStep(step); math.Abs(got-want) > 1e-12 {
			t.Errorf("the step above %v is %v, want %v", step, got, want)
		}
	}
}
