package signin_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"tsujiban/console/consoletest"
	"tsujiban/people"
)

const password = "kaze wa minami kara"

var (
	secretShown = regexp.MustCompile(`[A-Z2-7]{4}(?: [A-Z2-7]{1,4}){5,}`)
	inviteShown = regexp.MustCompile(`/invite/\S+`)
	codeShown   = regexp.MustCompile(`[a-z2-9]{5}-[a-z2-9]{5}`)
)

// TestInChromium walks the way of a first day: the first administrator comes by the printed link and adds a passkey, signs out
// and in with it, invites a second person, who takes password and one-time codes; each proves once more later on. Every page
// that is met is looked at.
func TestInChromium(t *testing.T) {
	site := consoletest.StartLocked(t, "")
	b := site.Browse(t)
	few := consoletest.Few(0)
	tab := walker{b.Open(t, few[0], "/signin")}
	tab.Passkey()
	tab.Each(few, "/signin")
	first := site.FirstLink()
	tab.Each(few, first)

	tab.Look(few[0])
	tab.Go(first)
	tab.Fill("#f-name", "佐藤 花子")
	tab.Fill("#f-login", "sato@example.jp")
	tab.Fill("#f-password", "password1234")
	tab.Fill("#f-again", "password1234")
	tab.Follow("main button.main")
	tab.Says("推測されやすいか短すぎます")
	tab.Here("first-weak")
	tab.Fill("#f-password", "")
	tab.Fill("#f-again", "")
	tab.Follow("main button.main")
	tab.Says("パスキーか確認コードを設定すると")
	tab.Each(few, "/account")
	tab.Look(few[0])
	tab.Go("/account")
	tab.Fill("form[data-passkey=make] #f-name", "机のキー")
	tab.Follow("form[data-passkey=make] button")
	tab.Says("パスキーを追加しました", "机のキー")
	tab.Each(few, "/account")

	// Out, and in again with the key alone.
	tab.Look(few[0])
	tab.signOut(t)
	tab.Go("/staff")
	tab.Follow("form[data-passkey=use] button")
	if at := tab.At(); at != "/staff" {
		t.Fatalf("signed in, and led to %s", at)
	}
	tab.Each(few, "/staff")
	invite := tab.invite(t, few[0], "ito@example.jp", "伊藤 次郎")

	// The second person comes with a password and codes.
	other := walker{b.Open(t, few[0], invite)}
	other.Each(few, invite)
	other.Look(few[0])
	other.Go(invite)
	other.Fill("#f-password", password)
	other.Fill("#f-again", password)
	other.Follow("main button.main")
	other.Go("/account/codes")
	secret, err := people.ParseTOTP(secretShown.FindString(other.Text("main")))
	if err != nil {
		t.Fatal(err)
	}
	other.Here("codes")
	other.Fill("#f-code", people.TOTPCode(secret, people.TOTPStep(site.Now())))
	other.Follow("main button.main")
	other.Says("回復コード")
	other.Here("recovery")
	recovery := codeShown.FindString(other.Text("main ul"))
	other.Each(few, "/account/codes")
	other.Each(few, "/account/password")
	other.Each(few, "/account")
	other.Look(few[0])
	other.signOut(t)
	site.Wait(time.Minute)
	other.Fill("#f-login", "ito@example.jp")
	other.Fill("#f-password", password+"!")
	other.Follow("form[action='/signin'] button")
	other.Says("メールアドレスかパスワードが違います")
	other.Here("signin-wrong")
	other.Fill("#f-password", password)
	other.Follow("form[action='/signin'] button")
	other.Says("確認コード")
	other.Here("factor")
	other.Fill("#f-code", "000000")
	other.Follow("main button.main")
	other.Says("コードが違うか")
	other.Here("factor-wrong")
	other.Fill("#f-code", people.TOTPCode(secret, people.TOTPStep(site.Now())))
	other.Follow("main button.main")
	other.Go("/account")
	other.Says("伊藤 次郎")

	// Later, dangerous acts ask for a proof, by the key or by password and code. A recovery code is good once.
	site.Wait(20 * time.Minute)
	tab.Look(few[0])
	tab.Go("/staff")
	tab.fillInvite("kato@example.jp", "加藤 三郎")
	tab.Follow("form[action='/staff'] button.main")
	tab.Says("ご本人の確認")
	tab.Each(few, "/prove?to=/staff")
	tab.Look(few[0])
	tab.Go("/prove?to=/staff")
	tab.Follow("form[data-passkey=use] button")
	if at := tab.At(); at != "/prove/on?to=/staff" && at != "/prove/on" {
		t.Fatalf("proved, and led to %s", at)
	}
	tab.Says("入力した内容は残っています")
	tab.Check()
	tab.Here("prove-on")
	tab.Follow("main form button.main")
	tab.Says("加藤 三郎")
	tab.Here("staff-link")
	other.Go("/account/codes")
	other.Go("/prove?to=/account/password")
	other.Fill("#f-password", password)
	other.Fill("#f-code", recovery)
	other.Here("prove-code")
	other.Follow("form[action='/prove'] button")
	if at := other.At(); at != "/account/password" {
		t.Fatalf("proved, and led to %s", at)
	}
	tab.Go("/staff")
	tab.Follow(`table a[href^="/staff/"]`)
	tab.Each(few, tab.At())
	tab.Each(few, "/proposals")
	tab.Each(few, "/nowhere")

	// A link that was used, and one that was never made, say so.
	for _, path := range []string{first, invite, "/invite/AAAA", "/reset/AAAA"} {
		if resp := statusOf(t, site, path); resp != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, resp)
		}
	}
}

// walker is a tab with the ways of this story.
type walker struct{ *consoletest.Tab }

func (tab walker) signOut(t *testing.T) {
	t.Helper()
	tab.Go("/account")
	tab.Eval(`document.querySelector("form[action='/signout']").closest("details").open = true; ""`)
	tab.Follow("form[action='/signout'] button")
	if at := tab.At(); at != "/signin" {
		t.Fatalf("signed out, and led to %s", at)
	}
}

func (tab walker) fillInvite(login, name string) {
	tab.Fill("#f-login", login)
	tab.Fill("#f-name", name)
}

// invite invites a viewer and returns the path of the link.
func (tab walker) invite(t *testing.T, w consoletest.Window, login, name string) string {
	t.Helper()
	tab.Look(w)
	tab.Go("/staff")
	tab.fillInvite(login, name)
	tab.Follow("form[action='/staff'] button.main")
	tab.Says("7 日以内に、一度だけ使えます")
	return inviteShown.FindString(tab.Text("main code"))
}

// statusOf asks for a page as nobody.
func statusOf(t *testing.T, site *consoletest.Site, path string) int {
	t.Helper()
	resp, err := site.Client(0).Get(site.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	return resp.StatusCode
}
