package fsm

import (
	"fmt"
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// memoryUsage is MEMORY USAGE key [SAMPLES count]: the bytes that this node's memory holds for a key. SAMPLES has no
// effect: the answer never rests on samples.
//
// This reply shows the layout, which may differ between nodes: a short string that was changed in place lies in chunks
// on a node that applied the changes, and with its key on a node that restored an image since.
func memoryUsage(v exec.View, c exec.Call) []byte {
	for options := c.Args[3:]; len(options) > 0; options = options[2:] {
		if len(options) < 2 || !exec.Is(options[0], "SAMPLES") {
			return c.Error(reply.Syntax)
		}
		count, ok := number.Parse(options[1])
		switch {
		case !ok:
			return c.Error(reply.NotInteger)
		case count < 0:
			return c.Error(reply.Syntax)
		}
	}
	e := v.Space.Get(c.Args[2])
	if e == nil {
		return c.Null()
	}
	return c.Integer(int64(e.MemoryBytes()))
}

// debugObject is DEBUG OBJECT key, in Redis's form with the version of the key behind it: the index of the entry that
// last changed it. There is no address to tell.
func debugObject(v exec.View, c exec.Call) []byte {
	e := v.Space.Get(c.Args[2])
	if e == nil {
		return c.Error(reply.NoSuchKey)
	}
	version := strconv.FormatUint(v.Space.Version(e), 10)
	mark, _ := v.Space.Mark(c.Args[2])
	return reply.Simple(c.Reply, "Value at:0x0 refcount:"+strconv.FormatInt(references(e), 10)+
		" encoding:"+e.Encoding(v.Encodings())+" serializedlength:"+strconv.Itoa(e.Size())+
		" lru:"+strconv.FormatUint(uint64(mark), 10)+
		" lru_seconds_idle:"+strconv.FormatInt(v.Use.IdleSeconds(mark), 10)+" version:"+version)
}

// debugDigest is DEBUG DIGEST: the sum of the hashes of all keys that are present, so that their order does not matter.
func debugDigest(v exec.View, c exec.Call) []byte {
	var sum uint64
	v.Space.Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
		if !e.Expired(v.Now) {
			sum += v.Space.EntryDigest(e)
		}
		return true
	})
	return reply.Simple(c.Reply, digestText(sum))
}

// debugDigestValue is DEBUG DIGEST-VALUE [key …].
func debugDigestValue(v exec.View, c exec.Call) []byte {
	c.Reply = reply.ArrayHeader(c.Reply, len(c.Args)-2)
	for _, key := range c.Args[2:] {
		var digest uint64
		if e := v.Space.Get(key); e != nil {
			digest = v.Space.ValueDigest(e)
		}
		c.Reply = reply.Simple(c.Reply, digestText(digest))
	}
	return c.Reply
}

// digestText is a digest with as many digits as one of Redis has, which is a SHA-1.
func digestText(digest uint64) string { return fmt.Sprintf("%040x", digest) }
