#if Service
import Metrics
import Testing

@testable import TransparencyServer

@Suite struct PrometheusRegistryTests {
    @Test func instrumentsAreShownInPrometheusFormat() {
        let registry = PrometheusRegistry(help: ["c_total": "A count."])
        Counter(label: "c_total", dimensions: [("path", "a\"b\\c\nd")], factory: registry).increment(by: 2)
        // The same series by another handle.
        Counter(label: "c_total", dimensions: [("path", "a\"b\\c\nd")], factory: registry).increment()
        Meter(label: "g", factory: registry).set(1.5)
        Timer(label: "t_seconds", factory: registry).recordMilliseconds(20)
        Recorder(label: "r", factory: registry).record(3)
        let text = registry.text
        #expect(
            text.hasPrefix("# HELP c_total A count.\n# TYPE c_total counter\nc_total{path=\"a\\\"b\\\\c\\nd\"} 3\n"))
        #expect(text.contains("# TYPE g gauge\ng 1.5\n"))
        #expect(text.contains("t_seconds_bucket{le=\"0.01\"} 0\nt_seconds_bucket{le=\"0.025\"} 1\n"))
        #expect(text.contains("t_seconds_bucket{le=\"+Inf\"} 1\nt_seconds_sum 0.02\nt_seconds_count 1\n"))
        #expect(text.contains("r_bucket{le=\"4.0\"} 1\n"))
    }
}
#endif
