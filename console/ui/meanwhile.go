package ui

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// Two people may change the same settings at a time. A form carries what it was made from ([Made]), the order is given under that version, and
// when the program refuses it (tsujiban.CodeChanged) the form comes back with what was changed meanwhile ([Request.Merge]).

// Made is what a form was made from: {{template "made" .Data.Made}} in the form.
type Made struct {
	Version string // of what was set
	Was     string // when it was read, and a sum of each field
}

// Made makes it. Fields of the form's struct that are no settings have the tag base:"-".
func (r *Request) Made(version string, form any) Made {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(r.Now().UnixMicro(), 36))
	for name, v := range settingsOf(form) {
		b.WriteString("," + name + ":" + sumOf(v))
	}
	return Made{version, b.String()}
}

// WasMade is what the form that was sent was made from. A form that does not say is one of no version at all.
func (r *Request) WasMade() Made {
	if r.parse() != nil {
		return Made{}
	}
	return Made{r.PostForm.Get("version"), r.PostForm.Get("was")}
}

// Meanwhile is what others have changed since a form was made.
type Meanwhile struct {
	Changed []Changed
	Actions []control.Action // who did it
	read    time.Time
}

// Changed is a field that others have changed.
type Changed struct {
	Field, Label string
	Now, Typed   any  // of the field's type
	Kept         bool // what was typed stands in the form; otherwise it has what is set now
}

// Merge takes what others have changed meanwhile into a form, a pointer to a struct, as far as the person has not typed something else there: that is kept.
// Now is the form as what is set now would show it.
func (r *Request) Merge(typed, now any) *Meanwhile {
	read, sums, _ := strings.Cut(r.WasMade().Was, ",")
	was := map[string]string{}
	for part := range strings.SplitSeq(sums, ",") {
		name, sum, _ := strings.Cut(part, ":")
		was[name] = sum
	}
	m := &Meanwhile{}
	if us, err := strconv.ParseInt(read, 36, 64); err == nil {
		m.read = time.UnixMicro(us)
	}
	mine := map[string]reflect.Value{}
	for name, v := range settingsOf(typed) {
		mine[name] = v
	}
	for name, v := range settingsOf(now) {
		sum, typed := sumOf(v), sumOf(mine[name])
		if sum == was[name] || sum == typed {
			continue
		}
		c := Changed{Field: name, Now: v.Interface(), Typed: mine[name].Interface(), Kept: typed != was[name]}
		if !c.Kept {
			mine[name].Set(v)
		}
		m.Changed = append(m.Changed, c)
	}
	return m
}

// Since keeps the actions that were taken after the form was made, newest first.
func (m *Meanwhile) Since(list []control.Action) {
	for _, a := range list {
		if a.At.After(m.read) {
			m.Actions = append(m.Actions, a)
		}
	}
}

// Stale shows a page again whose form was made from what is no longer set.
func (r *Request) Stale(page string, data any) error {
	return r.page(http.StatusConflict, page, data)
}

// settingsOf walks the fields of a form's struct that are settings, in their order.
func settingsOf(form any) func(func(string, reflect.Value) bool) {
	v := reflect.ValueOf(form).Elem()
	return func(yield func(string, reflect.Value) bool) {
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag
			if name := tag.Get("form"); name != "" && tag.Get("base") != "-" && !yield(name, v.Field(i)) {
				return
			}
		}
	}
}

// sumOf tells values apart. White space in text, and the order of a list, make no difference.
func sumOf(v reflect.Value) string {
	var text string
	switch x := v.Interface().(type) {
	case string:
		text = strings.Join(strings.Fields(x), " ")
	case []string:
		text = strings.Join(slices.Sorted(slices.Values(x)), " ")
	default:
		if !v.IsZero() {
			text = fmt.Sprint(x)
		}
	}
	h := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h[:6])
}

// setting is a value of a form as a person reads it.
func (b *Book) setting(l tsujiban.Lang, v any) string {
	text := ""
	switch v := v.(type) {
	case tsujiban.Money:
		if v != 0 {
			text = Yen(b.node.Currency, v)
		}
	case time.Duration:
		if v != 0 {
			text = Span(l, v)
		}
	case int:
		if v != 0 {
			text = Grouped(v)
		}
	case bool:
		text, _ = b.shared.words.say(l, map[bool]string{true: "meanwhile.yes", false: "meanwhile.no"}[v])
	case []string:
		text = strings.Join(v, " ")
	default:
		text = strings.Join(strings.Fields(fmt.Sprint(v)), " ")
	}
	if r := []rune(text); len(r) > longSetting {
		return string(r[:longSetting]) + "…"
	}
	return text
}

// longSetting is how many characters of a value are shown.
const longSetting = 300
