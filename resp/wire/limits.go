package wire

// Limits bounds what one client can make a Reader hold. The zero value of a field means its default, which is Redis's.
type Limits struct {
	// MaxArguments is the largest number of arguments of one request. Default 1,048,576.
	MaxArguments int
	// MaxInlineBytes is the longest inline request, and the longest line of a header. Default 64 KiB.
	MaxInlineBytes int
	// MaxBulkBytes is the largest single argument. Default 512 MiB.
	MaxBulkBytes int
	// MaxRequestBytes is the largest request, headers included, and how much may be read ahead. Default 1 GiB.
	MaxRequestBytes int
}

// MaxBytes is the largest value of any limit: the reader keeps places in its buffer in 32 bits.
const MaxBytes = 1 << 30

// Limits of a client that still has to authenticate, those of Redis: it can say only AUTH and HELLO.
const (
	unauthenticatedMaxArguments = 10
	unauthenticatedMaxBulkBytes = 16 << 10
)

// maxClaimedArguments is the largest number of arguments that Redis reads. A request with more than MaxArguments is
// dropped as it arrives; one with more than this is a violation of the protocol.
const maxClaimedArguments = 1<<31 - 1

// Sizes of buffers. The protocol does not know them: they trade memory for system calls.
const (
	// SmallBufferBytes is what every connection holds for reading.
	SmallBufferBytes = 4 << 10
	// ReadBufferBytes is the most that is read at once when no request is larger.
	ReadBufferBytes = 64 << 10
	// minReadBytes is the room below which the buffer doubles, so that no read asks for a handful of bytes.
	minReadBytes = 512
	// quietFills is after how many reads that needed only a small buffer a reader returns to one.
	quietFills = 64
	// keptSpans is how many places of arguments a reader keeps between requests.
	keptSpans = 4 << 10
	// largeBulkBytes is from which length on a bulk that did not arrive whole gets storage of its own (as in Redis).
	largeBulkBytes = 32 << 10
)

// WithDefaults replaces zeros by the defaults.
func (l Limits) WithDefaults() Limits {
	byDefault := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	byDefault(&l.MaxArguments, 1<<20)
	byDefault(&l.MaxInlineBytes, 64<<10)
	byDefault(&l.MaxBulkBytes, 512<<20)
	byDefault(&l.MaxRequestBytes, MaxBytes)
	return l
}
