package explore

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// stateFile keeps what a search has found, so that it can go on after its process has ended. It begins with a line that
// names the space. Then come chunks, in the order in which the search added them:
//
//	end       u64  all states before it are expanded
//	count     u32  of new states
//	CRC32     u32  of all that follows
//	count times    fingerprint u64, record u64
//
// All numbers are little-endian. A chunk that is cut short or damaged ends the file: the search finds it again.
type stateFile struct {
	file   *os.File
	writer *bufio.Writer
	buffer []byte
}

const (
	chunkHeaderBytes = 16
	stateBytes       = 16
	fileBufferBytes  = 1 << 20
)

// openStateFile opens or begins a file. It refuses the file of another space.
func openStateFile(name, heading string) (*stateFile, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("explore: %w", err)
	}
	f := &stateFile{file: file, writer: bufio.NewWriterSize(file, fileBufferBytes)}
	line := make([]byte, len(heading)+1)
	n, err := io.ReadFull(file, line)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		_, err = file.WriteString(heading + "\n")
	case err == nil && string(line) != heading+"\n" || errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("it is of another search, or of another core: it begins with %q, not with %q; remove it to begin "+
			"anew", line[:n], heading)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("explore: %s: %w", name, err)
	}
	return f, nil
}

// read hands out all whole chunks, and cuts off what is behind them. It stops before there are more than statesMax.
func (f *stateFile) read(statesMax int, take func(chunk)) error {
	at, err := f.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	reader := bufio.NewReaderSize(f.file, fileBufferBytes)
	states, first := 1, 0
	for {
		c, err := f.readChunk(reader, statesMax-states)
		if err != nil {
			return err
		}
		if c.end == 0 {
			break
		}
		c.first, first = first, c.end
		states += len(c.records)
		at += int64(chunkHeaderBytes + stateBytes*len(c.records))
		take(c)
	}
	if err := f.file.Truncate(at); err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	if _, err := f.file.Seek(at, io.SeekStart); err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	return nil
}

// readChunk reads one chunk; its end is 0 behind the last whole one.
func (f *stateFile) readChunk(reader io.Reader, room int) (c chunk, err error) {
	var header [chunkHeaderBytes]byte
	if _, err := io.ReadFull(reader, header[:]); err != nil {
		return chunk{}, endOfFile(err)
	}
	count := int(binary.LittleEndian.Uint32(header[8:]))
	if count > chunkStates*wireMax*8 {
		return chunk{}, nil
	}
	if count > room {
		return chunk{}, fmt.Errorf("explore: the file has more states than StatesMax allows")
	}
	f.buffer = append(f.buffer[:0], make([]byte, count*stateBytes)...)
	if _, err := io.ReadFull(reader, f.buffer); err != nil {
		return chunk{}, endOfFile(err)
	}
	if crc32.ChecksumIEEE(f.buffer) != binary.LittleEndian.Uint32(header[12:]) {
		return chunk{}, nil
	}
	c.end = int(binary.LittleEndian.Uint64(header[:]))
	for at := 0; at < len(f.buffer); at += stateBytes {
		c.fingerprints = append(c.fingerprints, binary.LittleEndian.Uint64(f.buffer[at:]))
		c.records = append(c.records, record(binary.LittleEndian.Uint64(f.buffer[at+8:])))
	}
	return c, nil
}

func endOfFile(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("explore: %w", err)
}

// write appends a chunk. It may be called on nil, when no file is kept.
func (f *stateFile) write(c chunk) error {
	if f == nil {
		return nil
	}
	f.buffer = append(f.buffer[:0], make([]byte, chunkHeaderBytes)...)
	for i, r := range c.records {
		f.buffer = binary.LittleEndian.AppendUint64(f.buffer, c.fingerprints[i])
		f.buffer = binary.LittleEndian.AppendUint64(f.buffer, uint64(r))
	}
	binary.LittleEndian.PutUint64(f.buffer[0:], uint64(c.end))
	binary.LittleEndian.PutUint32(f.buffer[8:], uint32(len(c.records)))
	binary.LittleEndian.PutUint32(f.buffer[12:], crc32.ChecksumIEEE(f.buffer[chunkHeaderBytes:]))
	if _, err := f.writer.Write(f.buffer); err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	return nil
}

// close writes what is left. It may be called on nil.
func (f *stateFile) close() error {
	if f == nil {
		return nil
	}
	if err := errors.Join(f.writer.Flush(), f.file.Close()); err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	return nil
}
