// Package rope is a row of byte strings that changes at both ends in constant time, and anywhere between them in
// logarithmic time: the storage of a list.
//
//	Rope ──► blocks of elements, which are the entries of Redis's listpacks
//	    └──► a tree of blocks between the first and the last
//
// Invariants:
//
//  1. Digest depends on the elements and on their order alone: neither on the layout nor on the history.
//  2. What an Edit of a generation made is changed in place by edits of that generation only.
//
// docs/decisions/0063 has the reasons.
package rope
