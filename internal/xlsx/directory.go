package xlsx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

const (
	maxDirectory = 4 << 20 // bytes of the directory of an archive: a workbook of a thousand sheets needs a tenth of it
	endSize      = 22      // of the record at an archive's end, without its comment
)

// checkDirectory refuses an archive whose list of files would not fit into memory.
func checkDirectory(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, endSize+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+endSize > len(tail) {
		return &Error{Cause: "is no sound ZIP archive or workbook: its end is missing", Hint: "copy or export it again: it may be cut off"}
	}
	length := uint64(binary.LittleEndian.Uint32(tail[at+12:]))
	if i := bytes.LastIndex(tail[:at], []byte("PK\x06\x06")); length == 1<<32-1 && i >= 0 && i+48 <= at {
		length = binary.LittleEndian.Uint64(tail[i+40:])
	}
	if length > maxDirectory {
		return &Error{Cause: "is a ZIP archive of too many files to be a workbook", Hint: "unpack it, and give the files in it"}
	}
	return nil
}
