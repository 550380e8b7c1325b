package migration

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Order is a call of MIGRATE. Its bytes are its own.
type Order struct {
	// Host and Port name the target as the client did. What is no port is answered as a target that is not there.
	Host, Port string
	// Keys are those to move, Database is where they go.
	Keys     [][]byte
	Database int64
	// Timeout bounds each step with the target that makes no progress: dialling, taking some bytes, answering.
	Timeout time.Duration
	// Copy leaves the keys here, Replace overwrites keys of the target.
	Copy, Replace bool
	// Credentials are the arguments of AUTH, nil for none.
	Credentials [][]byte
}

const (
	// defaultTimeoutMillis is the timeout for one that is not positive, as in Redis.
	defaultTimeoutMillis = 1000
	// optionsFrom is the position of the first option, keyPosition that of the key.
	optionsFrom, keyPosition = 6, 3
)

// keyWithKeys is Redis's text to the letter.
const keyWithKeys = "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"

// Parse reads a call, whose number of arguments MIGRATE accepts, or returns the text of an error. It copies what it
// keeps.
func Parse(args [][]byte) (o *Order, failure string) {
	o = &Order{Host: string(args[1]), Port: string(args[2]), Keys: args[keyPosition : keyPosition+1]}
	for at := optionsFrom; at < len(args); at++ {
		behind := args[at+1:]
		switch strings.ToLower(string(args[at][:min(len(args[at]), len("replace")+1)])) {
		case "copy":
			o.Copy = true
		case "replace":
			o.Replace = true
		case "auth":
			if len(behind) < 1 {
				return nil, reply.Syntax
			}
			o.Credentials, at = behind[:1], at+1
		case "auth2":
			if len(behind) < 2 {
				return nil, reply.Syntax
			}
			o.Credentials, at = behind[:2], at+2
		case "keys":
			if len(args[keyPosition]) != 0 {
				return nil, keyWithKeys
			}
			o.Keys, at = behind, len(args)
		default:
			return nil, reply.Syntax
		}
	}
	millis, isMillis := number.Parse(args[5])
	database, isDatabase := number.Parse(args[4])
	if !isMillis || !isDatabase {
		return nil, reply.NotInteger
	}
	if millis <= 0 {
		millis = defaultTimeoutMillis
	}
	o.Timeout, o.Database = time.Duration(min(millis, math.MaxInt64/int64(time.Millisecond)))*time.Millisecond, database
	o.Keys, o.Credentials = own(o.Keys), own(o.Credentials)
	return o, ""
}

// Bytes is about how much memory the order takes.
func (o *Order) Bytes() (sum int) {
	for _, key := range o.Keys {
		sum += len(key) + sliceBytes
	}
	return sum
}

// sliceBytes is what a slice takes besides its bytes.
const sliceBytes = 24

// own copies texts.
func own(texts [][]byte) [][]byte {
	if texts == nil {
		return nil
	}
	bytesOf := bytes.Join(texts, nil)
	copied := make([][]byte, len(texts))
	for i, text := range texts {
		copied[i] = bytesOf[:len(text):len(text)]
		bytesOf = bytesOf[len(text):]
	}
	return copied
}

// Bounds of a portion.
const (
	// portionKeys is how many keys a portion has at most.
	portionKeys = 64
	// portionBytes is about how long the values of a portion are together at most, in the bytes that they take here. A
	// longer value is a portion by itself.
	portionBytes = 1 << 20
)

// next takes the keys of a portion from those that are left. Of a key that stands there twice one is dropped: where
// Redis finds it at the target when it comes for the second time, it is moved here.
func next(keys [][]byte, weigh func(key []byte) int) (portion, rest [][]byte) {
	bytesOf := 0
	for i, key := range keys {
		if len(portion) == portionKeys {
			return portion, keys[i:]
		}
		if slices.ContainsFunc(portion, func(other []byte) bool { return bytes.Equal(other, key) }) {
			continue
		}
		if bytesOf += len(key) + weigh(key); bytesOf > portionBytes && len(portion) > 0 {
			return portion, keys[i:]
		}
		portion = append(portion, key)
	}
	return portion, nil
}
