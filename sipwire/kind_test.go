package sipwire

import (
	"strings"
	"testing"
)

// TestKinds looks every name up in every way of writing it, also at the very end of the bytes.
func TestKinds(t *testing.T) {
	for k := Other + 1; k < numKinds; k++ {
		name := kinds[k].name
		if len(name) >= maxName {
			t.Errorf("%s is too long for maxName", name)
		}
		for _, written := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			for _, tail := range []string{":", ": value\r\n", ":value that goes on for a while\r\n"} {
				if got, after := readName(written + tail); got != k || after != len(name)+1 {
					t.Errorf("%q is kind %d up to %d, want %d", written+tail, got, after, k)
				}
			}
			if got, after := readName(written + " \t: value that goes on\r\n"); got != k || after != len(name)+3 {
				t.Errorf("%q with blanks is kind %d up to %d", written, got, after)
			}
		}
		for _, other := range []string{name + "x", "x" + name, name[:len(name)-1], strings.Replace(name, name[1:2], "_", 1), name + "-" + name} {
			if got, after := readName(other + ": value that goes on for a while\r\n"); got != Other && slowKind(other) != got || after != len(other)+1 {
				t.Errorf("%q is kind %d up to %d", other, got, after)
			}
		}
	}
	for short := byte('a'); short <= 'z'; short++ {
		want := slowKind(string(short))
		for _, written := range []string{string(short), strings.ToUpper(string(short))} {
			for _, tail := range []string{":", ": value that goes on for a while\r\n", " : value that goes on for a while\r\n"} {
				if got, after := readName(written + tail); got != want || after != strings.IndexByte(tail, ':')+2 {
					t.Errorf("%q is kind %d up to %d, want %d", written+tail, got, after, want)
				}
			}
		}
	}
}

func readName(s string) (Kind, int) {
	if k, after := knownName([]byte(s), 0); after > 0 {
		return k, after
	}
	return looseName([]byte(s), 0)
}

// TestMethods looks every method up; other cases of them are no methods at all.
func TestMethods(t *testing.T) {
	for m := MethodOther + 1; m < numMethods; m++ {
		if got, ok := methodOf([]byte(m.String())); got != m || !ok {
			t.Errorf("%s is %v %v", m, got, ok)
		}
		if got, ok := methodOf([]byte(strings.ToLower(m.String()))); got != MethodOther || ok {
			t.Errorf("%s in lower case is %v %v", m, got, ok)
		}
	}
}

// TestErrors wants a text and a name for every fault.
func TestErrors(t *testing.T) {
	for e := Error(1); e < numErrors; e++ {
		if e.Error() == "unknown fault" || errorNames[e] == "" {
			t.Errorf("fault %d has no text or name", e)
		}
	}
	if numErrors.Error() != "unknown fault" || Error(0).orNil() != nil {
		t.Error("a fault that is none has a text, or is an error")
	}
}
