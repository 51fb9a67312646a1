package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// jsonFormat reads JSON that has one meaning only.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first { // huma reads twice: to compare with the document, and into the type
			if err := unambiguous(data); err != nil {
				return err
			}
		}
		return json.Unmarshal(data, v)
	},
}

// maxDepth is how deep a body may be nested.
const maxDepth = 20

// twice is a name that stands twice in an object.
type twice struct{ pointer string }

func (t *twice) Error() string { return "the same name stands twice: " + t.pointer }

var (
	errUTF8    = errors.New("the body is not valid UTF-8")
	errDepth   = errors.New("the body is nested too deep")
	errNull    = errors.New("null stands for nothing here; leave it out")
	errTrailer = errors.New("something follows the JSON value")
)

// unambiguous refuses what two parsers could read differently: names that stand twice, bytes that are no UTF-8, two values; and null, which would be the same as nothing.
func unambiguous(data []byte) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := value(d, "", 0); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("the body ends in the middle of JSON: %w", io.ErrUnexpectedEOF)
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailer
	}
	return nil
}

func value(d *json.Decoder, at string, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t {
	case nil:
		return errNull
	case json.Delim('{'):
		return object(d, at, depth)
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := value(d, at+"/"+strconv.Itoa(i), depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

func object(d *json.Decoder, at string, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder lets nothing else stand here
		here := at + "/" + escape(name)
		if seen[name] {
			return &twice{here}
		}
		seen[name] = true
		if err := value(d, here, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}
