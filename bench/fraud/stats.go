package main

import (
	"math/rand/v2"
	"slices"
)

// ratio is a part of a whole, seed by seed.
type ratio struct{ part, whole []float64 }

func (r *ratio) add(part, whole float64) {
	r.part = append(r.part, part)
	r.whole = append(r.whole, whole)
}

// pooled is all parts over all wholes.
func (r *ratio) pooled() float64 { return over(r.part, r.whole, nil) }

// interval is where 95 of a hundred resamplings of the seeds fall (percentile bootstrap, Efron 1979): seeds
// are independent, calls within one are not.
func (r *ratio) interval() (low, high float64) {
	const rounds = 2000
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([]float64, rounds)
	pick := make([]int, len(r.part))
	for i := range all {
		for k := range pick {
			pick[k] = rng.IntN(len(r.part))
		}
		all[i] = over(r.part, r.whole, pick)
	}
	slices.Sort(all)
	return all[rounds*25/1000], all[rounds*975/1000]
}

// over is the sum of parts over that of wholes, of the picked seeds or of all.
func over(part, whole []float64, pick []int) float64 {
	a, b := 0.0, 0.0
	if pick == nil {
		for i := range part {
			a, b = a+part[i], b+whole[i]
		}
	}
	for _, i := range pick {
		a, b = a+part[i], b+whole[i]
	}
	if b == 0 {
		return 0
	}
	return a / b
}

func median[T int | float64](v []T) T {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}
