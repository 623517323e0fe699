package logs

import "slices"

// spans is a set of ordinals: sorted ranges that do not touch. Batches are written whole
// almost always, so there is mostly one.
type spans []span

// span holds the ordinals from first to last, both included.
type span struct{ first, last uint64 }

// find returns the index of the first span that ends at n or later.
func (s spans) find(n uint64) int {
	index, _ := slices.BinarySearchFunc(s, n, func(a span, n uint64) int {
		if a.last < n {
			return -1
		}
		return 1
	})
	return index
}

func (s spans) contains(n uint64) bool {
	i := s.find(n)
	return i < len(s) && s[i].first <= n
}

func (s spans) overlaps(other spans) bool {
	for _, o := range other {
		if i := s.find(o.first); i < len(s) && s[i].first <= o.last {
			return true
		}
	}
	return false
}

// add puts the range into the set.
func (s spans) add(added span) spans {
	if len(s) > 0 && s[len(s)-1].last < added.first {
		if s[len(s)-1].last+1 == added.first {
			s[len(s)-1].last = added.last
			return s
		}
		return append(s, added)
	}
	from := 0
	for from < len(s) && s[from].last < added.first && s[from].last+1 != added.first {
		from++
	}
	to := from
	for to < len(s) && (s[to].first <= added.last || s[to].first == added.last+1) {
		added.first = min(added.first, s[to].first)
		added.last = max(added.last, s[to].last)
		to++
	}
	return slices.Replace(s, from, to, added)
}

// union returns a new set with the ordinals of both.
func (s spans) union(other spans) spans {
	all := slices.Clone(s)
	for _, o := range other {
		all = all.add(o)
	}
	return all
}
