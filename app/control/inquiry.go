package control

import (
	"tsujiban/inquiry"
)

// InquiryOpen takes a case of the inquiry desk down.
type InquiryOpen struct {
	Kind     string   `json:"kind"` // "warrant", or what people call it: "令状"
	Agency   string   `json:"agency,omitempty"`
	Officer  string   `json:"officer,omitempty"`
	Document string   `json:"document"`
	Date     string   `json:"date,omitempty"` // on the document; today when empty
	Numbers  []string `json:"numbers,omitempty"`
	Days     int      `json:"days,omitempty"`
	Note     string   `json:"note,omitempty"`
}

// InquiryAsk is a question, as people write it.
type InquiryAsk struct {
	Ground string         `json:"ground"` // a case, or a new one in a line: see [inquiry.ParseGround]
	Number string         `json:"number"`
	Date   string         `json:"date,omitempty"` // these three as of [inquiry.Span]
	From   string         `json:"from,omitempty"`
	To     string         `json:"to,omitempty"`
	Talked inquiry.Length `json:"talked,omitzero"`
	Within inquiry.Length `json:"within,omitzero"`
	Other  string         `json:"other,omitempty"`
	Way    string         `json:"way,omitempty"`
	Reveal bool           `json:"reveal,omitempty"`
	Lang   string         `json:"lang,omitempty"` // of what is told in words
}

// InquiryState is a case and the looks that were made under it.
type InquiryState struct {
	inquiry.Case
	Looks []inquiry.Look `json:"looks"`
}

// InquiryFile is what is handed over: a letter, or a bundle.
type InquiryFile struct {
	Look    int64  `json:"look"` // under which it was made
	Name    string `json:"name"`
	Data    []byte `json:"data"`
	Records int    `json:"records,omitempty"`
	Key     string `json:"key,omitempty"` // fingerprint of the key that signed it
}
