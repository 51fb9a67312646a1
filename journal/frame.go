package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
)

// The frame of a line: eight hexadecimal digits of length, a mark, eight of CRC-32C, a blank.
const (
	frameHead = 18
	frameSize = frameHead + 1 // with the newline behind the line

	markNext  = ' ' // goes on with the batch
	markBatch = '*' // opens a batch: everything before it was durable when it was written
	markEnd   = '.' // no entry: the segment was closed in order here
)

// blankHead keeps the place of a frame that is sealed later.
const blankHead = "                  "

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealFrame fills in the frame of the line that begins frameHead bytes after start and reaches to
// the end of b, and ends it.
func sealFrame(b []byte, start int, mark byte) []byte {
	head := b[start : start+frameHead]
	putHex(head, uint32(len(b)-start-frameHead))
	head[8] = mark
	putHex(head[9:], frameSum(head, b[start+frameHead:]))
	head[17] = ' '
	return append(b, '\n')
}

func frameSum(head, line []byte) uint32 {
	return crc32.Update(crc32.Checksum(head[:9], castagnoli), castagnoli, line)
}

func putHex(b []byte, v uint32) {
	for i := range 8 {
		b[i] = hexDigits[v>>(28-4*i)&15]
	}
}

func getHex(b []byte) (v uint32, ok bool) {
	for _, c := range b[:8] {
		d := unhex[c]
		if d > 15 || c >= 'A' && c <= 'F' {
			return 0, false
		}
		v = v<<4 | uint32(d)
	}
	return v, true
}

// frameState says what stands at a place in a segment.
type frameState uint8

const (
	frameWhole frameState = iota
	frameMore             // cannot be told from these bytes alone: there must be more
	frameRoom             // zero bytes: room made in advance
	frameBad
)

// readFrame reads the frame at the start of b. When it is whole, line is its JSON and size its length in b.
func readFrame(b []byte) (line []byte, mark byte, size int, state frameState) {
	if len(b) > 0 && b[0] == 0 {
		return nil, 0, 0, frameRoom
	}
	if len(b) < frameHead {
		return nil, 0, 0, frameMore
	}
	n, ok := getHex(b)
	mark = b[8]
	sum, ok2 := getHex(b[9:])
	if !ok || !ok2 || n > MaxLine || b[17] != ' ' || mark != markNext && mark != markBatch && mark != markEnd {
		return nil, 0, 0, frameBad
	}
	size = int(n) + frameSize
	if len(b) < size {
		return nil, 0, size, frameMore
	}
	line = b[frameHead : size-1]
	if b[size-1] != '\n' || frameSum(b, line) != sum || (mark == markEnd) != (n == 0) {
		return nil, 0, 0, frameBad
	}
	return line, mark, size, frameWhole
}

// lineSeq reads the sequence number at the start of a line.
func lineSeq(line []byte) (uint64, bool) {
	const lead = `{"seq":`
	if len(line) < len(lead) || string(line[:len(lead)]) != lead {
		return 0, false
	}
	var v uint64
	i := len(lead)
	for ; i < len(line) && line[i]-'0' <= 9; i++ {
		v = v*10 + uint64(line[i]-'0')
	}
	return v, i > len(lead) && i <= len(lead)+20 && i < len(line) && (line[i] == ',' || line[i] == '}')
}

const (
	headerLead = "tsujiban-journal 1 "
	headerSize = len(headerLead) + 20 + 1 + 20 + 1 + 8 + 1
)

// appendHeader appends the first line of a segment: its own first entry and that of the segment before it.
func appendHeader(b []byte, first, prev uint64) []byte {
	start := len(b)
	b = fmt.Appendf(b, "%s%020d %020d ", headerLead, first, prev)
	return fmt.Appendf(b, "%08x\n", crc32.Checksum(b[start:], castagnoli))
}

// readHeader reads what appendHeader wrote.
func readHeader(b []byte) (first, prev uint64, ok bool) {
	if len(b) < headerSize || string(b[:len(headerLead)]) != headerLead {
		return 0, 0, false
	}
	sum, ok := getHex(b[headerSize-9:])
	if !ok || b[headerSize-1] != '\n' || crc32.Checksum(b[:headerSize-9], castagnoli) != sum {
		return 0, 0, false
	}
	first, err1 := strconv.ParseUint(string(b[len(headerLead):len(headerLead)+20]), 10, 64)
	prev, err2 := strconv.ParseUint(string(b[len(headerLead)+21:len(headerLead)+41]), 10, 64)
	return first, prev, err1 == nil && err2 == nil
}

// allZero tells whether b holds nothing but zero bytes.
func allZero(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
