// Package value is what a key can hold: one file for each type, behind one interface.
//
//	String ──► the text beside its key (short, or as SET left it)
//	      └──► Chunks, a Value apart from its key (long, and changed in place)
//	Topic  ──► Sequence: entries in stretches, appended behind and trimmed in front
//	Hash, Set ──► table: elements by their names, in one pack, or in a tree with packs at its ends
//	List   ──► rope.Rope: a block of elements at each end, and a tree of blocks between them
//
// A further type implements Value, has a Kind of its own, and a Reader for the parts of its image: its row in the table
// of kinds names both.
//
// Invariants:
//
//  1. A value is never changed. A write makes a new value, which shares with the old one what it did not touch.
//  2. What a generation of the key space made is changed in place in that generation only, so a freeze that ended the
//     generation still sees what it froze.
//  3. Digest, encoding and image depend on the contents alone: neither on their layout nor on their history.
//  4. Digests are made over digest.Sip, a hash keyed by the seed of the cluster, and are the same on all nodes.
//
// Rejected:
//   - An interface in every entry of the key space, also for short strings: 8 bytes more for each key than a Box, and
//     an allocation more for each write.
//   - Long strings in one piece: one SETBIT would copy, and hash, half a gigabyte.
package value
