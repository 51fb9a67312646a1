package tsujiban

import (
	"errors"
	"fmt"
)

// Code says what kind of thing went wrong in a request of a person or a program. It is
// mapped once, here, to an HTTP status, an exit code and words.
type Code uint8

// The codes.
const (
	CodeInternal Code = iota
	CodeInvalid       // the input is wrong; the message says where and how to put it right
	CodeNotFound
	CodeExists
	CodeForbidden
	CodeConflict // the state does not allow it now
	CodeUnavailable
	CodeCorrupt // stored data does not hold what was written
	CodeChanged // somebody else has changed it since it was read
	numCodes
)

var codeRows = [numCodes]struct {
	code   string
	http   int
	exit   int
	ja, en string
}{
	CodeInternal:    {"internal", 500, 70, "内部エラー", "internal error"},
	CodeInvalid:     {"invalid", 400, 64, "入力に誤りがあります", "the input is wrong"},
	CodeNotFound:    {"not-found", 404, 66, "見つかりません", "not found"},
	CodeExists:      {"exists", 409, 73, "すでに存在します", "already exists"},
	CodeForbidden:   {"forbidden", 403, 77, "許可されていません", "not allowed"},
	CodeConflict:    {"conflict", 409, 75, "現在の状態では実行できません", "not possible in the present state"},
	CodeUnavailable: {"unavailable", 503, 69, "現在利用できません", "not available now"},
	CodeCorrupt:     {"corrupt", 500, 65, "データが壊れています", "stored data is damaged"},
	CodeChanged:     {"precondition-failed", 412, 75, "その間に変更されています", "it has been changed meanwhile"},
}

func (c Code) row() int { return int(min(c, numCodes-1)) }

// String is the stable code: "not-found".
func (c Code) String() string { return codeRows[c.row()].code }

// HTTPStatus is the status of a reply over HTTP.
func (c Code) HTTPStatus() int { return codeRows[c.row()].http }

// ExitCode is the exit code of a command (sysexits.h).
func (c Code) ExitCode() int { return codeRows[c.row()].exit }

// Text says the code to a person.
func (c Code) Text(l Lang) string {
	if l == English {
		return codeRows[c.row()].en
	}
	return codeRows[c.row()].ja
}

// ParseCode finds a code by its name.
func ParseCode(s string) (Code, bool) {
	for i := range codeRows {
		if codeRows[i].code == s {
			return Code(i), true
		}
	}
	return 0, false
}

// Error is an error with a code. Its text says what is wrong and what to do next.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; a %w verb names what lies beneath.
func Errorf(c Code, format string, args ...any) error {
	return &Error{Code: c, Err: fmt.Errorf(format, args...)}
}

// CodeOf finds the code of an error: CodeInternal when it carries none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
