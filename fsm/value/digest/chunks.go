package digest

// ChunkBytes is the length of the parts of a long string whose hashes make its digest.
const ChunkBytes = 4 << 10

// ZeroChunk stands for the digest of a full chunk of zeros, which adds nothing to the sum: so zeros cost nothing, how
// many there ever are.
const ZeroChunk = 0

// ChunkCount is the number of chunks of a string.
func ChunkCount(length int) int { return (length + ChunkBytes - 1) / ChunkBytes }

// ChunkLength is the length of a chunk of a string.
func ChunkLength(index, length int) int { return min(ChunkBytes, length-index*ChunkBytes) }

// ChunkShare is what a chunk adds to the sum.
func ChunkShare(s Sip, index int, digest uint64) uint64 {
	if digest == ZeroChunk {
		return 0
	}
	return s.Word(uint64(index)).Finish(digest)
}

// FoldChunks is the digest of a string of several chunks.
func FoldChunks(s Sip, length int, sum uint64) uint64 { return s.Word(uint64(length)).Finish(sum) }

// IsZeroChunk reports whether bytes are a full chunk of zeros.
func IsZeroChunk[T Text](b T) bool {
	if len(b) != ChunkBytes {
		return false
	}
	for i := 0; i < ChunkBytes; i += 8 {
		if WordAt(b[i:i+8]) != 0 {
			return false
		}
	}
	return true
}

// OfString is the hash of a string, the same for any layout: of up to ChunkBytes the plain hash, of longer ones
// made of the hashes of chunks.
func OfString[T Text](s Sip, text T) uint64 {
	if len(text) <= ChunkBytes {
		return Of(s, text)
	}
	var sum uint64
	for i := range ChunkCount(len(text)) {
		begin := i * ChunkBytes
		if part := text[begin : begin+ChunkLength(i, len(text))]; !IsZeroChunk(part) {
			sum += ChunkShare(s, i, Of(s, part))
		}
	}
	return FoldChunks(s, len(text), sum)
}
