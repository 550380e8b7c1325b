package geo

import "math"

// earthRadius is the quadratic mean radius of the earth by WGS-84, in meters.
const earthRadius = 6372797.560856

// degree is a degree in radians.
const degree = math.Pi / 180

func radians(degrees float64) float64 { return float64(degrees * float64(degree)) }

func degrees(radians float64) float64 { return float64(radians / float64(degree)) }

// distance is how far two places are from each other on a sphere, in meters, by the haversine formula.
func distance(a, b position) float64 {
	v := sin(float64(float64(radians(b.longitude)-radians(a.longitude)) / 2))
	if v == 0 {
		return latitudeDistance(a.latitude, b.latitude)
	}
	low, high := radians(a.latitude), radians(b.latitude)
	u := sin(float64(float64(high-low) / 2))
	across := float64(float64(float64(cos(low)*cos(high))*v) * v)
	return float64(float64(2*earthRadius) * asin(math.Sqrt(float64(float64(u*u)+across))))
}

// latitudeDistance is how far two latitudes are from each other, in meters.
func latitudeDistance(a, b float64) float64 {
	return float64(earthRadius * math.Abs(float64(radians(b)-radians(a))))
}

// shape is a circle or a box around a position. Its lengths are in a unit of so many meters.
type shape struct {
	center position
	unit   float64
	// isBox says that it has width and height, and no radius.
	isBox         bool
	radius        float64
	width, height float64
}

// holds reports whether a position is in the shape, and how many meters it is from the center.
func (s *shape) holds(p position) (meters float64, ok bool) {
	if !s.isBox {
		meters = distance(s.center, p)
		return meters, meters <= float64(s.radius*s.unit)
	}
	if latitudeDistance(p.latitude, s.center.latitude) > float64(float64(s.height*s.unit)/2) {
		return 0, false
	}
	if distance(p, position{s.center.longitude, p.latitude}) > float64(float64(s.width*s.unit)/2) {
		return 0, false
	}
	return distance(s.center, p), true
}

// reach is how far the shape reaches from its center, in meters.
func (s *shape) reach() float64 {
	if !s.isBox {
		return float64(s.radius * s.unit)
	}
	width, height := float64(s.width/2), float64(s.height/2)
	return float64(math.Sqrt(float64(float64(width*width)+float64(height*height))) * s.unit)
}

// around gives edges within which the shape lies, if it does not reach far.
func (s *shape) around() extent {
	width, height := s.radius, s.radius
	if s.isBox {
		width, height = float64(s.width/2), float64(s.height/2)
	}
	width, height = float64(s.unit*width), float64(s.unit*height)
	turn := degrees(float64(height / earthRadius))
	// Meridians come together towards the poles: what counts is the side that is farther from the equator.
	toPole := turn
	if s.center.latitude < 0 {
		toPole = -turn
	}
	latitude := radians(float64(s.center.latitude + toPole))
	across := degrees(float64(float64(width/earthRadius) / cos(latitude)))
	return extent{
		float64(s.center.longitude - across), float64(s.center.longitude + across),
		float64(s.center.latitude - turn), float64(s.center.latitude + turn),
	}
}

const (
	// mercatorMax is half of the length of the equator on web maps, in meters.
	mercatorMax = 20037726.37
	// polarLatitude and nearPole are where cells become narrow.
	polarLatitude, nearPole = 66, 80
)

// stepsFor is how small cells may be so that a shape that reaches so far lies in one and those around it.
func stepsFor(reach, latitude float64) int {
	if reach == 0 {
		return maxSteps
	}
	steps := -1
	for ; reach < mercatorMax; reach *= 2 {
		steps++
	}
	if latitude = math.Abs(latitude); latitude > polarLatitude {
		steps--
	}
	if latitude > nearPole {
		steps--
	}
	return min(max(steps, 1), maxSteps)
}

// cells are those in which a shape may have places: the one of its center first, and those around it.
func (s *shape) cells() (all []cell) {
	steps := stepsFor(s.reach(), s.center.latitude)
	own := ofScores.cellOf(s.center, steps)
	if steps == 1 {
		return own.around(nil)
	}
	edges := s.around()
	north, south := own.toLatitude(1).bounds(), own.toLatitude(-1).bounds()
	east, west := own.toLongitude(1).bounds(), own.toLongitude(-1).bounds()
	if north.maxLatitude < edges.maxLatitude || south.minLatitude > edges.minLatitude ||
		east.maxLongitude < edges.maxLongitude || west.minLongitude > edges.minLongitude {
		steps--
		own = ofScores.cellOf(s.center, steps)
	}
	if steps == 1 {
		return own.around(nil)
	}
	return own.around(&edges)
}

// around is the cell and those beside it, without those on the sides at which the cell reaches beyond edges. Large
// cells have the same one on two sides: it comes once.
func (c cell) around(edges *extent) []cell {
	own := c.bounds()
	north := edges == nil || own.maxLatitude <= edges.maxLatitude
	south := edges == nil || own.minLatitude >= edges.minLatitude
	east := edges == nil || own.maxLongitude <= edges.maxLongitude
	west := edges == nil || own.minLongitude >= edges.minLongitude
	all := append(make([]cell, 0, 9), c)
	for _, beside := range [...]struct {
		in          bool
		east, north int
	}{
		{north, 0, 1}, {south, 0, -1}, {east, 1, 0}, {west, -1, 0},
		{north && east, 1, 1}, {north && west, -1, 1}, {south && east, 1, -1}, {south && west, -1, -1},
	} {
		if !beside.in {
			continue
		}
		next := c
		if beside.east != 0 {
			next = next.toLongitude(beside.east)
		}
		if beside.north != 0 {
			next = next.toLatitude(beside.north)
		}
		if len(all) == 1 || next != all[len(all)-1] {
			all = append(all, next)
		}
	}
	return all
}
