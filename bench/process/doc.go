// Package process starts the servers of a measurement, asks them, says what they cost, and ends them.
package process
