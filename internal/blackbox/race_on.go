//go:build race

package blackbox

// RaceDetector says that the tests, and so the binary, are built with the race detector.
const RaceDetector = true

// FilledKeys are fewer than without the race detector, with which nodes are slow.
const FilledKeys = 100_000
