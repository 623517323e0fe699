package kafkaexporter

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// TestPartitionsStay pins where data goes: another answer would move every organisation.
func TestPartitionsStay(t *testing.T) {
	got := map[string][]int{}
	for _, org := range []string{acme, other} {
		for slot := range 4 {
			got[org] = append(got[org], partitionOf(org, slot, 12))
		}
	}
	assert.Equal(t, map[string][]int{acme: {7, 8, 11, 2}, other: {5, 9, 4, 0}}, got)
	var slots []int
	for _, service := range []string{"checkout", "cart", "search", "web", "mail"} {
		slots = append(slots, slotOf(resource("service.name", service), 4))
	}
	assert.Equal(t, []int{1, 1, 1, 3, 1}, slots)
}

func resource(name, value string) pcommon.Resource {
	made := pcommon.NewResource()
	made.Attributes().PutStr(name, value)
	return made
}

func org(i int) string { return fmt.Sprintf("6d9a2a3e-0000-4000-8000-%012x", i) }

func TestPartitionsOfAnOrganisationAreBoundedAndDifferent(t *testing.T) {
	for _, tt := range []struct{ partitions, slots, want int }{{12, 4, 4}, {3, 4, 3}, {1, 4, 1}, {64, 20, 20}} {
		for i := range 50 {
			seen := map[int]bool{}
			for slot := range tt.slots {
				partition := partitionOf(org(i), slot, tt.partitions)
				assert.GreaterOrEqual(t, partition, 0)
				assert.Less(t, partition, tt.partitions)
				seen[partition] = true
			}
			assert.Len(t, seen, tt.want)
		}
	}
}

func TestPartitionsAreUsedEvenly(t *testing.T) {
	const orgs, slots, partitions = 3000, 4, 12
	used := make([]int, partitions)
	for i := range orgs {
		for slot := range slots {
			used[partitionOf(org(i), slot, partitions)]++
		}
	}
	for partition, count := range used {
		assert.InDelta(t, orgs*slots/partitions, count, orgs*slots/partitions*.15, "partition %d", partition)
	}
}

func TestSlotsAreUsedEvenly(t *testing.T) {
	const services, slots = 4000, 4
	used := make([]int, slots)
	for i := range services {
		used[slotOf(resource("service.name", fmt.Sprintf("service-%d", i)), slots)]++
	}
	for slot, count := range used {
		assert.InDelta(t, services/slots, count, services/slots*.15, "slot %d", slot)
	}
}

// TestMorePartitionsMoveLittle says that a new partition takes its share and little else moves.
func TestMorePartitionsMoveLittle(t *testing.T) {
	const orgs, slots = 2000, 4
	moved := 0
	for i := range orgs {
		for slot := range slots {
			if partitionOf(org(i), slot, 12) != partitionOf(org(i), slot, 13) {
				moved++
			}
		}
	}
	assert.Less(t, moved, orgs*slots/13*2)
	assert.Greater(t, moved, orgs*slots/13/2)
}

func TestSlotWithoutService(t *testing.T) {
	assert.Zero(t, slotOf(pcommon.NewResource(), 4), "such data keeps together")
	assert.Equal(t, slotOf(resource("service.name", "a"), 64), slotOf(resource("host.name", "a"), 64))
	both := resource("host.name", "b")
	both.Attributes().PutStr("service.name", "a")
	assert.Equal(t, slotOf(resource("service.name", "a"), 64), slotOf(both, 64), "the service comes first")
}
