//go:build !race

package blackbox

// RaceDetector says that the tests, and so the binary, are built with the race detector.
const RaceDetector = false

// FilledKeys are so many that to write them takes a node's whole log away several times.
const FilledKeys = 300_000
