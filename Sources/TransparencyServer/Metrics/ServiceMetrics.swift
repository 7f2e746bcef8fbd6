#if Service
import Foundation
import HTTPTypes
import Metrics

/// What the service counts and measures of itself.
///
/// Kept in a registry of its own rather than in swift-metrics' global one, which a program can be given once only: so several services, and
/// a host program's own metrics, do not meet.
struct ServiceMetrics: Sendable {
    private let registry = PrometheusRegistry(help: [
        "http_requests_total": "Requests that were answered.",
        "http_request_duration_seconds": "Time from a request's head to its answer.",
        "transeg_queue_pictures": "Pictures that are accepted and not yet answered.",
        "transeg_queue_rejected_total": "Pictures that were refused for a full queue.",
        "transeg_timeouts_total": "Requests whose time was over before their pictures were segmented.",
        "transeg_batch_pictures": "Pictures of a pass.",
        "transeg_wait_seconds": "Time from a picture's acceptance to its pass.",
        "transeg_compute_seconds": "Time of a pass, shared among its pictures.",
        "process_resident_memory_bytes": "Resident memory.",
        "process_open_fds": "Open file descriptors.",
        "process_start_time_seconds": "When the process began, in seconds since 1970.",
    ])

    let waiting: Meter
    let rejected: Counter
    let timedOut: Counter
    let batchSize: Recorder
    let wait: Timer
    let compute: Timer

    init() {
        waiting = Meter(label: "transeg_queue_pictures", factory: registry)
        rejected = Counter(label: "transeg_queue_rejected_total", factory: registry)
        timedOut = Counter(label: "transeg_timeouts_total", factory: registry)
        batchSize = Recorder(label: "transeg_batch_pictures", factory: registry)
        wait = Timer(label: "transeg_wait_seconds", factory: registry)
        compute = Timer(label: "transeg_compute_seconds", factory: registry)
        Meter(label: "process_start_time_seconds", factory: registry).set(Date.now.timeIntervalSince1970)
    }

    /// An answered request.
    func record(route: String, method: HTTPRequest.Method, status: Int, seconds: Double) {
        let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .delete, .patch, .options]
        let method = known.contains(method) ? method.rawValue : "other"
        Counter(
            label: "http_requests_total",
            dimensions: [("route", route), ("method", method), ("status", "\(status)")], factory: registry
        ).increment()
        Timer(label: "http_request_duration_seconds", dimensions: [("route", route)], factory: registry)
            .recordSeconds(seconds)
    }

    /// The page that Prometheus reads.
    var text: String {
        if let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " "),
            pages.count > 1,
            let resident = Int(pages[1])
        {
            Meter(label: "process_resident_memory_bytes", factory: registry).set(resident * Int(getpagesize()))
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            Meter(label: "process_open_fds", factory: registry).set(open)
        }
        return registry.text
    }
}
#endif
