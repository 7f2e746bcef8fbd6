import Foundation
import SegmentationMetrics
import Testing

@testable import TransparencyEvaluation

/// Evaluations of few, odd or no pictures.
@Suite struct ReportEdgeTests {
    private let settings = EvaluationSettings(resolution: nil, bootstrap: BootstrapSettings(resamples: 20))

    private func picture(_ id: String, _ prediction: [Float], _ truth: [UInt8], _ difficulty: Difficulty? = nil) throws
        -> ImageRecord
    {
        ImageRecord(
            id: id, difficulty: difficulty,
            pixels: try PixelCounts(prediction: prediction, truth: truth, width: 2, height: 1))
    }

    /// The page, after checks that hold for every page.
    private func page(_ records: [ImageRecord], shown: [ImageRecord]? = nil) throws -> PageNode {
        let metrics = try Metrics(records: records, settings: settings)
        let selection = Report.selection(of: shown ?? records)
        let report = Report(
            title: "Edge", metrics: metrics, records: shown ?? records,
            worst: selection.worst.map { .init(record: $0, pictures: []) },
            best: selection.best.map { .init(record: $0, pictures: []) })
        let html = report.html()
        let body = try #require(html.range(of: "</style>")).upperBound
        let script = try #require(html.range(of: "<script>")).lowerBound
        #expect(html[body..<script].firstMatch(of: /(?i)\b-?(nan|inf)\b/) == nil)
        return try PageNode.parse(html)
    }

    @Test func onePicture() throws {
        let page = try page([picture("a", [0.2, 0.8], [0, 1])])
        let section = try #require(page.element(id: "all-pictures"))
        #expect(section.tableRows.count == 2)
        #expect(section.tableRows[0].prefix(2) == ["Picture", "IoU"], "no difficulty, no column of it")
        #expect(section.all("fieldset").isEmpty)
        #expect(page.all("article").count == 1)
    }

    @Test func noGlassAnywhere() throws {
        let page = try page([picture("a", [0, 0], [0, 0]), picture("b", [0, 0.1], [0, 0])])
        #expect(page.all("article").isEmpty)
        #expect(page.element(id: "examples") == nil)
        let headline = try #require(page.element(id: "numbers")?.all("dl").first).all("dd").map(\.text)
        #expect(headline[1] == "–")
    }

    @Test func glassAlone() throws {
        let page = try page([picture("a", [1, 1], [1, 1], .hard)])
        #expect(page.element(id: "all-pictures")?.tableRows[1].prefix(4) == ["a", "hard", "1.0000", "1.0000"])
    }

    @Test func someWithoutDifficulty() throws {
        let page = try page([
            picture("a", [0, 1], [0, 1], .easy), picture("b", [1, 1], [0, 1]), picture("a", [1, 0], [0, 1], .hard),
        ])
        let section = try #require(page.element(id: "all-pictures"))
        #expect(section.tableRows[1...].map { $0[1] } == ["hard", "–", "easy"])
        let labels = section.all("label").map { $0.text.trimmingCharacters(in: .whitespaces) }
        #expect(labels == ["all (3)", "easy (1)", "hard (1)", "neither (1)"])
        #expect(section.all("input").compactMap { $0.attributes["id"] } == ["show-easy", "show-hard", "show-other"])
    }

    @Test func metricsWithoutRecords() throws {
        let page = try page([picture("a", [0.2, 0.8], [0, 1])], shown: [])
        #expect(page.element(id: "charts") == nil && page.element(id: "all-pictures") == nil)
        #expect(page.all("a").map { $0.attributes["href"] } == ["#numbers"])
    }

    @Test func selectionTakesBothEnds() throws {
        let records = try (0..<20).map { index in
            try ImageRecord(
                id: "\(index)",
                pixels: PixelCounts(
                    prediction: (0..<20).map { $0 <= index ? 1 : 0 }, truth: [UInt8](repeating: 1, count: 20), width: 5,
                    height: 4))
        }
        func ids(_ selection: Report.Selection) -> [[String]] { [selection.worst.map(\.id), selection.best.map(\.id)] }
        let shuffled = records.reversed() + [try picture("empty", [0, 0], [0, 0])]
        #expect(ids(Report.selection(of: shuffled, worst: 3, best: 2)) == [["0", "1", "2"], ["19", "18"]])
        #expect(
            ids(Report.selection(of: Array(records[..<5]), worst: 12, best: 12)) == [["0", "1", "2"], ["4", "3"]])
        #expect(ids(Report.selection(of: Array(records[..<1]))) == [["0"], []])
        #expect(ids(Report.selection(of: records, worst: 0, best: -1)) == [[], []])
        #expect(ids(Report.selection(of: [], worst: 1, best: 1)) == [[], []])
    }

    @Test func numbersForPeople() {
        #expect(
            [0, 999, 1000, 4428, 1_234_567].map(ReportNumber.count) == ["0", "999", "1,000", "4,428", "1,234,567"])
        #expect([0.88191, nil, .nan, .infinity, 1].map(ReportNumber.share) == ["0.8819", "–", "–", "–", "1.0000"])
        #expect(ReportNumber.percent(7.456) == "7.46")
        #expect(ReportNumber.pictures(1) == "1 picture" && ReportNumber.pictures(1500) == "1,500 pictures")
    }
}
