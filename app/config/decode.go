package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"tsujiban"
)

// reader gathers what is wrong in one file while its values are understood.
type reader struct {
	file     string
	dir      string         // where relative paths start
	lines    map[string]int // path of a key, "listen[0].address", to its line
	problems Problems
	broken   bool // the text does not have the right shape: its values were not read
}

func (r *reader) bad(path, ja, en string, args ...any) {
	r.add(r.line(path), path, fmt.Sprintf(ja, args...), fmt.Sprintf(en, args...))
}

func (r *reader) add(line int, path, ja, en string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Key: path, Ja: ja, En: en})
}

// line is where the key stands; when it is left out, where its table stands.
func (r *reader) line(path string) int {
	for path != "" {
		if l := r.lines[path]; l > 0 {
			return l
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &tsujiban.Error{Code: tsujiban.CodeInvalid, Err: r.problems}
}

// decode fills v, a pointer to one of the file shapes, and notes every unknown key
// and every value of the wrong type; reader.broken is set when v could not be filled.
func decode(name, dir string, data []byte, v any) *reader {
	r := &reader{file: name, dir: dir, lines: map[string]int{}}
	w := walker{reader: r, root: reflect.TypeOf(v).Elem(), counts: map[string]int{}}
	w.newlines(data)
	w.walk(data)
	if r.broken {
		return r
	}
	d := toml.NewDecoder(bytes.NewReader(data))
	if len(r.problems) == 0 {
		d.DisallowUnknownFields() // the walker has found none: this is the second opinion
	}
	if err := d.Decode(v); err != nil {
		r.syntax(err)
	}
	return r
}

// syntax notes an error of the TOML reader: text that is no TOML, a key given twice.
func (r *reader) syntax(err error) {
	line := 0
	var de *toml.DecodeError
	if errors.As(err, &de) {
		line, _ = de.Position()
	}
	r.broken = true
	what := strings.TrimPrefix(err.Error(), "toml: ")
	r.add(line, "", "TOML として読めません: "+what, "this is not TOML: "+what)
}

// walker compares the text with the shape, so that every misfit is found in one go
// and every key's line is known.
type walker struct {
	*reader
	root   reflect.Type
	counts map[string]int // path of an array of tables to how many there are
	ends   []int          // offsets of the newlines
	parser unstable.Parser
}

func (w *walker) newlines(data []byte) {
	for i, c := range data {
		if c == '\n' {
			w.ends = append(w.ends, i)
		}
	}
}

func (w *walker) lineOf(raw unstable.Range) int {
	return sort.SearchInts(w.ends, int(raw.Offset)) + 1
}

func (w *walker) walk(data []byte) {
	w.parser.Reset(data)
	table, path := w.root, ""
	for w.parser.NextExpression() {
		e := w.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table, path = w.header(e)
		case unstable.KeyValue:
			if table != nil {
				w.keyValue(e, table, path)
			}
		}
	}
	if err := w.parser.Error(); err != nil {
		w.parseError(err)
	}
}

// misfit notes a value that cannot be put into the shape.
func (w *walker) misfit(line int, path, ja, en string) {
	w.broken = true
	w.add(line, path, ja, en)
}

func (w *walker) parseError(err error) {
	line := 0
	var pe *unstable.ParserError
	if errors.As(err, &pe) && len(pe.Highlight) > 0 {
		line = w.lineOf(w.parser.Range(pe.Highlight))
	}
	w.broken = true
	w.add(line, "", "TOML として読めません: "+err.Error(), "this is not TOML: "+err.Error())
}

// header follows a [table] or [[array of tables]] from the root; the type is nil when
// it leads nowhere.
func (w *walker) header(e *unstable.Node) (reflect.Type, string) {
	t, path := w.root, ""
	it := e.Key()
	for it.Next() {
		key := it.Node()
		last := it.IsLast()
		line := w.lineOf(key.Raw)
		sub, ok := field(t, string(key.Data))
		if !ok {
			w.unknown(line, t, path, string(key.Data), true)
			return nil, ""
		}
		path = join(path, string(key.Data))
		isList := sub.Kind() == reflect.Slice && sub.Elem().Kind() == reflect.Struct
		switch {
		case isList && last && e.Kind == unstable.Table:
			w.misfit(line, path, fmt.Sprintf("複数置けるものなので [[%s]] と書いてください", path), fmt.Sprintf("there can be several: write [[%s]]", path))
			return nil, ""
		case isList:
			if last {
				w.counts[path]++
			}
			if w.counts[path] == 0 {
				w.misfit(line, path, fmt.Sprintf("先に [[%s]] が必要です", path), fmt.Sprintf("a [[%s]] must come before it", path))
				return nil, ""
			}
			path, sub = fmt.Sprintf("%s[%d]", path, w.counts[path]-1), sub.Elem()
		case sub.Kind() != reflect.Struct || sub == literalType:
			w.misfit(line, path, "表ではなく値です: "+path+" = … と書いてください", "it is a value, not a table: write "+path+" = …")
			return nil, ""
		case last && e.Kind == unstable.ArrayTable:
			w.misfit(line, path, fmt.Sprintf("一つだけのものなので [%s] と書いてください", path), fmt.Sprintf("there is only one: write [%s]", path))
			return nil, ""
		}
		w.lines[path] = line
		t = sub
	}
	return t, path
}

// keyValue checks one "key = value", whose key may be dotted.
func (w *walker) keyValue(e *unstable.Node, t reflect.Type, path string) {
	it := e.Key()
	line := 0
	for it.Next() {
		key := it.Node()
		line = w.lineOf(key.Raw)
		sub, ok := field(t, string(key.Data))
		if !ok {
			w.unknown(line, t, path, string(key.Data), false)
			return
		}
		path = join(path, string(key.Data))
		w.lines[path] = line
		t = sub
	}
	w.value(e.Value(), t, path, line)
}

var literalType = reflect.TypeFor[literal]()

// value checks that a value has the type that the shape wants.
func (w *walker) value(v *unstable.Node, t reflect.Type, path string, line int) {
	switch {
	case t == literalType:
		w.want(v, path, line, "数または引用符付きの文字列", "a number or text in quotes", unstable.Integer, unstable.Float, unstable.String)
	case t.Kind() == reflect.Interface:
		w.want(v, path, line, "日付（2026-04-01）", "a date (2026-04-01)", unstable.LocalDate, unstable.String)
	case t.Kind() == reflect.String:
		w.want(v, path, line, "引用符付きの文字列", "text in quotes", unstable.String)
	case t.Kind() == reflect.Bool:
		w.want(v, path, line, "true または false", "true or false", unstable.Bool)
	case t.Kind() == reflect.Pointer:
		w.want(v, path, line, "整数（引用符なし）", "a whole number without quotes", unstable.Integer)
	case t.Kind() == reflect.Struct:
		if w.want(v, path, line, "表 { … }", "a table { … }", unstable.InlineTable) {
			w.members(v, t, path)
		}
	case t.Kind() == reflect.Slice:
		if w.want(v, path, line, `一覧 [ … ]`, `a list [ … ]`, unstable.Array) {
			w.elements(v, t.Elem(), path, line)
		}
	}
}

func (w *walker) members(v *unstable.Node, t reflect.Type, path string) {
	it := v.Children()
	for it.Next() {
		if it.Node().Kind == unstable.KeyValue {
			w.keyValue(it.Node(), t, path)
		}
	}
}

func (w *walker) elements(v *unstable.Node, t reflect.Type, path string, line int) {
	it := v.Children()
	for i := 0; it.Next(); {
		n := it.Node()
		if n.Kind == unstable.Comment {
			continue
		}
		if n.Raw.Length > 0 {
			line = w.lineOf(n.Raw)
		}
		at := fmt.Sprintf("%s[%d]", path, i)
		w.lines[at] = line
		w.value(n, t, at, line)
		i++
	}
}

func (w *walker) want(v *unstable.Node, path string, line int, ja, en string, kinds ...unstable.Kind) bool {
	if slices.Contains(kinds, v.Kind) {
		return true
	}
	w.misfit(line, path, "値の種類が違います: "+ja+"を書いてください", "wrong type of value: write "+en)
	return false
}

// unknown notes a key that the shape does not have, with the nearest one that it has.
func (w *walker) unknown(line int, t reflect.Type, path, key string, table bool) {
	names := fieldNames(t)
	best, dist := "", 4
	for _, n := range names {
		if d := distance(n, key, dist); d < dist {
			best, dist = n, d
		}
	}
	at := join(path, key)
	what, whatJa := "key", "キー"
	if table {
		what, whatJa = "table", "表"
	}
	if best != "" && dist <= max(1, len(best)/3) {
		w.add(line, at, fmt.Sprintf("そのような%sはありません。%s のことですか", whatJa, best), fmt.Sprintf("no such %s; did you mean %s?", what, best))
		return
	}
	list := strings.Join(names, ", ")
	w.add(line, at, fmt.Sprintf("そのような%sはありません。使えるもの: %s", whatJa, list), fmt.Sprintf("no such %s; there are: %s", what, list))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// field finds the type of the member that is written as key.
func field(t reflect.Type, key string) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("toml") == key && key != "" {
			return f.Type, true
		}
	}
	return nil, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if n := t.Field(i).Tag.Get("toml"); n != "" {
				names = append(names, n)
			}
		}
	}
	return names
}

// distance is the number of letters to change, add or drop to make b of a; limit when
// it is not smaller than that.
func distance(a, b string, limit int) int {
	if len(b) > 64 || len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	prev := make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(prev[j]+cost, prev[j+1]+1, next[j]+1)
		}
		prev, next = next, prev
	}
	return min(prev[len(b)], limit)
}
