// Package conditional is a model of a key under compare-and-set: what SET with its conditions, DELEX, DELIFEQ, DIGEST
// and a few others do to one string, and what they answer. It is written apart from the machine, and knows no deadlines
// and no other types. Whoever judges a history of such commands, from the simulator or from real nodes, uses it: State
// step by step, or Model with porcupine.
package conditional
