// Package digest hashes what a key space holds: by SipHash under a key of the cluster, the same on all nodes and for
// ever. A digest is a function of the contents alone.
//
//	Sip ──► Of: of bytes
//	   └──► OfString: of a string of any length, made of the digests of its chunks where it is long
//
// It imports nothing of the project.
package digest
