package value

// digestChunkBytes is the length of the parts of a long string whose hashes make its digest.
const digestChunkBytes = 4 << 10

// zeroDigest stands for the digest of a full chunk of zeros, which adds nothing to the sum: so zeros cost nothing, how
// many there ever are.
const zeroDigest = 0

// chunkCount is the number of chunks of a string.
func chunkCount(length int) int { return (length + digestChunkBytes - 1) / digestChunkBytes }

// chunkLength is the length of a chunk of a string.
func chunkLength(index, length int) int { return min(digestChunkBytes, length-index*digestChunkBytes) }

// chunkShare is what a chunk adds to the sum.
func chunkShare(s Sip, index int, digest uint64) uint64 {
	if digest == zeroDigest {
		return 0
	}
	return s.Word(uint64(index)).Finish(digest)
}

// foldChunks is the digest of a string of several chunks.
func foldChunks(s Sip, length int, sum uint64) uint64 { return s.Word(uint64(length)).Finish(sum) }

// isZeroChunk reports whether bytes are a full chunk of zeros.
func isZeroChunk[T Text](b T) bool {
	if len(b) != digestChunkBytes {
		return false
	}
	for i := 0; i < digestChunkBytes; i += 8 {
		if wordAt(b[i:i+8]) != 0 {
			return false
		}
	}
	return true
}

// DigestString is the hash of a string, the same for any layout: of up to digestChunkBytes the plain hash, of longer ones
// made of the hashes of chunks.
func DigestString[T Text](s Sip, text T) uint64 {
	if len(text) <= digestChunkBytes {
		return Digest(s, text)
	}
	var sum uint64
	for i := range chunkCount(len(text)) {
		begin := i * digestChunkBytes
		if part := text[begin : begin+chunkLength(i, len(text))]; !isZeroChunk(part) {
			sum += chunkShare(s, i, Digest(s, part))
		}
	}
	return foldChunks(s, len(text), sum)
}
