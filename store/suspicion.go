package store

import (
	"time"

	"tsujiban"
	"tsujiban/suspicion"
)

// SuspicionQuery selects cases of suspicion. Zero fields do not restrict.
type SuspicionQuery struct {
	Open     *bool
	Customer tsujiban.CustomerID
	Assigned string
	Limit    int    // 1 to MaxPage; 0 means DefaultPage
	Cursor   string // SuspicionPage.Next of the page before, with the same query
}

// SuspicionPage is a page of cases of suspicion, newest first.
type SuspicionPage struct {
	Cases []suspicion.Case
	Next  string // cursor of the following page; empty when there is none
}

// SuspicionLink is another case that has something in common with one.
type SuspicionLink struct {
	Case     uint64
	Customer tsujiban.CustomerID
	Opened   time.Time
	Open     bool
	Factor   string // what they have in common: range, source, agent
	Value    string
}
