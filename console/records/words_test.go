package records_test

import (
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/console/records"
)

func TestWords(t *testing.T) { consoletest.Words(t, ".", records.Room()) }
