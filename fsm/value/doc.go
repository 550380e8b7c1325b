// Package value is what a key can hold: one file for each type. So far that is a string.
//
// It also has the keyed hash over which all digests are made.
package value
