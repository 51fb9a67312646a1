package ui

import (
	"encoding"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"tsujiban"
)

// Fields says what is wrong with a form, field by field, in the person's language.
type Fields map[string]string

// maxFields is how many values a form may have.
const maxFields = 2000

// Decode reads the form (query and body) into a struct. Its fields carry tags:
//
//	Note  string         `form:"note" max:"2000" need:"yes"`
//	Cap   tsujiban.Money `form:"cap_day"`
//	Until time.Time      `form:"until"`  // date, or date and time, in the node's zone
//	Who   []string       `form:"who"`
//
// Types are string, bool (a checkbox), int, float64, tsujiban.Money, time.Duration, time.Time, []string and what reads text
// (encoding.TextUnmarshaler). Text is trimmed, has at most max bytes (500) and no control characters; figures may be written
// in full-width digits and with commas. What is wrong is told in Fields; the error is for a form that cannot be read at all.
func (r *Request) Decode(into any) (Fields, error) {
	if err := r.parse(); err != nil {
		return nil, err
	}
	errs := Fields{}
	v := reflect.ValueOf(into).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("form")
		if name == "" {
			continue
		}
		if what := r.field(v.Field(i), v.Type().Field(i).Tag, r.Form[name]); what != "" {
			errs[name] = what
		}
	}
	return errs, nil
}

func (r *Request) parse() error {
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(1 << 20) // larger files go to the disk
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return r.parseError(err)
	}
	n := 0
	for _, vs := range r.Form {
		n += len(vs)
	}
	if n > maxFields {
		return r.Errorf(tsujiban.CodeInvalid, "form.many", maxFields)
	}
	return nil
}

func (r *Request) parseError(err error) error {
	if tooLarge(err) {
		return r.Errorf(tsujiban.CodeInvalid, "form.large")
	}
	return tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %w", r.T("form.broken"), err)
}

func tooLarge(err error) bool {
	for err != nil {
		if _, ok := err.(*http.MaxBytesError); ok {
			return true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return strings.Contains(err.Error(), "request body too large") // multipart wraps it as text
		}
		err = u.Unwrap()
	}
	return false
}

// field reads one field and says what is wrong with it.
func (r *Request) field(to reflect.Value, tag reflect.StructTag, values []string) string {
	limit := 500
	if n, err := strconv.Atoi(tag.Get("max")); err == nil {
		limit = n
	}
	if to.Kind() == reflect.Bool {
		to.SetBool(len(values) > 0 && values[0] != "" && values[0] != "no")
		return ""
	}
	var clean []string
	for _, s := range values {
		s = strings.TrimSpace(s)
		if len(s) > limit {
			return r.T("form.long", limit)
		}
		if !readable(s) {
			return r.T("form.unreadable")
		}
		if s != "" {
			clean = append(clean, s)
		}
	}
	if len(clean) == 0 {
		if tag.Get("need") != "" {
			return r.T("form.needed")
		}
		return ""
	}
	if to.Type() == reflect.TypeFor[[]string]() {
		to.Set(reflect.ValueOf(clean))
		return ""
	}
	return r.value(to, clean[0])
}

func (r *Request) value(to reflect.Value, s string) string {
	figures := strings.ReplaceAll(width.Narrow.String(s), ",", "")
	var err error
	switch p := to.Addr().Interface().(type) {
	case *string:
		*p = s
	case *int:
		if *p, err = strconv.Atoi(figures); err != nil {
			return r.T("form.number")
		}
	case *float64:
		if *p, err = strconv.ParseFloat(figures, 64); err != nil {
			return r.T("form.number")
		}
	case *tsujiban.Money:
		if *p, err = tsujiban.ParseMoney(strings.TrimLeft(figures, "¥\\")); err != nil {
			return r.T("form.money")
		}
	case *time.Duration:
		if *p, err = time.ParseDuration(units.Replace(figures)); err != nil || *p < 0 {
			return r.T("form.duration")
		}
	case *time.Time:
		if *p, err = r.moment(figures); err != nil {
			return r.T("form.time")
		}
	case encoding.TextUnmarshaler:
		if err := p.UnmarshalText([]byte(s)); err != nil {
			return err.Error()
		}
	default:
		panic("console/ui: Decode cannot read into " + to.Type().String())
	}
	return ""
}

// units are those of a length of time as people in Japan write them.
var units = strings.NewReplacer("時間", "h", "分間", "m", "分", "m", "秒間", "s", "秒", "s", " ", "")

// moment reads what a date field and a field of date and time send, and what people write.
func (r *Request) moment(s string) (t time.Time, err error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/1/2", "2006/1/2 15:04"} {
		if t, err = time.ParseInLocation(layout, s, r.Zone); err == nil {
			return t, nil
		}
	}
	return t, err
}

// readable tells whether a text is UTF-8 without control characters other than line ends and tabs.
func readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' || c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069
	})
}
