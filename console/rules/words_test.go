package rules_test

import (
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/console/rules"
)

func TestWords(t *testing.T) { consoletest.Words(t, ".", rules.Room(nil)) }
