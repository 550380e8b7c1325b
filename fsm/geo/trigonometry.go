package geo

import "math"

// The distance of two places is part of the state where GEOSEARCHSTORE … STOREDIST stores it, so every node must
// compute the same, and clients compare it with Redis's, digit by digit. Neither holds for the functions of package
// math: they may fuse a product and a sum on one architecture and not on another, and are off by one in the last place
// now and then.
//
// Here a number is the sum of two floats where it matters, and every product that is added to something is rounded
// before, which the conversions float64(…) enforce. The results are the nearest floats, but for about one in a
// thousand.

// twin is the sum of two floats, of which low is smaller than the last place of high.
type twin struct{ high, low float64 }

// sumOf adds two floats without an error.
func sumOf(a, b float64) twin {
	sum := float64(a + b)
	part := float64(sum - a)
	return twin{sum, float64(float64(a-float64(sum-part)) + float64(b-part))}
}

// productOf multiplies two floats without an error.
func productOf(a, b float64) twin {
	product := float64(a * b)
	return twin{product, math.FMA(a, b, -product)}
}

func (t twin) plus(other twin) twin {
	sum := sumOf(t.high, other.high)
	return sumOf(sum.high, float64(sum.low+float64(t.low+other.low)))
}

func (t twin) times(other twin) twin {
	product := productOf(t.high, other.high)
	cross := float64(float64(t.high*other.low) + float64(t.low*other.high))
	return sumOf(product.high, float64(product.low+cross))
}

func (t twin) over(n float64) twin {
	quotient := float64(t.high / n)
	rest := math.FMA(-quotient, n, t.high)
	return sumOf(quotient, float64(float64(rest+t.low)/n))
}

func (t twin) minus() twin { return twin{-t.high, -t.low} }

// halfPi and pi are the numbers, and what is left of them.
var (
	halfPi = twin{math.Pi / 2, 6.123233995736766e-17}
	pi     = twin{math.Pi, 1.2246467991473532e-16}
)

// angleSteps is how many angles of the table make a radian; angles is up to which, three quarters of a turn.
const (
	angleSteps = 64
	angles     = 3*angleSteps + 1
)

// sines and cosines are those of 0, 1/64, 2/64 … radians.
var sines, cosines = tabulate()

func tabulate() (sines, cosines [angles]twin) {
	const step = 1.0 / angleSteps
	cosines[0] = twin{1, 0}
	sine, cosine := twin{}, twin{}
	power := twin{1, 0} // step to the power of n, over n!
	for n := range 16 {
		switch n % 4 {
		case 0:
			cosine = cosine.plus(power)
		case 1:
			sine = sine.plus(power)
		case 2:
			cosine = cosine.plus(power.minus())
		case 3:
			sine = sine.plus(power.minus())
		}
		power = power.times(twin{step, 0}).over(float64(n + 1))
	}
	for i := range angles - 1 {
		sines[i+1] = sines[i].times(cosine).plus(cosines[i].times(sine))
		cosines[i+1] = cosines[i].times(cosine).plus(sines[i].times(sine).minus())
	}
	return sines, cosines
}

// turned gives sine and cosine of an angle from 0 to 3 radians, the second of which is exact to the last place of 1
// only. The angle is that of the table with a number and a rest of at most half a step.
func turned(angle float64) (sine, cosine twin) {
	at := int(float64(angle*angleSteps) + 0.5)
	rest := float64(angle - float64(at)/angleSteps) // exact
	square := float64(rest * rest)
	// The sine of the rest without the rest itself, and its cosine less 1.
	cube := float64(rest * square)
	sineTail := float64(cube * float64(-1.0/6+float64(square*float64(1.0/120-float64(square/5040)))))
	cosineTail := float64(square * float64(-0.5+float64(square*float64(1.0/24-float64(square/720)))))
	return rotated(sines[at], cosines[at], rest, sineTail, cosineTail),
		rotated(cosines[at], sines[at].minus(), rest, sineTail, cosineTail)
}

// rotated is first·cos(rest) + second·sin(rest).
func rotated(first, second twin, rest, sineTail, cosineTail float64) twin {
	product := productOf(second.high, rest)
	sum := sumOf(first.high, product.high)
	tail := float64(float64(second.high*sineTail) + float64(first.high*cosineTail))
	tail = float64(tail + float64(second.low*rest))
	tail = float64(tail + float64(first.low+product.low))
	return sumOf(sum.high, float64(sum.low+tail))
}

// sin is the sine of an angle of at most half a turn in either direction.
func sin(angle float64) float64 {
	if angle < 0 {
		return -sin(-angle)
	}
	if angle <= halfPi.high {
		sine, _ := turned(angle)
		return sine.high
	}
	rest := sumOf(pi.high, -angle)
	sine, cosine := turned(rest.high)
	return sine.plus(twin{float64(float64(rest.low+pi.low) * cosine.high), 0}).high
}

// cos is the cosine of an angle of at most 3 radians in either direction.
func cos(angle float64) float64 {
	_, cosine := turned(math.Abs(angle))
	return cosine.high
}

// asin is the angle from 0 to a quarter of a turn with a sine of at least 0. One above 1 counts as 1.
func asin(sine float64) float64 {
	switch {
	case sine <= 0.5:
		return arc(twin{sine, 0}).high
	case sine >= 1:
		return halfPi.high
	}
	// The sine of half the rest to a quarter of a turn, whose square is exact.
	square := float64(float64(1-sine) / 2)
	root := math.Sqrt(square)
	rest := float64(math.FMA(-root, root, square) / float64(2*root))
	half := arc(twin{root, rest})
	return halfPi.plus(twin{-2 * half.high, -2 * half.low}).high
}

// arc is the angle with a sine from 0 to a half.
func arc(sine twin) twin {
	square := float64(sine.high * sine.high)
	// An angle that is exact to some digits, by the first terms of its series around that of the table below.
	at := 0
	for low, high := 0, angleSteps; low < high; {
		middle := (low + high + 1) / 2
		if sines[middle].high <= sine.high {
			low, at = middle, middle
		} else {
			high = middle - 1
		}
	}
	other := math.Sqrt(float64(1 - square))
	t := float64(float64(sine.high*cosines[at].high) - float64(other*sines[at].high))
	cube := float64(float64(t*t) * t)
	angle := float64(float64(at)/angleSteps + float64(t+float64(cube*float64(1.0/6+float64(3.0/40*float64(t*t))))))
	// One step of Newton's method makes it exact.
	there, slope := turned(angle)
	rest := sine.plus(there.minus())
	return sumOf(angle, float64(float64(rest.high+rest.low)/slope.high))
}
