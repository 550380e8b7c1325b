// Package conditional is a model of a key under compare-and-set: what SET with its conditions, DELEX, DELIFEQ, DIGEST
// and a few others do to one string, and what they answer. It is written apart from the machine, and knows no deadlines
// and no other types. The judges of histories use it: the model of the simulator, and with it porcupine.
package conditional
