package query

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Order says which series are kept when there are too many, and their order in the answer.
type Order string

// The orders. The highest come first, but for names, which are sorted.
const (
	ByMax  Order = "max"
	ByLast Order = "last"
	ByAvg  Order = "avg"
	ByName Order = "name"
)

// ChartSeries is a series of a chart. A value is NaN where there is none, or none that can be
// drawn.
type ChartSeries struct {
	Labels labels.Labels
	Values []float64 // one for each time
	Stats  ChartStats
}

// ChartStats are taken over everything that was evaluated. They are NaN without a finite value.
type ChartStats struct {
	Min, Max, Avg, Last float64
}

// fill puts the kept series of a matrix into the answer. What is kept is copied, because the
// matrix is given back.
func (a *ChartAnswer) fill(matrix promql.Matrix, c Chart, plan chartPlan) {
	stats := make([]ChartStats, len(matrix))
	kept := make([]int, 0, len(matrix))
	histograms := 0
	for i, series := range matrix {
		if len(series.Histograms) > 0 {
			histograms++
		}
		if len(series.Floats) > 0 {
			stats[i] = statsOf(series.Floats)
			kept = append(kept, i)
		}
	}
	if histograms > 0 {
		a.Warnings = append(a.Warnings, histogramsLeftOut(histograms))
	}
	a.Total = len(kept)
	slices.SortFunc(kept, func(i, j int) int {
		return cmp.Or(
			c.Order.compare(stats[i], stats[j]),
			labels.Compare(matrix[i].Metric, matrix[j].Metric),
		)
	})
	for _, i := range kept[:min(c.Limit, len(kept))] {
		a.Series = append(a.Series, ChartSeries{
			Labels: matrix[i].Metric,
			Values: a.reduce(matrix[i].Floats, plan),
			Stats:  stats[i],
		})
	}
}

func histogramsLeftOut(count int) string {
	return strconv.Itoa(count) + " series hold native histograms, which are left out: " +
		"use histogram_quantile, histogram_avg or histogram_count"
}

// compare puts the series with the higher value first, and one without a value last.
func (o Order) compare(a, b ChartStats) int {
	var x, y float64
	switch o {
	case ByLast:
		x, y = a.Last, b.Last
	case ByAvg:
		x, y = a.Avg, b.Avg
	case ByName:
		return 0
	case ByMax:
		fallthrough
	default:
		x, y = a.Max, b.Max
	}
	return cmp.Compare(y, x) // NaN is less than every number
}

// SortSamples sorts series by their value at one time, as Chart sorts them.
func SortSamples(samples promql.Vector, order Order) {
	slices.SortFunc(samples, func(a, b promql.Sample) int {
		if order != ByName {
			if byValue := cmp.Compare(b.F, a.F); byValue != 0 {
				return byValue
			}
		}
		return labels.Compare(a.Metric, b.Metric)
	})
}

func isFinite(value float64) bool { return !math.IsNaN(value) && !math.IsInf(value, 0) }

func statsOf(points []promql.FPoint) ChartStats {
	stats := ChartStats{Min: math.NaN(), Max: math.NaN(), Avg: math.NaN(), Last: math.NaN()}
	sum, count := 0.0, 0
	for _, point := range points {
		if !isFinite(point.F) {
			continue
		}
		if count == 0 || point.F < stats.Min {
			stats.Min = point.F
		}
		if count == 0 || point.F > stats.Max {
			stats.Max = point.F
		}
		stats.Last = point.F
		sum += point.F
		count++
	}
	if count > 0 {
		stats.Avg = sum / float64(count)
	}
	return stats
}

// reduce returns a value for each time of the answer.
func (a *ChartAnswer) reduce(points []promql.FPoint, plan chartPlan) []float64 {
	values := make([]float64, len(a.Times))
	for i := range values {
		values[i] = math.NaN()
	}
	if len(values) == 0 {
		return values
	}
	start, length := a.Times[0], plan.bucket.Milliseconds()
	if plan.evaluations == 1 {
		for _, point := range points {
			values[(point.T-start)/length] = point.F
		}
		return values
	}
	for len(points) > 0 {
		number := (points[0].T - start) / length
		end := start + (number+1)*length
		count := 1
		for count < len(points) && points[count].T < end {
			count++
		}
		first, second, last := extremes(points[:count])
		if i := 2 * number; int(i)+1 < len(values) {
			values[i], values[i+1] = first, second
		} else {
			values[i] = last // the bucket that is still being filled has room for one value
		}
		points = points[count:]
	}
	return values
}

// extremes returns the lowest and the highest value in the order of their times, and the last.
func extremes(points []promql.FPoint) (first, second, last float64) {
	low, high := -1, -1
	last = math.NaN()
	for i, point := range points {
		if !isFinite(point.F) {
			continue
		}
		if low < 0 || point.F < points[low].F {
			low = i
		}
		if high < 0 || point.F > points[high].F {
			high = i
		}
		last = point.F
	}
	if low < 0 {
		return math.NaN(), math.NaN(), last
	}
	return points[min(low, high)].F, points[max(low, high)].F, last
}

// ParseOrder reads an order; empty is ByMax.
func ParseOrder(text string) (Order, error) {
	switch order := Order(text); order {
	case "":
		return ByMax, nil
	case ByMax, ByLast, ByAvg, ByName:
		return order, nil
	}
	return "", errcode.InvalidField("order", "is not an order: "+strconv.Quote(text), "use max, last, avg or name")
}
