package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"tsujiban"
)

// cursor is a place in a list: behind After. It holds for the query that it came from only, and grants nothing: every
// page is judged like the first.
type cursor struct {
	Query []byte `json:"q"` // the beginning of the hash of the query
	After string `json:"a"`
}

// queryHash is the hash of what was asked.
func queryHash(query ...string) []byte {
	h := sha256.Sum256([]byte(strings.Join(query, "\x00")))
	return h[:9]
}

// newCursor makes a cursor for the page after a place.
func newCursor(after string, query ...string) string {
	b, err := json.Marshal(cursor{queryHash(query...), after})
	if err != nil {
		panic(err) // bytes and a string
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads the place out of a cursor; empty for the first page.
func parseCursor(text string, query ...string) (after string, err error) {
	if text == "" {
		return "", nil
	}
	var c cursor
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.After == "" {
		return "", tsujiban.Errorf(tsujiban.CodeInvalid, "cursor: this is none; give what was answered as next, unchanged")
	}
	if !slices.Equal(c.Query, queryHash(query...)) {
		return "", tsujiban.Errorf(tsujiban.CodeInvalid, "cursor: it belongs to another query; begin again without one")
	}
	return c.After, nil
}

// pageOf cuts a page out of a list that is in the order of its keys.
func pageOf[T any](list []T, key func(*T) string, p Paging, query ...string) (*body[Page[T]], error) {
	after, err := parseCursor(p.Cursor, query...)
	if err != nil {
		return nil, err
	}
	from := 0
	if after != "" {
		from, _ = slices.BinarySearchFunc(list, after, func(v T, a string) int {
			if key(&v) <= a {
				return -1
			}
			return 1
		})
	}
	out := Page[T]{Items: items(list[from:])}
	if limit := max(p.Limit, 1); len(out.Items) > limit {
		out.Items = out.Items[:limit:limit]
		out.Next = newCursor(key(&out.Items[limit-1]), query...)
	}
	return answer(out), nil
}
