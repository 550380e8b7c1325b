// Package work has servers do work, and says how fast they were: it is internal/load, the generator of raftredis bench,
// as measurements of several systems want it.
package work
