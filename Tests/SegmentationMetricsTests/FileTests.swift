import Foundation
import MetricsTestSupport
import Testing

@testable import SegmentationMetrics

@Suite struct FileTests {
    private let settings = EvaluationSettings(
        resolution: .init(width: 8, height: 6), bootstrap: BootstrapSettings(resamples: 50, seed: 9))

    @Test func resumedFromRecordsIsTheSame() throws {
        let records = try randomRecords(30)
        let direct = try Metrics(records: records, settings: settings).jsonData()
        let kept = try JSONDecoder().decode([ImageRecord].self, from: JSONEncoder().encode(Array(records.prefix(17))))
        #expect(kept == Array(records.prefix(17)))
        #expect(try Metrics(records: records.suffix(13) + kept, settings: settings).jsonData() == direct)
    }

    @Test func metricsAreReadBack() throws {
        try inTemporaryFolder { folder in
            let data = DataState(plan: "repairs.json", filesHash: "ab12")
            let metrics = try Metrics(records: randomRecords(12), settings: settings, data: data)
            try metrics.write(to: folder + "/metrics.json")
            #expect(try Metrics(contentsOf: folder + "/metrics.json") == metrics)
        }
    }

    @Test func theSchemaIsTheDocumentedOne() throws {
        let metrics = try Metrics(records: randomRecords(12, withClasses: false), settings: settings)
        let json = try JSONSerialization.jsonObject(with: metrics.jsonData()) as? [String: Any] ?? [:]
        #expect(
            Set(json.keys) == [
                "format_version", "settings", "data", "protocols", "difficulty", "empty_rules", "calibration",
            ])
        let calibration = try #require(json["calibration"] as? [String: Any])
        #expect(Set(calibration.keys) == ["ece", "bins"])
        let error = try #require(metrics.protocols[.calibration]?[.ece])
        #expect(abs(try #require(calibration["ece"] as? Double) - error) < 1e-12)
        let difficulty = try #require(json["difficulty"] as? [String: Any])
        for protocols in [json["protocols"], difficulty["easy"], difficulty["hard"]] {
            let protocols = try #require(protocols as? [String: [String: Any]])
            let names = protocols.mapValues { Set($0.keys) }
            #expect(names["original"] == ["images", "iou", "recall", "mse", "intervals"])
            #expect(names["translab"] == ["images", "pooled_iou", "acc", "mae", "mber", "intervals"])
            #expect(names["glass"] == ["images", "iou", "fbeta", "mae", "ber", "intervals"])
            #expect(
                names["native"]
                    == [
                        "images", "iou", "pooled_iou", "boundary_f", "boundary_precision", "boundary_recall",
                        "intervals",
                    ])
            #expect(
                names["trans10k_stuff"]
                    == [
                        "images", "iou", "fbeta", "mae", "ber", "acc", "pooled_iou", "pooled_fbeta", "pooled_mae",
                        "pooled_ber", "pooled_acc", "intervals",
                    ])
            #expect(names["calibration"] == ["images", "ece", "intervals"])
        }
        let intervals =
            (json["protocols"] as? [String: [String: Any]])?["original"]?["intervals"] as? [String: [Double]]
        #expect(intervals?["iou"]?.count == 2)
    }

    @Test(arguments: [
        ("", "it is not JSON"), ("[1]", "the file is not of type"), ("{}", "format_version is missing"),
        (#"{"format_version": 3}"#, "its format_version is 3, and this program reads 1 to 2"),
        (#"{"format_version": 1}"#, "settings is missing"),
    ])
    func damagedMetricsAreRefused(text: String, reason: String) throws {
        try inTemporaryFolder { folder in
            let path = folder + "/metrics.json"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: MetricsError.self) { _ = try Metrics(contentsOf: path) }
            guard case .malformed(path, let found)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(found.hasPrefix(reason), "\(found)")
            #expect(throws: MetricsError.unreadable(path: folder + "/none", reason: "there is no such file")) {
                _ = try Metrics(contentsOf: folder + "/none")
            }
        }
    }

    /// As earlier versions wrote it, without what came later.
    @Test func filesOfFormatOneAreRead() throws {
        try inTemporaryFolder { folder in
            let metrics = try Metrics(records: randomRecords(12), settings: settings)
            var json = try JSONSerialization.jsonObject(with: metrics.jsonData()) as? [String: Any] ?? [:]
            json["format_version"] = 1
            json["calibration"] = nil
            var protocols = try #require(json["protocols"] as? [String: Any])
            for name in ["calibration", "trans10k_stuff"] { protocols[name] = nil }
            json["protocols"] = protocols
            try JSONSerialization.data(withJSONObject: json).write(to: URL(fileURLWithPath: folder + "/metrics.json"))
            let old = try Metrics(contentsOf: folder + "/metrics.json")
            #expect(old.calibration == nil && old.protocols[.original] == metrics.protocols[.original])
        }
    }

    @Test(arguments: [true, false])
    func theTableIsReadBack(withClasses: Bool) throws {
        try inTemporaryFolder { folder in
            var records = try randomRecords(12, withClasses: withClasses)
            records[0].id = "a \"quoted\", longer\r\nid"
            records[1].difficulty = nil
            records[2].native = nil
            records[3].pixels = try PixelCounts(
                prediction: [0, 0], predictedClasses: withClasses ? [0, 0] : nil, truth: [0, 0], width: 2, height: 1)
            try PerImageTable.write(records, to: folder + "/per_image.csv")
            let back = try PerImageTable.read(contentsOf: folder + "/per_image.csv")
            #expect(back == records.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) })
        }
    }

    @Test func aLineCutByAnInterruptionIsLeftOut() throws {
        try inTemporaryFolder { folder in
            let records = try randomRecords(3)
            let lines = records.map(PerImageTable.line)
            let path = folder + "/per_image.csv"
            for cut in [1, 30, lines[2].utf8.count] {
                let text = PerImageTable.header + lines[0] + lines[1] + String(lines[2].dropLast(cut))
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                #expect(try PerImageTable.read(contentsOf: path, wasInterrupted: true) == Array(records.prefix(2)))
            }
        }
    }

    @Test func damagedTablesAreRefused() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/per_image.csv"
            let line = PerImageTable.line(try randomRecords(1)[0])
            func reason(_ text: String) throws -> String {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                let error = #expect(throws: MetricsError.self) { _ = try PerImageTable.read(contentsOf: path) }
                guard case .malformed(_, let reason)? = error else { return "" }
                return reason
            }
            #expect(try reason("id,iou\n1,2\n").hasPrefix("its first line"))
            #expect(try reason(PerImageTable.header + "\"open").hasPrefix("it is not comma-separated"))
            #expect(try reason(PerImageTable.header + String(line.prefix(40))).hasPrefix("row 2: it has"))
            #expect(try reason(PerImageTable.header + line.replacing("hard", with: "odd")).contains("odd, not easy"))
            #expect(try reason(PerImageTable.header + line.replacing(",8,6,", with: ",8,5,")).contains("contradict"))
            #expect(try reason(PerImageTable.header + line.replacing(",8,6,", with: ",8,x,")).contains("height"))
        }
    }
}

/// Runs `body` with a new folder that is removed afterwards.
private func inTemporaryFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
