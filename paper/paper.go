// Package paper writes pages of A4 as PDF, in Japanese and English, with the characters that they need of a Japanese font embedded: letters, bills. What
// is equal becomes an equal file, byte for byte.
package paper

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font
	"io"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/text/encoding/japanese"

	"tsujiban"
)

//go:embed font/BIZUDGothic.ttf.gz
var packed []byte

// font is BIZ UDGothic, see font/README.md.
var font = sync.OnceValues(func() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
})

// The page, in millimetres: A4 with the margins of an official letter.
const (
	left, top, right, bottom = 24.0, 22.0, 22.0, 20.0
	height                   = 297
	width                    = 210 - left - right
	line                     = 6.2
	family                   = "biz"
)

// The sizes of text, in points.
const (
	Body    = 10.5
	Heading = 11.5
	Title   = 14
)

// Line is the height of a line of text, in millimetres.
const Line = line

// Sheet says what a paper is.
type Sheet struct {
	At       time.Time // when it was written
	Subject  string    // the title of the file
	Author   string
	Language string             // "ja", "en"
	Foot     func(n int) string // below page n; "{nb}" in it is the count of pages
}

// Page is a paper that is being written.
type Page struct {
	*fpdf.Fpdf
}

// New begins a paper.
func New(s *Sheet) (*Page, error) {
	ttf, err := font()
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInternal, "read the font of paper: %w", err)
	}
	p := &Page{fpdf.New("P", "mm", "A4", "")}
	p.SetCatalogSort(true)
	p.SetCreationDate(s.At.UTC())
	p.SetModificationDate(s.At.UTC())
	p.SetProducer("Tsujiban", true)
	p.SetTitle(drawable(s.Subject), true)
	p.SetAuthor(drawable(s.Author), true)
	p.SetLang(s.Language)
	p.AddUTF8FontFromBytes(family, "", ttf)
	p.SetMargins(left, top, right)
	p.SetAutoPageBreak(true, bottom)
	p.SetFooterFunc(func() {
		p.SetY(-14)
		p.SetFont(family, "", 8)
		p.CellFormat(0, 5, drawable(s.Foot(p.PageNo())), "", 0, "C", false, 0, "")
	})
	p.AliasNbPages("{nb}")
	p.AddPage()
	p.Size(Body)
	return p, nil
}

// Size sets the size of the text that follows.
func (p *Page) Size(points float64) { p.SetFont(family, "", points) }

// Finish ends the paper and writes the file.
func (p *Page) Finish(w io.Writer) error {
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return tsujiban.Errorf(tsujiban.CodeInternal, "write the paper: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// Room begins a new page when there is less than so much left, in millimetres.
func (p *Page) Room(h float64) {
	if p.GetY()+h > height-bottom {
		p.AddPage()
	}
}

// Text writes a paragraph, aligned "L", "C" or "R".
func (p *Page) Text(s, align string, indent float64) {
	for _, l := range p.wrap(s, width-indent) {
		p.SetX(left + indent)
		p.CellFormat(width-indent, line, l, "", 1, align, false, 0, "")
	}
}

// Row is one row of a table.
type Row struct {
	Cells  []string
	Shares []float64 // of the width
	Title  bool      // all cells are titles
	Name   bool      // the first cell is
	Right  []bool    // figures: these cells are set to the right; nil: none
}

// Table writes one row of a table with rules around its cells.
func (p *Page) Table(r *Row) {
	const indent, pad, step = 5.0, 1.2, 5.2
	p.SetFont(family, "", 9.5)
	defer p.SetFont(family, "", Body)
	sum := 0.0
	for _, s := range r.Shares {
		sum += s
	}
	lines := make([][]string, len(r.Cells))
	most := 1
	for i, c := range r.Cells {
		lines[i] = p.wrap(c, (width-indent)*r.Shares[i]/sum-2*pad)
		most = max(most, len(lines[i]))
	}
	h := float64(most)*step + 1.6
	p.Room(h)
	x, y := left+indent, p.GetY()
	p.SetDrawColor(120, 120, 120)
	p.SetLineWidth(0.15)
	for i := range r.Cells {
		w := (width - indent) * r.Shares[i] / sum
		style, align := "D", "L"
		if r.Title || r.Name && i == 0 {
			p.SetFillColor(238, 238, 238)
			style = "FD"
		}
		if i < len(r.Right) && r.Right[i] {
			align = "R"
		}
		p.Rect(x, y, w, h, style)
		for j, l := range lines[i] {
			p.SetXY(x+pad, y+0.8+float64(j)*step)
			p.CellFormat(w-2*pad, step, l, "", 0, align, false, 0, "")
		}
		x += w
	}
	p.SetXY(left, y+h)
}

// wrap breaks text into lines that fit. Japanese breaks anywhere but before what may not begin a line and behind what may not end one (JIS X 4051); digits and Latin letters
// stay together as long as they fit.
func (p *Page) wrap(s string, w float64) []string {
	w -= 2 * p.GetCellMargin()
	var out []string
	var now []rune
	for _, r := range drawable(s) {
		if p.GetStringWidth(string(append(now, r))) <= w || len(now) == 0 {
			now = append(now, r)
			continue
		}
		cut := len(now)
		for cut > 0 && (strings.ContainsRune(noBegin, r) && cut == len(now) || cut < len(now) && strings.ContainsRune(noBegin, now[cut]) || strings.ContainsRune(noEnd, now[cut-1]) || together(now, cut, r)) {
			cut--
		}
		if cut == 0 {
			cut = len(now)
		}
		out = append(out, strings.TrimRight(string(now[:cut]), " "))
		now = append([]rune{}, now[cut:]...)
		if r != ' ' || len(now) > 0 {
			now = append(now, r)
		}
	}
	return append(out, string(now))
}

const noBegin = "、。，．・）」』】〕］ぁぃぅぇぉっゃゅょァィゥェォッャュョー々〜?!)]"

const noEnd = "（「『【〔［(["

// together tells whether a line may not be cut before now[cut], or before next when that is behind all of now.
func together(now []rune, cut int, next rune) bool {
	if cut == 0 {
		return false
	}
	after := next
	if cut < len(now) {
		after = now[cut]
	}
	return latin(now[cut-1]) && latin(after)
}

func latin(r rune) bool { return r > ' ' && r < 0x7f }

// drawable replaces what the font does not have by the geta mark, as printers in Japan do: the font has what code page 932 has.
func drawable(s string) string {
	e := japanese.ShiftJIS.NewEncoder()
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r == '¥': // code page 932 has the wide one only
			return '￥'
		case r < 0x7f || strings.ContainsRune("〜−→←–—©", r):
			return r
		}
		if _, err := e.String(string(r)); err != nil {
			return '〓'
		}
		return r
	}, s)
}
