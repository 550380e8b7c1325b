package command

// The commands of strings as arrays of bits: package fsm attaches a function to each.
const (
	// lastString ends the ids of strings, with their bitmaps.
	lastString ID = firstBitmap + iota
)

// bitmapSpecs is sorted by name.
var bitmapSpecs = []Spec{}
