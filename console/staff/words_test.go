package staff_test

import (
	"net/url"
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/console/staff"
)

func TestWords(t *testing.T) { consoletest.Words(t, ".", staff.Room(nil, &url.URL{})) }
