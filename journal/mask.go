package journal

// hiddenDigits is how many digits at the end of a number are not shown.
const hiddenDigits = 4

// longRun is the length from which a run of digits inside other text is taken for a telephone number. Parts of
// addresses and ports are shorter.
const longRun = 6

// maskLine replaces the last digits of telephone numbers in a line of JSON by stars: in the fields that hold a number, and in texts
// that may hold one. The line stays valid JSON of the same length.
func maskLine(line []byte) {
	s := scanner{b: line}
	for s.i < len(line) {
		if line[s.i] != '"' {
			s.i++
			continue
		}
		name := rawText(&s)
		if s.i >= len(line) || line[s.i] != ':' {
			continue // a text that is no name
		}
		s.i++
		if s.i >= len(line) || line[s.i] != '"' {
			continue
		}
		switch string(name) {
		case "dialled", "caller", "presented", "callee_number", "caller_number":
			maskNumber(rawText(&s))
		case "identity", "target", "routes", "note":
			maskRuns(rawText(&s))
		default:
			rawText(&s)
		}
	}
}

// rawText passes over a JSON string and returns what stands between its quotes.
func rawText(s *scanner) []byte {
	s.i++
	start := s.i
	for s.i < len(s.b) && s.b[s.i] != '"' {
		if s.b[s.i] == '\\' {
			s.i++
		}
		s.i++
	}
	end := min(s.i, len(s.b))
	s.i = end + 1
	return s.b[start:end]
}

// maskNumber hides the last digits of a text that is a number. Short ones, such as 110, identify nobody.
func maskNumber(t []byte) {
	digits := 0
	eachDigit(t, func(int) { digits++ })
	if digits <= hiddenDigits {
		return
	}
	seen := 0
	eachDigit(t, func(i int) {
		if seen++; seen > digits-hiddenDigits {
			t[i] = '*'
		}
	})
}

// eachDigit calls f for the digits of t that are not part of an escape.
func eachDigit(t []byte, f func(i int)) {
	for i := 0; i < len(t); i++ {
		switch c := t[i]; {
		case c == '\\' && i+1 < len(t) && t[i+1] == 'u':
			i += 5
		case c == '\\':
			i++
		case c >= '0' && c <= '9':
			f(i)
		}
	}
}

// maskRuns hides the last digits of every long run of digits, also when single hyphens divide it.
func maskRuns(t []byte) {
	var run []int
	hide := func() {
		for i := 0; len(run) >= longRun && i < hiddenDigits; i++ {
			t[run[len(run)-1-i]] = '*'
		}
		run = run[:0]
	}
	eachDigit(t, func(i int) {
		if n := len(run); n > 0 {
			last := run[n-1]
			if i != last+1 && (i != last+2 || t[last+1] != '-') {
				hide()
			}
		}
		run = append(run, i)
	})
	hide()
}
