package people_test

import (
	"testing"

	"tsujiban"
	"tsujiban/people"
)

func TestNotesOfTheHistory(t *testing.T) {
	for _, x := range []struct{ kept, ja, en string }{
		{"", "", ""},
		{"passkey added: 机のキー", "パスキー「机のキー」を追加", "passkey 机のキー added"},
		{"invite", "招待", "invitation"},
		{"invited by sato-5ocyr", "招待した人: sato-5ocyr", "invited by sato-5ocyr"},
		{"invite by sato", "招待（発行: sato）", "invitation made by sato"},
		{"token k1 made: billing, until 2027-01-01", "API トークン k1（billing）、期限 2027-01-01", "API token k1 made: billing, until 2027-01-01"},
		{"inviteXX", "inviteXX", "inviteXX"},
		{"now viewer , by sato", "変更後: viewer , by sato", "now viewer , by sato"},
	} {
		e := people.SignIn{Note: x.kept}
		if ja, en := e.Text(tsujiban.Japanese), e.Text(tsujiban.English); ja != x.ja || en != x.en {
			t.Errorf("%q: %q, %q", x.kept, ja, en)
		}
	}
}
