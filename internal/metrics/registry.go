package metrics

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// namespace stands before all names.
const namespace = "raftredis_"

// registry is the Prometheus side of a Set: a row for each field, in order.
type registry struct {
	rows       []row
	prometheus *prometheus.Registry
}

// row is a metric: how it is described, and what tells its present value, as a pointer to the field.
type row struct {
	desc  *prometheus.Desc
	field any
}

// New makes a set. It panics if a row is wrong.
func New() *Set {
	s := &Set{}
	fields := reflect.ValueOf(s).Elem()
	for i := range fields.NumField() {
		tag := fields.Type().Field(i).Tag
		name, label := tag.Get("name"), tag.Get("label")
		if name == "" {
			continue
		}
		if err := check(name, tag.Get("unit"), tag.Get("help")); err != nil {
			panic(err)
		}
		var labels []string
		if label != "" {
			labels = []string{label}
		}
		s.registry.rows = append(s.registry.rows, row{
			desc:  prometheus.NewDesc(namespace+name, tag.Get("help"), labels, nil),
			field: fields.Field(i).Addr().Interface(),
		})
	}
	s.registry.prometheus = prometheus.NewRegistry()
	s.registry.prometheus.MustRegister(s)
	return s
}

// check refuses a row that says nothing, or whose name hides its unit.
func check(name, unit, help string) error {
	switch {
	case !strings.HasSuffix(help, "."):
		return fmt.Errorf("metrics: the help of %s is no sentence", name)
	case unit != "" && !strings.HasSuffix(strings.TrimSuffix(name, "_total"), unit):
		return fmt.Errorf("metrics: %s is in %s and does not say so", name, unit)
	}
	return nil
}

// Mark makes the Since of all counters begin anew.
func (s *Set) Mark() {
	for _, r := range s.registry.rows {
		if c, ok := r.field.(*Counter); ok {
			c.Mark()
		}
	}
}

// Gatherer is what a scrape reads.
func (s *Set) Gatherer() prometheus.Gatherer { return s.registry.prometheus }

// Describe is for Prometheus.
func (s *Set) Describe(ch chan<- *prometheus.Desc) {
	for _, r := range s.registry.rows {
		ch <- r.desc
	}
}

// Collect is for Prometheus: it tells all present values.
func (s *Set) Collect(ch chan<- prometheus.Metric) {
	for _, r := range s.registry.rows {
		r.collect(ch)
	}
}

func (r *row) collect(ch chan<- prometheus.Metric) {
	tell := func(kind prometheus.ValueType, value int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(r.desc, kind, float64(value), labels...)
	}
	switch field := r.field.(type) {
	case *Counter:
		tell(prometheus.CounterValue, field.Value())
	case *Gauge:
		tell(prometheus.GaugeValue, field.Value())
	case *CounterFunc:
		if *field != nil {
			tell(prometheus.CounterValue, (*field)())
		}
	case *GaugeFunc:
		if *field != nil {
			tell(prometheus.GaugeValue, (*field)())
		}
	case *LabelledCounters:
		if *field == nil {
			return
		}
		for label, value := range (*field)() {
			tell(prometheus.CounterValue, value, label)
		}
	case *Histograms:
		if *field == nil {
			return
		}
		for label, times := range (*field)() {
			count, seconds, buckets := times.buckets()
			ch <- prometheus.MustNewConstHistogram(r.desc, count, seconds, buckets, label)
		}
	default:
		panic(fmt.Sprintf("metrics: %v has the unknown type %T", r.desc, field))
	}
}
