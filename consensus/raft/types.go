package raft

// Epoch numbers a leader's rounds of read confirmation within its term (thesis section 6.4); 0 is before the first.
type Epoch uint64
