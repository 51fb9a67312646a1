package letter

import (
	_ "embed"
	"html/template"
	"strings"

	"tsujiban"
)

//go:embed letter.html
var page string

var pageTemplate = template.Must(template.New("letter").Funcs(template.FuncMap{
	"clean": Clean, "paragraphs": paragraphs,
}).Parse(page))

// colours of the line at the top and of the strong button, by tone: on white and on
// #1c1f24 both keep 4.5:1 with the text that stands on them.
var colours = [...]string{Calm: "#3b5b7d", Good: "#2f6b4f", Warn: "#8a5a00", Alarm: "#a32020"}

// HTML is the letter as a page of its own: nothing is loaded from anywhere, nothing tells
// who reads it, and it can be read in the dark.
func (l *Letter) HTML() (string, error) {
	var b strings.Builder
	lang := "ja"
	if l.Lang == tsujiban.English {
		lang = "en"
	}
	// The colour is one of ours.
	err := pageTemplate.Execute(&b, struct {
		*Letter
		Code, Head string
		Colour     template.CSS
	}{l, lang, l.title(), template.CSS(colours[min(l.Tone, Alarm)])})
	return b.String(), err
}
