package trace

import "errors"

// Rejects collects the rows that could not be used, for a report: all are counted, the first ones kept. The zero value
// keeps none.
type Rejects struct {
	Total   int
	ByFault [NumFaults]int
	First   []*RowError // at most Keep
	Keep    int
}

// Add takes a bad row.
func (r *Rejects) Add(e *RowError) {
	r.Total++
	f := e.Fault
	if f >= numFaults {
		f = FaultOther
	}
	r.ByFault[f]++
	if len(r.First) < r.Keep {
		r.First = append(r.First, e)
	}
}

// Next fills in the next call of src that can be used and adds the bad rows before it. Errors: io.EOF and those that end
// the reading.
func (r *Rejects) Next(src Source, c *Call) error {
	for {
		err := src.Next(c)
		var row *RowError
		if err == nil || !errors.As(err, &row) {
			return err
		}
		r.Add(row)
	}
}
