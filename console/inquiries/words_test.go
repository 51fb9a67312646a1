package inquiries_test

import (
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/console/inquiries"
)

func TestWords(t *testing.T) { consoletest.Words(t, ".", inquiries.Room()) }
