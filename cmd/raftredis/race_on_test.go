//go:build race

package main_test

// raceDetector says that the tests, and so the binary, are built with the race detector.
const raceDetector = true

// filledKeys are fewer than without the race detector, with which nodes are slow.
const filledKeys = 100_000
