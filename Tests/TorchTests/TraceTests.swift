import Foundation
import TestSupport
import Testing

@testable import Torch

/// One after another, for a process has one trace.
@Suite(.serialized) struct TraceTests {
    private struct Document: Decodable {
        struct Event: Decodable {
            let name: String
            let ph: String
            let pid: Int
            let tid: Int
            let ts: Double?
            let dur: Double?
            let args: [String: String]?
        }
        let traceEvents: [Event]
    }

    @Test func spansAtTheSameTimeGetRowsOfTheirOwn() throws {
        func span(_ name: String, _ track: Trace.Track, _ start: UInt64, _ end: UInt64) -> Trace.Span {
            Trace.Span(name: name, track: track, start: start, end: end)
        }
        let spans = [
            span("outer", .compute, 1000, 9000), span("inner", .compute, 2000, 3000),
            span("first", .hostIO, 1000, 5000), span("second", .hostIO, 2000, 6000), span("third", .hostIO, 5000, 7000),
        ]
        let json = try TraceDocument(spans, start: 1000, process: 3).json()
        let events = try JSONDecoder().decode(Document.self, from: Data(json)).traceEvents
        let rows = Dictionary(
            uniqueKeysWithValues: events.filter { $0.name == "thread_name" }.map { ($0.tid, $0.args?["name"] ?? "") })
        let byName = Dictionary(uniqueKeysWithValues: events.filter { $0.ph == "X" }.map { ($0.name, $0) })
        #expect(
            byName.mapValues { rows[$0.tid] } == [
                "outer": "compute", "inner": "compute", "first": "host I/O", "second": "host I/O 2",
                "third": "host I/O",
            ])
        #expect(byName["inner"]?.ts == 1 && byName["inner"]?.dur == 1)
        #expect(events.allSatisfy { $0.pid == 3 })
    }

    @Test(arguments: [1, 2]) func aCollectiveLastsFromItsCallToItsEnd(size: Int) throws {
        let count = 200
        Trace.start()
        let results = try withProcessGroups(size) { group in
            let values = try Tensor([1, 2, 3] as [Float], shape: [3])
            for _ in 0..<count {
                let work = try group.beginAllReduce(values)
                Thread.sleep(forTimeInterval: 1e-4)
                try work.wait()
            }
        }
        for result in results { try result.get() }
        let events = try JSONDecoder().decode(Document.self, from: Data(Trace.finish())).traceEvents
        let spans = events.filter { $0.ph == "X" && $0.name.hasSuffix(" 12 B") }
        #expect(spans.count == size * count)
        #expect(spans.allSatisfy { ($0.dur ?? -1) >= 0 && ($0.ts ?? -1) >= 0 })
    }
}
