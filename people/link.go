package people

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"time"

	"tsujiban"
)

// Purpose is what a link is good for, and for nothing else.
type Purpose string

// The purposes.
const (
	LinkFirst  Purpose = "first"  // makes the first administrator
	LinkInvite Purpose = "invite" // an invited person signs in for the first time
	LinkReset  Purpose = "reset"  // somebody who lost the way in gets in again
	LinkReply  Purpose = "reply"  // was this you? answered without signing in
	LinkEnter  Purpose = "enter"  // signs a person of a demonstration in
)

// Lifetimes of links.
var linkLife = map[Purpose]time.Duration{
	LinkFirst: 24 * time.Hour, LinkInvite: 7 * 24 * time.Hour, LinkReset: 2 * time.Hour, LinkReply: 7 * 24 * time.Hour, LinkEnter: 12 * time.Hour,
}

// Link is what a signed link says.
type Link struct {
	Purpose Purpose   `json:"p"`
	Subject string    `json:"s,omitempty"` // the person's id; of a reply, what is asked about
	Epoch   int64     `json:"e,omitempty"` // of the person: a newer link, or a new credential, ends it
	Until   time.Time `json:"-"`
	UntilS  int64     `json:"u"` // seconds of Unix time
	ID      string    `json:"i"` // what is remembered once it is used
}

const (
	maxLink    = 1024
	maxSubject = 200
)

// Sign makes the text of a new link. A subject holds at most 200 bytes.
func (k *Keys) Sign(purpose Purpose, subject string, epoch int64, now time.Time) (string, Link, error) {
	if _, ok := linkLife[purpose]; !ok || len(subject) > maxSubject {
		return "", Link{}, tsujiban.Errorf(tsujiban.CodeInvalid, "link: no link is made for %q of %d bytes", purpose, len(subject))
	}
	until := now.Add(linkLife[purpose]).Truncate(time.Second)
	l := Link{Purpose: purpose, Subject: subject, Epoch: epoch, Until: until, UntilS: until.Unix(), ID: base64.RawURLEncoding.EncodeToString(random(16))}
	body, err := json.Marshal(l)
	if err != nil {
		return "", l, err
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(mac(k.link, text)), l, nil
}

// errLink says the same of every link that is not good: who guesses learns nothing.
func errLink() error {
	return tsujiban.Errorf(tsujiban.CodeForbidden, "this link is not valid, was used already, or is too old; ask for a new one")
}

// Read checks signature, purpose and age. Whether the link was used the store knows.
func (k *Keys) Read(text string, purpose Purpose, now time.Time) (Link, error) {
	var l Link
	if len(text) > maxLink {
		return l, errLink()
	}
	for i := range text {
		if text[i] != '.' {
			continue
		}
		sum, err := base64.RawURLEncoding.DecodeString(text[i+1:])
		if err != nil || !hmac.Equal(sum, mac(k.link, text[:i])) {
			break
		}
		body, err := base64.RawURLEncoding.DecodeString(text[:i])
		if err != nil || json.Unmarshal(body, &l) != nil {
			break
		}
		l.Until = time.Unix(l.UntilS, 0).UTC()
		if l.Purpose != purpose || !now.Before(l.Until) {
			break
		}
		return l, nil
	}
	return Link{}, errLink()
}
