package signin

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"tsujiban"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// accountPage is what the page shows.
type accountPage struct {
	people.Account
	Here      string // id of the session that looks
	Passkeyed bool   // passkeys can be had here
	Keys      []key
	Rights    []people.Right // that a token can have
	Kinds     []kind
	QuietFrom string
	QuietTo   string
	Language  string // "ja", "en"
}

type key struct {
	people.Passkey
	Form string // its id as it stands in forms
}

type kind struct {
	Name, Text string
	Wanted     bool
	Always     bool
}

func (m *room) account(r *ui.Request) error {
	a, err := m.Door.Account(r.Context(), r.Person.ID)
	if err != nil {
		return err
	}
	p := accountPage{Account: a, Here: r.Session, Passkeyed: m.keys != nil, Rights: people.TokenRights(&a.Person), QuietFrom: clock(a.Notices.QuietFrom), QuietTo: clock(a.Notices.QuietTo)}
	if a.Notices.QuietFrom == a.Notices.QuietTo {
		p.QuietFrom, p.QuietTo = "", ""
	}
	if p.Language = "ja"; a.Person.Language == tsujiban.English {
		p.Language = "en"
	}
	for _, k := range a.Passkeys {
		p.Keys = append(p.Keys, key{k, base64.RawURLEncoding.EncodeToString(k.ID)})
	}
	for _, k := range a.Notices.For(a.Person.Role) {
		p.Kinds = append(p.Kinds, kind{string(k), k.Text(r.Lang), a.Notices.Wants(k), k == people.NoticeSecurity})
	}
	return r.Page("account", &p)
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

func parseClock(s string) (time.Duration, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, s == ""
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

func (m *room) showPassword(r *ui.Request) error {
	return r.Page("password", map[string]any{"Min": people.MinPassword})
}

func (m *room) setPassword(r *ui.Request) error {
	data := map[string]any{"Min": people.MinPassword}
	wrong, err := r.Decode(&struct{}{})
	if err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	if password == "" {
		wrong["password"] = r.T("form.needed")
	}
	if password != r.PostForm.Get("again") {
		wrong["again"] = r.T("signin.differs")
	}
	if len(wrong) > 0 {
		return r.Again("password", data, wrong)
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	err = m.Door.SetPassword(r.Context(), c, password, From(r))
	if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeInvalid {
		return m.again(r, "password", data, err, "password")
	}
	if done, err := Prove(r, err, "/account/password"); done || err != nil {
		return err
	}
	return r.Done("/account", "account.password-set")
}

// offerCodes shows a new secret as a QR code. It is kept once a code of it was typed.
func (m *room) offerCodes(r *ui.Request) error {
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	if done, err := Prove(r, m.Door.Fresh(c), "/account/codes"); done || err != nil {
		return err
	}
	secret, sealed := m.Door.OfferTOTP(c)
	data, err := m.codesPage(c, secret, sealed)
	if err != nil {
		return err
	}
	return r.Page("codes", data)
}

func (m *room) codesPage(c *people.Caller, secret []byte, sealed string) (map[string]any, error) {
	image, err := qrCode(people.TOTPURI(secret, m.Name, c.Person.Login))
	return map[string]any{"QR": image, "Secret": spaced(people.TOTPText(secret)), "Offer": sealed}, err
}

// spaced sets text in groups of four, to be typed.
func spaced(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// qrCode draws text as an SVG: one path, dark on light whatever the page's colours are, with
// the quiet zone that readers need (ISO/IEC 18004).
func qrCode(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	const quiet = 4
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	all := size + 2*quiet
	// Figures only: nothing of the text stands in it.
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %d %d" width="232" height="232" aria-hidden="true" shape-rendering="crispEdges"><rect width="100%%" height="100%%" fill="#fff"/><path d="%s" fill="#000"/></svg>`, all, all, path.String())), nil
}

func (m *room) setCodes(r *ui.Request) error {
	var in struct {
		Code  string `form:"code" max:"40" need:"yes"`
		Offer string `form:"offer" max:"1024" need:"yes"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	secret, err := m.Door.Offered(c, in.Offer)
	if err != nil {
		return r.Redirect("/account/codes")
	}
	data, err := m.codesPage(c, secret, in.Offer)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return r.Again("codes", data, wrong)
	}
	codes, err := m.Door.SetTOTP(r.Context(), c, in.Offer, in.Code, From(r))
	if err != nil && tsujiban.CodeOf(err) == tsujiban.CodeInvalid {
		return m.again(r, "codes", data, err, "code")
	}
	if done, err := Prove(r, err, "/account/codes"); done || err != nil {
		return err
	}
	return r.Page("recovery", map[string]any{"Codes": codes})
}

func (m *room) removeCodes(r *ui.Request) error {
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	err = m.Door.RemoveTOTP(r.Context(), c, From(r))
	if tsujiban.CodeOf(err) == tsujiban.CodeConflict && err != nil {
		return r.Errorf(tsujiban.CodeConflict, "account.needs-factor")
	}
	return m.did(r, err, "account.codes-removed")
}

func (m *room) recovery(r *ui.Request) error {
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	codes, err := m.Door.NewRecovery(r.Context(), c, From(r))
	if done, err := Prove(r, err, "/account"); done || err != nil {
		return err
	}
	return r.Page("recovery", map[string]any{"Codes": codes})
}

func (m *room) removePasskey(r *ui.Request) error {
	var in struct {
		ID string `form:"id" max:"2000" need:"yes"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	id, err := base64.RawURLEncoding.DecodeString(in.ID)
	if err != nil {
		return r.Errorf(tsujiban.CodeNotFound, "passkey.none")
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	err = m.Door.RemovePasskey(r.Context(), c, id, From(r))
	if tsujiban.CodeOf(err) == tsujiban.CodeConflict && err != nil {
		return r.Errorf(tsujiban.CodeConflict, "passkey.last")
	}
	return m.did(r, err, "passkey.removed")
}

func (m *room) endSession(r *ui.Request) error {
	var in struct {
		ID string `form:"id" max:"40"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	return m.did(r, m.Door.EndOwn(r.Context(), c, in.ID, From(r)), "account.ended")
}

func (m *room) newToken(r *ui.Request) error {
	var in struct {
		Name   string   `form:"token_name" max:"300" need:"yes"`
		Days   int      `form:"days" need:"yes"`
		Scopes []string `form:"scope" max:"40" need:"yes"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	if len(wrong) > 0 || in.Days < 1 || in.Days > 366 {
		return r.Errorf(tsujiban.CodeInvalid, "token.incomplete")
	}
	var scopes []people.Right
	for _, s := range in.Scopes {
		right, ok := people.ParseRight(s)
		if !ok {
			return r.Errorf(tsujiban.CodeInvalid, "token.incomplete")
		}
		scopes = append(scopes, right)
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	text, err := m.Door.NewToken(r.Context(), c, in.Name, scopes, time.Duration(in.Days)*24*time.Hour, From(r))
	if done, err := Prove(r, err, "/account"); done || err != nil {
		return err
	}
	return r.Page("token", map[string]any{"Token": text, "Name": in.Name})
}

func (m *room) endToken(r *ui.Request) error {
	var in struct {
		ID string `form:"id" max:"40" need:"yes"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	return m.did(r, m.Door.EndOwnToken(r.Context(), c, in.ID), "token.ended")
}

func (m *room) notices(r *ui.Request) error {
	var in struct {
		Mail     string   `form:"mail" max:"254"`
		Language string   `form:"notice_language" max:"2"`
		From     string   `form:"quiet_from" max:"5"`
		To       string   `form:"quiet_to" max:"5"`
		Kinds    []string `form:"kind" max:"40"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	n := people.Notices{Mail: in.Mail, Language: tsujiban.Japanese}
	if in.Language == "en" {
		n.Language = tsujiban.English
	}
	var fromOK, toOK bool
	n.QuietFrom, fromOK = parseClock(in.From)
	n.QuietTo, toOK = parseClock(in.To)
	if !fromOK || !toOK {
		return r.Errorf(tsujiban.CodeInvalid, "notices.quiet-wrong")
	}
	for _, k := range in.Kinds {
		n.Kinds = append(n.Kinds, people.NoticeKind(k))
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	if err := n.Valid(); err != nil {
		return r.Errorf(tsujiban.CodeInvalid, "notices.wrong")
	}
	if n.Language != c.Person.Language {
		if err := m.Door.SetLanguage(r.Context(), c, n.Language); err != nil {
			return err
		}
	}
	return m.did(r, m.Door.SetNotices(r.Context(), c, n, From(r)), "notices.kept")
}
