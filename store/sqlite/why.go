package sqlite

import (
	"encoding/json"
	"strconv"

	"tsujiban"
)

// whyText writes observations as JSON pairs, [["rate",3.5],["hour",1]], leaving out none.
func whyText(why []tsujiban.Weight) string {
	b := append(make([]byte, 0, 64), '[')
	for _, w := range why {
		if w.Kind == tsujiban.EvidenceNone {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, `["`...)
		b = append(b, w.Kind.String()...) // a code: nothing in it needs a quote
		b = append(b, `",`...)
		b = strconv.AppendFloat(b, finite(float64(w.Value)), 'g', -1, 32)
		b = append(b, ']')
	}
	return string(append(b, ']'))
}

func parseWhy(s string) ([]tsujiban.Weight, error) {
	if s == "[]" {
		return nil, nil
	}
	var pairs [][2]json.RawMessage
	if err := json.Unmarshal([]byte(s), &pairs); err != nil {
		return nil, err
	}
	out := make([]tsujiban.Weight, len(pairs))
	for i, p := range pairs {
		var code string
		if err := json.Unmarshal(p[0], &code); err != nil {
			return nil, err
		}
		kind, ok := tsujiban.ParseEvidence(code)
		if !ok {
			return nil, unknown("why", code)
		}
		out[i].Kind = kind
		if err := json.Unmarshal(p[1], &out[i].Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}
