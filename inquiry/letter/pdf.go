package letter

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font
	"fmt"
	"io"
	"strings"
	"sync"

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
	width                    = 210 - left - right
	body                     = 10.5 // points
	line                     = 6.2
	family                   = "biz"
)

// MaxRows is how many rows a table of a letter has at most; the bundle holds the rest.
const MaxRows = 500

type page struct {
	*fpdf.Fpdf
}

// PDF writes the letter as PDF on A4, with the characters that it needs of a Japanese font embedded. For equal letters it is equal, byte
// for byte.
func (l *Letter) PDF(w io.Writer) error {
	ttf, err := font()
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInternal, "read the font of letters: %w", err)
	}
	p := page{fpdf.New("P", "mm", "A4", "")}
	p.SetCatalogSort(true)
	p.SetCreationDate(l.Date.UTC())
	p.SetModificationDate(l.Date.UTC())
	p.SetProducer("Tsujiban", true)
	p.SetTitle(drawable(l.Subject), true)
	p.SetAuthor(drawable(l.From), true)
	p.SetLang("ja")
	p.AddUTF8FontFromBytes(family, "", ttf)
	p.SetMargins(left, top, right)
	p.SetAutoPageBreak(true, bottom)
	p.SetFooterFunc(func() {
		p.SetY(-14)
		p.SetFont(family, "", 8)
		p.CellFormat(0, 5, drawable(fmt.Sprintf("%s　%d / {nb}", l.No, p.PageNo())), "", 0, "C", false, 0, "")
	})
	p.AliasNbPages("{nb}")
	p.AddPage()
	p.head(l)
	for i := range l.Parts {
		p.part(i+1, &l.Parts[i])
	}
	p.Ln(2)
	p.text("以上", "R", 0)
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return tsujiban.Errorf(tsujiban.CodeInternal, "write the letter: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

func (p page) head(l *Letter) {
	p.SetFont(family, "", body)
	p.text(l.No, "R", 0)
	p.text(l.Date.Format("2006年1月2日"), "R", 0)
	p.Ln(3)
	for _, to := range l.To {
		p.text(to, "L", 0)
	}
	p.Ln(2)
	p.text(l.From, "R", 0)
	p.Ln(5)
	p.SetFont(family, "", 14)
	p.text(l.Subject, "C", 0)
	p.Ln(4)
	p.SetFont(family, "", body)
	p.text("　"+l.Intro, "L", 0)
	p.Ln(2)
	p.text("記", "C", 0)
	p.Ln(1)
}

func (p page) part(n int, part *Part) {
	p.room(4 * line)
	p.SetFont(family, "", 11.5)
	p.text(fmt.Sprintf("%d　%s", n, part.Title), "L", 0)
	p.SetFont(family, "", body)
	for _, t := range part.Text {
		p.text(t, "L", 5)
	}
	if len(part.Text) > 0 && len(part.Pairs) > 0 {
		p.Ln(1)
	}
	for _, pair := range part.Pairs {
		p.row([]string{pair[0], pair[1]}, []float64{24, 76}, false)
	}
	if t := part.Table; t != nil {
		p.Ln(1)
		p.row(t.Titles, t.Widths, true)
		for i, r := range t.Rows {
			if i == MaxRows {
				p.text(fmt.Sprintf("ほか%d件（証明ファイルに含む）", len(t.Rows)-i), "L", 5)
				break
			}
			p.row(r, t.Widths, false)
		}
	}
	if len(part.Pairs) > 0 || part.Table != nil {
		p.Ln(1)
	}
	for _, t := range part.After {
		p.text(t, "L", 5)
	}
	p.Ln(3)
}

// room begins a new page when there is less than so much left.
func (p page) room(h float64) {
	if p.GetY()+h > 297-bottom {
		p.AddPage()
	}
}

// text writes a paragraph.
func (p page) text(s, align string, indent float64) {
	for _, l := range p.wrap(s, width-indent) {
		p.SetX(left + indent)
		p.CellFormat(width-indent, line, l, "", 1, align, false, 0, "")
	}
}

// row writes one row of a table with rules around its cells.
func (p page) row(cells []string, shares []float64, title bool) {
	const indent, pad, step = 5.0, 1.2, 5.2
	p.SetFont(family, "", 9.5)
	defer p.SetFont(family, "", body)
	sum := 0.0
	for _, s := range shares {
		sum += s
	}
	lines := make([][]string, len(cells))
	most := 1
	for i, c := range cells {
		lines[i] = p.wrap(c, (width-indent)*shares[i]/sum-2*pad)
		most = max(most, len(lines[i]))
	}
	h := float64(most)*step + 1.6
	p.room(h)
	x, y := left+indent, p.GetY()
	p.SetDrawColor(120, 120, 120)
	p.SetLineWidth(0.15)
	for i := range cells {
		w := (width - indent) * shares[i] / sum
		style := "D"
		if title || len(cells) == 2 && i == 0 {
			p.SetFillColor(238, 238, 238)
			style = "FD"
		}
		p.Rect(x, y, w, h, style)
		for j, l := range lines[i] {
			p.SetXY(x+pad, y+0.8+float64(j)*step)
			p.CellFormat(w-2*pad, step, l, "", 0, "L", false, 0, "")
		}
		x += w
	}
	p.SetXY(left, y+h)
}

// wrap breaks text into lines that fit. Japanese breaks anywhere but before what may not begin a line and behind what may not end one (JIS X 4051); digits and Latin letters
// stay together as long as they fit.
func (p page) wrap(s string, w float64) []string {
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
		case r < 0x7f || strings.ContainsRune("〜−→←–—©", r):
			return r
		}
		if _, err := e.String(string(r)); err != nil {
			return '〓'
		}
		return r
	}, s)
}
