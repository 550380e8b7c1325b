// Package raftredis is the root of the module: it holds no code, only the documents and the test of the tree.
//
// The parts live below it: consensus is the library to embed, fsm the key-value state machine, resp the Redis front
// end, wal the log on disk, cmd/raftredis the one binary. README.md says what the whole promises, ARCHITECTURE.md how
// the parts keep those promises, and CONTRIBUTING.md which rules the test of the tree enforces here and why.
package raftredis
