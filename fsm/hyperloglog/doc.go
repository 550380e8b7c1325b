// Package hyperloglog counts the different elements of a set, by an estimate: PFADD, PFCOUNT, PFMERGE and what tests
// them.
//
// A HyperLogLog is a string, in the representation of Redis, so that GET, SET, DUMP and RESTORE carry it between the
// two:
//
//	"HYLL" │ encoding │ 0 0 0 │ cardinality, 8 bytes ││ registers
//
// The hash of an element names one of 16,384 registers, and the number of zeros behind that in the hash, plus one, is
// what the register keeps if it is more than before. Dense, registers have six bits each. Sparse, they are runs:
//
//	00nnnnnn           n+1 registers that are 0
//	01nnnnnn nnnnnnnn  n+1 registers that are 0
//	1vvvvvnn           n+1 registers that are v+1
//
// A sparse one becomes dense where a register exceeds 32, or its string what hll-sparse-max-bytes says, and never
// sparse again. Which runs there are depends on the order of the changes, as in Redis, so that both have the same bytes
// after the same commands.
//
// The cardinality is the last answer of PFCOUNT, with its highest bit set where it is out of date. A call of PFCOUNT
// that finds it there is a read. One that does not is executed as a write, which leaves it there on all nodes: see
// docs/decisions/0076.
//
// Sources: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", 2007; Ertl, "New cardinality estimation algorithms for
// HyperLogLog sketches", 2017, for the estimate; Redis 7.2 for the bytes.
package hyperloglog
