package numbers_test

import (
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/console/numbers"
)

func TestWords(t *testing.T) { consoletest.Words(t, ".", numbers.Room()) }
