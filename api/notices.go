package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban/app/control"
)

// Notice is one thing that somebody is told, and how far it is.
type Notice struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind" doc:"test, question, restriction, closing, release, reply, spending, trouble, overdue, proposal, undeliverable, digest." example:"restriction"`
	Channel  string    `json:"channel" enum:"mail,webhook"`
	To       string    `json:"to" doc:"Mail address, or id of the webhook." example:"soumu@hakata.example"`
	Customer string    `json:"customer,omitempty"`
	Made     time.Time `json:"made"`
	Due      time.Time `json:"due" doc:"When it is sent, or tried again."`
	State    string    `json:"state" enum:"waiting,sent,dead" doc:"dead: it was given up."`
	Tries    int       `json:"tries"`
	Tried    time.Time `json:"tried,omitzero"`
	Reason   string    `json:"reason,omitempty" doc:"Why the last try failed."`
}

// NoticeList is notices, the newest first.
type NoticeList struct {
	Items   []Notice `json:"items"`
	Waiting int      `json:"waiting" doc:"How many wait, of all."`
	Dead    int      `json:"dead" doc:"How many were given up, of all."`
}

// NoticeTest asks for a test notice.
type NoticeTest struct {
	Mail string `json:"mail,omitempty" maxLength:"254" doc:"To this address; to all of staff's when absent." example:"noc@example.jp"`
}

// WebhookEndpoint is a webhook of the configuration.
type WebhookEndpoint struct {
	ID       string   `json:"id" example:"ticket"`
	Host     string   `json:"host" doc:"Where it goes. The rest of the address is not told: with many receivers it is a secret." example:"hooks.example.jp"`
	Format   string   `json:"format" enum:"json,slack"`
	Signed   bool     `json:"signed"`
	Kinds    []string `json:"kinds" doc:"What it is told."`
	Language string   `json:"language" enum:"ja,en"`
	Waiting  int      `json:"waiting" doc:"Notices that wait for it, of the newest thousand that wait."`
	Dead     int      `json:"dead" doc:"Notices that were given up, of the newest thousand."`
}

type noticesFound struct {
	Notices []Notice
	Counts  map[string]int
}

func (s *server) noticeRoutes() {
	register(s, "list-notices", note{Summary: "List what people and programs are told", Text: "The newest first. `state=dead` are the dead letters."}, func(ctx context.Context, c *call, in *struct {
		Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most."`
		State    string `query:"state" enum:"waiting,sent,dead"`
		Kind     string `query:"kind" maxLength:"40"`
		Customer string `query:"customer" pattern:"^[a-z0-9-]{1,64}$"`
	}) (*body[NoticeList], error) {
		var found noticesFound
		path := "/v1/notices" + asked("limit", strconv.Itoa(in.Limit), "state", in.State, "kind", in.Kind, "customer", in.Customer)
		if err := c.Office.Do(ctx, http.MethodGet, path, nil, &found); err != nil {
			return nil, err
		}
		return answer(NoticeList{items(found.Notices), found.Counts["waiting"], found.Counts["dead"]}), nil
	})
	register(s, "send-notice-again", note{Summary: "Send a dead letter again"}, func(ctx context.Context, c *call, in *struct {
		Notice string `path:"notice" minLength:"1" maxLength:"200"`
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, at("/v1/notices/", in.Notice, "/again"), nil)
	})
	register(s, "test-notices", note{Summary: "Send a test notice", Text: "To an address, or to all of staff's. `GET /notices?kind=test` tells how far it is."}, func(ctx context.Context, c *call, in *struct{ Body NoticeTest }) (*body[NoticeList], error) {
		return testNotice(ctx, c, control.NoticeTest{Mail: in.Body.Mail})
	})
	register(s, "list-webhooks", note{Summary: "List the webhooks of the configuration"}, func(ctx context.Context, c *call, in *Paging) (*body[Page[WebhookEndpoint]], error) {
		var list []WebhookEndpoint
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/webhooks", nil, &list); err != nil {
			return nil, err
		}
		slices.SortFunc(list, func(a, b WebhookEndpoint) int { return strings.Compare(a.ID, b.ID) })
		return pageOf(list, func(v *WebhookEndpoint) string { return v.ID }, *in, "webhooks")
	})
	register(s, "test-webhook", note{Summary: "Send a test to a webhook"}, func(ctx context.Context, c *call, in *struct {
		Webhook string `path:"webhook" minLength:"1" maxLength:"64" example:"ticket"`
	}) (*body[NoticeList], error) {
		return testNotice(ctx, c, control.NoticeTest{Webhook: in.Webhook})
	})
}

func testNotice(ctx context.Context, c *call, o control.NoticeTest) (*body[NoticeList], error) {
	var found noticesFound
	if err := c.Office.Do(ctx, http.MethodPost, "/v1/notices/test", o, &found); err != nil {
		return nil, err
	}
	return answer(NoticeList{Items: items(found.Notices), Waiting: len(found.Notices)}), nil
}

// Evidence is how far the signed tree over the journal is.
type Evidence struct {
	Committed  uint64        `json:"committed" doc:"Entries of the journal that are on disk." example:"4711"`
	Entries    uint64        `json:"entries" doc:"Of these: under the newest signed checkpoint."`
	Failing    string        `json:"failing,omitempty" doc:"Why the tree does not follow; then nothing else is told."`
	Log        string        `json:"log,omitempty" doc:"Its name, which checkpoints and keys carry."`
	Root       string        `json:"root,omitempty" doc:"Merkle tree hash (RFC 6962) in base64."`
	Signed     time.Time     `json:"signed,omitzero"`
	Checkpoint string        `json:"checkpoint,omitempty" doc:"The signed checkpoint (C2SP tlog-checkpoint), byte for byte. Keep it elsewhere: nobody can change what is under it any more."`
	Keys       []EvidenceKey `json:"keys" doc:"Public keys that signed it."`
}

// EvidenceKey is a public key.
type EvidenceKey struct {
	Key         string `json:"key"`
	Fingerprint string `json:"fingerprint"`
}

func (s *server) evidenceRoutes() {
	register(s, "get-evidence", note{Summary: "How far the evidence is"}, func(ctx context.Context, c *call, _ *nothing) (*body[Evidence], error) {
		out := answer(Evidence{})
		err := c.Office.Do(ctx, http.MethodGet, "/v1/evidence", nil, &out.Body)
		out.Body.Keys = items(out.Body.Keys)
		return out, err
	})
}
