package portal_test

import (
	"log/slog"
	"net/http"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/console/portal"
)

func TestWords(t *testing.T) {
	office := func(string) *control.Client { return control.NewLocal(http.NotFoundHandler(), "") }
	consoletest.Words(t, ".", portal.Room(portal.Options{Office: office, Log: slog.New(slog.DiscardHandler)}))
}
