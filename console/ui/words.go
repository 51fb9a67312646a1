package ui

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"tsujiban"
)

// words is a catalog: what is said to people, by key, in every language.
//
// A file of words is TOML; a key has the text in Japanese and in English:
//
//	[now]
//	title = ["現況", "Now"]
//	calls = ["通話中 {0} 件", "{0} call|{0} calls"]
//
// {0}, {1}, … are what the page gives. An English text with "|" has the singular before it: the first whole number given decides.
type words map[string][2]string

func readWords(files fs.FS, name string) (words, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	w := words{}
	if err := w.take("", tree); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return w, nil
}

func (w words) take(at string, tree map[string]any) error {
	for key, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			if err := w.take(at+key+".", v); err != nil {
				return err
			}
		case []any:
			var both [2]string
			for i := range both {
				if len(v) == len(both) {
					both[i], _ = v[i].(string)
				}
				if both[i] == "" {
					return fmt.Errorf("%s%s: write two texts, Japanese and English", at, key)
				}
			}
			if slots(both[0]) != slots(both[1]) {
				return fmt.Errorf("%s%s: the languages do not use the same {0}, {1}, …", at, key)
			}
			w[at+key] = both
		default:
			return fmt.Errorf("%s%s: write two texts, Japanese and English", at, key)
		}
	}
	return nil
}

// slots tells which of {0} to {9} stand in a text, as bits.
func slots(s string) (bits int) {
	for i := range 10 {
		if strings.Contains(s, "{"+strconv.Itoa(i)+"}") {
			bits |= 1 << i
		}
	}
	return bits
}

// say finds a text and fills it. ok is false when there is no such key.
func (w words) say(l tsujiban.Lang, key string, args ...any) (text string, ok bool) {
	both, ok := w[key]
	if !ok {
		return key, false
	}
	text = both[l]
	if one, more, split := strings.Cut(text, "|"); split && l == tsujiban.English {
		if text = more; singular(args) {
			text = one
		}
	}
	if len(args) == 0 {
		return text, true
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", spoken(a))
	}
	return strings.NewReplacer(pairs...).Replace(text), true
}

func singular(args []any) bool {
	for _, a := range args {
		switch a.(type) {
		case int, int64, uint64, uint32, int32, uint:
			return fmt.Sprint(a) == "1"
		}
	}
	return false
}

// spoken writes what is filled into a text: whole numbers are grouped.
func spoken(a any) string {
	switch a := a.(type) {
	case string:
		return a
	case int, int64, uint64, uint32, int32, uint:
		return Grouped(a)
	}
	return fmt.Sprint(a)
}

func (w words) keys() []string {
	var ks []string
	for k := range w {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}
