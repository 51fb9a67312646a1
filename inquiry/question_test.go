package inquiry_test

import (
	"testing"
	"time"

	"tsujiban/inquiry"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestSpan(t *testing.T) {
	for _, c := range []struct{ zone, date, from, to, wantFrom, wantTo string }{
		{"Asia/Tokyo", "2026-11-20", "", "", "2026-11-19T15:00:00Z", "2026-11-20T15:00:00Z"},
		{"Asia/Tokyo", "2026年11月20日", "13時", "14:30", "2026-11-20T04:00:00Z", "2026-11-20T05:30:00Z"},
		{"Asia/Tokyo", "2026/11/20", "23:00", "1:00", "2026-11-20T14:00:00Z", "2026-11-20T16:00:00Z"},
		{"Asia/Tokyo", "２０２６－１１－２０", "23:00", "24:00", "2026-11-20T14:00:00Z", "2026-11-20T15:00:00Z"},
		{"Asia/Tokyo", "", "2026-10-01", "2026-11-01", "2026-09-30T15:00:00Z", "2026-10-31T15:00:00Z"},
		{"Europe/Berlin", "2026-10-25", "", "", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"}, // 25 hours
		{"Europe/Berlin", "2026-03-29", "", "", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}, // 23 hours
	} {
		from, to, err := inquiry.Span{Date: c.date, From: c.from, To: c.to}.Parse(zone(t, c.zone))
		if err != nil || from.Format(time.RFC3339) != c.wantFrom || to.Format(time.RFC3339) != c.wantTo {
			t.Errorf("%+v: %s to %s, %v", c, from.Format(time.RFC3339), to.Format(time.RFC3339), err)
		}
	}
	for _, s := range []inquiry.Span{
		{}, {Date: "2026-11-31"}, {Date: "yesterday"}, {Date: "2026-11-20", From: "25:00"}, {Date: "2026-11-20", To: "13:60"}, {Date: "2026-11-20", From: "x"},
		{From: "2026-11-20"}, {From: "2026-11-20", To: "2026-11-20"}, {From: "2020-11-20", To: "2026-11-20"}, {Date: "2026-11-20", From: "24:00"},
	} {
		if from, to, err := s.Parse(time.UTC); err == nil {
			t.Errorf("%+v is %s to %s", s, from, to)
		}
	}
}

func TestLength(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"50m": 50 * time.Minute, "1h30m": 90 * time.Minute, "50分": 50 * time.Minute, "約50分間": 50 * time.Minute, "1時間 30分": 90 * time.Minute, "45秒": 45 * time.Second,
		"50": 50 * time.Minute, "５０分": 50 * time.Minute, "0": 0,
	} {
		if d, err := inquiry.ParseLength(s); err != nil || time.Duration(d) != want {
			t.Errorf("%q: %v, %v", s, time.Duration(d), err)
		}
	}
	for _, s := range []string{"", "-5m", "long", "169h", "1x"} {
		if d, err := inquiry.ParseLength(s); err == nil {
			t.Errorf("%q is %v", s, time.Duration(d))
		}
	}
}

func FuzzSpan(f *testing.F) {
	f.Add("2026-11-20", "13:00", "14:00")
	f.Add("", "2026-11-20 13:00", "2026-11-21T00:00:00Z")
	f.Add("2026年11月20日", "9時5分", "")
	f.Fuzz(func(t *testing.T, date, a, b string) {
		from, to, err := inquiry.Span{Date: date, From: a, To: b}.Parse(time.UTC)
		if err == nil && (!from.Before(to) || to.Sub(from) > 368*24*time.Hour) {
			t.Fatalf("%s to %s", from, to)
		}
	})
}

func FuzzLength(f *testing.F) {
	for _, s := range []string{"50m", "1時間30分", "50", "約50分", "1e9h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := inquiry.ParseLength(s)
		if err == nil && (d < 0 || time.Duration(d) > inquiry.MaxLength) {
			t.Fatal(time.Duration(d))
		}
	})
}
