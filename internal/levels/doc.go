// Package levels binds what nodes must understand of each other to the feature level (docs/decisions/0043).
// It has no code of the product. testdata/level-N.txt lists what a node of level N understands, and its test compares
// that with the build: a change that would make older nodes fail, or diverge in silence, fails the test as long as the
// level is not raised. testdata/commands-N.txt is a log that is replayed: all builds that know the level end in the
// same state.
package levels
