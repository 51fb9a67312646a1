// Package letter is what a notice looks like: parts that are laid out as plain text, as
// HTML and as a Slack message. It knows nothing of what is told. All text is cleaned here,
// at the last moment, wherever it came from: part of it was written by attackers.
package letter

import (
	"encoding/json"
	"time"

	"tsujiban"
)

// Tone is how a letter looks, a closed set: colour is for meaning only.
type Tone uint8

// The tones.
const (
	Calm  Tone = iota
	Good       // something is in order again
	Warn       // somebody should look
	Alarm      // something was stopped, or is lost
)

// Letter is one message to a person.
type Letter struct {
	Lang    tsujiban.Lang
	Tone    Tone
	Subject string
	Title   string // the first line; Subject when empty
	Parts   []Part
	Foot    []string // who sends this and why
}

// Part is a piece of a letter; what is empty is left out. The order is that of the fields.
type Part struct {
	Heading string
	Text    string // paragraphs are parted by newlines
	Pairs   []Pair
	Table   *Table
	List    []string
	Steps   []string // a list that is numbered
	Links   []Link
	After   string // small print below
}

// Pair is a name with its value.
type Pair struct{ Name, Value string }

// Table has a head and rows of the same length.
type Table struct {
	Head  []string
	Right []bool // columns of figures; nil: none
	Rows  [][]string
}

// Link is a way to somewhere. URL is ours, made by the program.
type Link struct {
	Text, URL string
	Strong    bool // the answer that is looked for
}

// Parcel is a letter on its way: to a person, and in the shape that programs read.
type Parcel struct {
	ID     string // the same when it is sent again
	Kind   string // stable code
	At     time.Time
	To     string
	Name   string
	Urgent bool
	Letter *Letter
	Event  json.RawMessage // the facts, for programs
}
