package desk_test

import (
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/console/desk"
)

func TestWords(t *testing.T) { consoletest.Words(t, ".", desk.Room(nil)) }
