package geo

import (
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// recorded are figures that Redis 7.2.4 computes, compiled for x86 with the C library of Debian 12. Each line is a
// kind, arguments, and behind an equals sign the results; see the tests that use it.
func recorded(t *testing.T, kind string, check func(args []float64, results []string)) {
	t.Helper()
	text, err := os.ReadFile("testdata/redis.txt")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(text)) {
		call, results, found := strings.Cut(line, " = ")
		words := strings.Fields(call)
		if !found || words[0] != kind {
			continue
		}
		args := []float64{}
		for _, word := range words[1:] {
			args = append(args, float(t, word))
		}
		check(args, strings.Fields(results))
		checked++
	}
	if checked < 50 {
		t.Fatalf("only %d lines of %s are recorded", checked, kind)
	}
}

func float(t *testing.T, text string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestDistancesAreThoseOfRedis: in all digits that GEODIST shows, and nearly always as floats, which STOREDIST stores.
func TestDistancesAreThoseOfRedis(t *testing.T) {
	different, all := 0, 0
	bits := fnv.New64a()
	recorded(t, "d", func(args []float64, results []string) {
		got := distance(position{args[0], args[1]}, position{args[2], args[3]})
		want := float(t, results[0])
		if shown, wanted := fmt.Sprintf("%.4f", got), fmt.Sprintf("%.4f", want); shown != wanted {
			t.Errorf("from %v: %s, want %s", args, shown, wanted)
		}
		if all++; got != want {
			different++
		}
		fmt.Fprintf(bits, "%x ", math.Float64bits(got))
	})
	if different > all/100 {
		t.Errorf("%d of %d distances are not the float that Redis computes", different, all)
	}
	// Every node stores the same, whatever its processor: see trigonometry.go.
	if sum := bits.Sum64(); sum != 0xfc34ae7ec9cd780a {
		t.Errorf("the floats have the sum %#x", sum)
	}
}

func TestScoresAreThoseOfRedis(t *testing.T) {
	recorded(t, "e", func(args []float64, results []string) {
		if got := scoreOf(position{args[0], args[1]}); got != float(t, results[0]) { // as GEOADD hands it to ZADD
			t.Errorf("%v has the score %f, want %s", args, got, results[0])
		}
	})
}

func TestPositionsAreThoseOfRedis(t *testing.T) {
	recorded(t, "x", func(args []float64, results []string) {
		want := position{float(t, results[0]), float(t, results[1])}
		if got := positionOf(args[0]); got != want {
			t.Errorf("%v is at %v, want %v", args[0], got, want)
		}
	})
}

// TestCellsOfASearchAreThoseOfRedis: which places are found near the edges of a shape depends on them.
func TestCellsOfASearchAreThoseOfRedis(t *testing.T) {
	recorded(t, "r", func(args []float64, results []string) {
		s := shape{center: position{args[0], args[1]}, radius: args[2], unit: args[3]}
		got := []string{}
		for _, c := range s.cells() {
			got = append(got, fmt.Sprintf("%d/%d", c.bits, c.steps))
		}
		// Redis notes those that come twice, and passes over them later.
		want := results[:1]
		for i := 1; i < len(results); i++ {
			if i == 1 || results[i] != results[i-1] {
				want = append(want, results[i])
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v: cells %v, want %v", args, got, want)
		}
	})
}

// TestAnglesAreExact compares with identities that hold for the nearest floats, up to the last place.
func TestAnglesAreExact(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"sin 0", sin(0), 0},
		{"sin 1", sin(1), 0.8414709848078965},
		{"sin -1", sin(-1), -0.8414709848078965},
		{"sin π", sin(math.Pi), 1.2246467991473532e-16},
		{"sin π/2", sin(math.Pi / 2), 1},
		{"sin tiny", sin(1e-300), 1e-300},
		{"sin 3", sin(3), 0.1411200080598672},
		{"cos 0", cos(0), 1},
		{"cos 1", cos(1), 0.5403023058681398},
		{"cos -2", cos(-2), -0.4161468365471424},
		{"asin 0", asin(0), 0},
		{"asin 1", asin(1), math.Pi / 2},
		{"asin 1/2", asin(0.5), 0.5235987755982989},
		{"asin near 1", asin(0.9999999999999999), 1.5707963118937354},
		{"asin above 1", asin(1.0000000000000002), math.Pi / 2},
		{"asin tiny", asin(1e-300), 1e-300},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	for i := range 10_000 {
		x := float64(i) / 10_000
		if back := sin(asin(x)); math.Abs(back-x) > 2e-16 {
			t.Fatalf("the sine of the angle with the sine %v is %v", x, back)
		}
	}
}

// TestAnyScoreIsAPosition: a sorted set may have any scores, and GEOPOS of it must not fail.
func TestAnyScoreIsAPosition(t *testing.T) {
	for _, score := range []float64{
		-1, -0.5, 1.5, 1 << 52, 1 << 53, 1 << 62, 1 << 63, 1 << 64, -1 << 63, -1 << 64, math.Inf(1), math.Inf(-1),
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
	} {
		p := positionOf(score)
		if !p.isValid() {
			t.Errorf("%v is at %v", score, p)
		}
		if meters := distance(p, position{}); !(meters >= 0 && meters < 21e6) {
			t.Errorf("%v is %v meters away", score, meters)
		}
	}
}

// FuzzSearch looks for a search that panics, or whose cells lack its center.
func FuzzSearch(f *testing.F) {
	f.Add(13.361389, 38.115556, 200.0, 100.0, 1000.0, true)
	f.Add(-180.0, 85.05112878, math.Inf(1), 0.0, 0.3048, false)
	f.Fuzz(func(t *testing.T, longitude, latitude, width, height, unit float64, isBox bool) {
		s := shape{center: position{longitude, latitude}, unit: 1, isBox: isBox, radius: width, width: width, height: height}
		if !s.center.isValid() || !(width >= 0 && height >= 0) {
			return
		}
		if unit > 0 && unit < 1e4 {
			s.unit = unit
		}
		score := scoreOf(s.center)
		for _, c := range s.cells() {
			if first, behind := c.scores(); first <= score && score < behind {
				s.holds(positionOf(score))
				return
			}
		}
		t.Fatalf("no cell of %+v has its center", s)
	})
}

func BenchmarkDistance(b *testing.B) {
	from := position{13.361389, 38.115556}
	for b.Loop() {
		distance(from, position{15.087269, 37.502669})
	}
}
