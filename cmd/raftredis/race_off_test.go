//go:build !race

package main_test

// raceDetector says that the tests, and so the binary, are built with the race detector.
const raceDetector = false

// filledKeys are so many that to write them takes a node's whole log away several times.
const filledKeys = 300_000
