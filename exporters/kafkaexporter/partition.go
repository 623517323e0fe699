package kafkaexporter

import (
	"math/bits"
	"slices"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// An organisation has a few slots, which its services are hashed to, and each slot has a
// partition. So the data of an organisation is in a bounded set of partitions, that of a service
// in one of them, and a batch is cut into as many messages as slots, before anybody knows how
// many partitions there are.

// serviceAttributes tell where a resource's data belongs, the first that it has.
var serviceAttributes = [...]string{"service.name", "host.name", "service.instance.id"} //nolint:gochecknoglobals // a constant list

// slotOf returns the slot of a resource.
func slotOf(resource pcommon.Resource, slots int) int {
	for _, name := range serviceAttributes {
		if value, ok := resource.Attributes().Get(name); ok && value.Type() == pcommon.ValueTypeStr && value.Str() != "" {
			return int(reduce(mix(hash(value.Str())), slots))
		}
	}
	return 0
}

// partitionOf returns the partition of an organisation's slot. Each slot takes the partition
// that scores highest for it and that no slot before has, so that a new partition moves few of
// them, and only to itself.
func partitionOf(org string, slot, partitions int) int {
	if partitions <= 1 {
		return 0
	}
	base := hash(org)
	slot %= partitions
	var few [16]int
	taken := few[:0]
	for of := range slot + 1 {
		best, highest := -1, uint64(0)
		for partition := range partitions {
			score := mix(base ^ mix(uint64(of)<<32|uint64(partition)))
			if (best < 0 || score > highest) && !slices.Contains(taken, partition) {
				best, highest = partition, score
			}
		}
		taken = append(taken, best)
	}
	return taken[slot]
}

// hash is FNV-1a, which must never change: it decides where data goes.
func hash(text string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := uint64(offset)
	for i := range len(text) {
		sum = (sum ^ uint64(text[i])) * prime
	}
	return sum
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// reduce maps a hash to [0, n).
func reduce(hash uint64, n int) uint64 {
	high, _ := bits.Mul64(hash, uint64(n))
	return high
}

// balancer implements kafka.Balancer for messages of this exporter.
type balancer struct{}

// Balance implements kafka.Balancer.
func (balancer) Balance(message kafka.Message, partitions ...int) int {
	placed := message.WriterData.(*placement)
	placed.write.placed++
	return partitions[partitionOf(placed.write.org, placed.slot, len(partitions))]
}
