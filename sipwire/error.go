package sipwire

// Limits of what is read. A message beyond them is refused.
const (
	MaxMessage = 65_535 // bytes in a datagram (RFC 3261 §18.1.1) and in a frame of a stream
	MaxHeaders = 128    // header lines
	MaxLine    = 8_192  // bytes in the start line, and in one header line with its folds
)

// Error is a fault in a message; a closed set, usable as a metric label. The zero Error is none.
type Error uint8

// The faults.
const (
	ErrEmpty Error = iota + 1
	ErrTooLarge
	ErrTruncated
	ErrStartLine
	ErrVersion
	ErrControl
	ErrBareCRLF
	ErrHeaderName
	ErrFolded
	ErrDuplicate
	ErrMissing
	ErrTooManyHeaders
	ErrLineTooLong
	ErrContentLength
	ErrCSeq
	ErrVia
	ErrAddress
	ErrURI
	ErrNumber
	ErrParam
	ErrBlankLine
	ErrCallID
	numErrors
)

// NumErrors is the count of faults, for tables indexed by Error.
const NumErrors = int(numErrors)

var errorTexts = [numErrors]string{
	ErrEmpty: "empty message", ErrTooLarge: "message over 65,535 bytes", ErrTruncated: "message ends before it should",
	ErrStartLine: "malformed start line", ErrVersion: "not SIP/2.0", ErrControl: "control character in the header section",
	ErrBareCRLF: "bare CR or LF", ErrHeaderName: "malformed header name", ErrFolded: "folded header that must be one line",
	ErrDuplicate: "header that must stand once stands twice", ErrMissing: "mandatory header missing",
	ErrTooManyHeaders: "more than 128 header lines", ErrLineTooLong: "line over 8,192 bytes",
	ErrContentLength: "malformed or conflicting Content-Length", ErrCSeq: "malformed CSeq, or its method is not the request's",
	ErrVia: "malformed Via", ErrAddress: "malformed address header", ErrURI: "malformed URI", ErrNumber: "malformed number",
	ErrParam: "malformed or repeated parameter", ErrBlankLine: "line of white space in the header section",
	ErrCallID: "malformed Call-ID",
}

func (e Error) Error() string {
	if int(e) < len(errorTexts) && errorTexts[e] != "" {
		return errorTexts[e]
	}
	return "unknown fault"
}

// orNil makes an error of a fault, nil of none.
func (e Error) orNil() error {
	if e == 0 {
		return nil
	}
	return e
}
