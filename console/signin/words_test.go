package signin_test

import (
	"net/url"
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/console/signin"
)

func TestWords(t *testing.T) {
	room, err := signin.Room(signin.Options{PublicURL: &url.URL{Scheme: "https", Host: "guard.example.jp"}, Name: "Tsujiban"})
	if err != nil {
		t.Fatal(err)
	}
	consoletest.Words(t, ".", room)
}
