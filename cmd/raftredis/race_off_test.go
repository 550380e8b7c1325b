//go:build !race

package main_test

// raceDetector says that the tests, and so the binary, are built with the race detector.
const raceDetector = false
