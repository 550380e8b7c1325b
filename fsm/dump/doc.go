// Package dump has DUMP and RESTORE, by which values go from one server to another, or from a server into a file, in
// the format of Redis's RDB files. Package rdb has the format; here it meets the values.
//
//	DUMP     value ──► elements ──► rdb ──► payload
//	RESTORE  payload ──► rdb ──► elements ──► value
//
// DUMP writes the oldest form that has room for a value, so that old servers read what they can, and no form depends on
// a setting: the payload is a function of the contents, the same on every node.
//
// RESTORE reads what Redis 2.6 to 7.2 write, and checks what Redis by default does not: that no element comes twice,
// that counts are right, that nothing is left over. A payload that is damaged has no effect.
package dump
