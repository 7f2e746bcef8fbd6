import Foundation
import MetricsTestSupport
import SegmentationMetrics
import Testing

@testable import TransparencyEvaluation

@Suite struct ReportTests {
    private let settings = EvaluationSettings(
        resolution: .init(width: 8, height: 6), bootstrap: BootstrapSettings(resamples: 50, seed: 9))

    private func report(_ records: [ImageRecord], worst: [Report.Example] = [], best: [Report.Example] = []) throws
        -> Report
    {
        let metrics = try Metrics(records: records, settings: settings)
        return Report(
            title: "Test", facts: [.init("Model", "demo")], metrics: metrics, records: records, worst: worst, best: best
        )
    }

    @Test(arguments: [true, false])
    func everyNumberIsInItsTable(withClasses: Bool) throws {
        let report = try report(randomRecords(40, withClasses: withClasses))
        let numbers = try #require(try PageNode.parse(report.html()).element(id: "numbers"))
        let subsets = [("all", report.metrics.protocols)] + report.metrics.difficulty.map { ($0.rawValue, $1) }
        #expect(subsets.count == 3)
        for (subset, protocols) in subsets {
            #expect(protocols.count == ProtocolName.allCases.count)
            for (name, scores) in protocols {
                let block = numbers.all("div").first { $0.children.first?.text == name.heading }
                let rows = try #require(block?.tableRows)
                let row = try #require(rows.first { $0.first == subset })
                #expect(row[1] == "\(scores.images)")
                #expect(rows[0].count == 2 + scores.values.count, "\(name): no number is left out")
                for (quantity, value) in scores.values {
                    let column = try #require(rows[0].firstIndex(of: quantity.heading))
                    let interval = try #require(scores.intervals[quantity])
                    let decimals = quantity.rawValue.contains("ber") ? 2 : 4
                    let expected = [value, interval.low, interval.high].map { String(format: "%.\(decimals)f", $0) }
                    #expect(row[column] == "\(expected[0])\(expected[1])–\(expected[2])", "\(name) \(quantity)")
                }
            }
        }
        let headline = numbers.all("dl")[0].all("dd").map(\.text)
        let iou = try #require(report.metrics.protocols[.original]?[.iou])
        #expect(headline.count == 3 && headline[0].hasPrefix(String(format: "%.4f", iou)))
    }

    @Test func rulesForEmptyMasksAreCounted() throws {
        var records = try randomRecords(5)
        for index in 0..<2 {
            records[index].pixels = try PixelCounts(
                prediction: [0, 0], predictedClasses: [0, 0], truth: [0, 0], width: 2, height: 1)
        }
        let page = try PageNode.parse(report(records).html())
        let block = page.all("div").first { $0.children.first?.text == "Empty masks" }
        let rows = try #require(block?.tableRows)
        #expect(rows.count == 8)
        #expect(rows[1...3].map { $0[1] } == ["2", "2", "2"])
        #expect(rows[4...5].map { $0[1] } == ["0", "0"])
    }

    @Test func allPicturesAreListedFromTheWorstOn() throws {
        let records = try randomRecords(30)
        let page = try PageNode.parse(report(records).html())
        let section = try #require(page.element(id: "all-pictures"))
        let rows = section.tableRows
        #expect(rows.count == 31)
        #expect(rows.allSatisfy { $0.count == rows[0].count })
        let sorted = records.sorted { $0.pixels.aboveThreshold.iou < $1.pixels.aboveThreshold.iou }
        #expect(rows.dropFirst().map { $0[2] } == sorted.map { String(format: "%.4f", $0.pixels.aboveThreshold.iou) })
        for record in records {
            let row = try #require(rows.first { $0[0] == record.id })
            #expect(row[1] == record.difficulty?.rawValue)
            let share = 100 * Double(record.pixels.aboveThreshold.glassCount) / 48
            #expect(row[try #require(rows[0].firstIndex(of: "Glass, %"))] == String(format: "%.2f", share))
            let boundary = try #require(record.native?.fMeasure)
            #expect(row[try #require(rows[0].firstIndex(of: "Boundary F"))] == String(format: "%.4f", boundary))
        }
        #expect(
            section.all("label").map { $0.text.trimmingCharacters(in: .whitespaces) } == [
                "all (30)", "easy (20)", "hard (10)",
            ])
    }

    @Test func theHistogramHasEveryPicture() throws {
        let page = try PageNode.parse(report(randomRecords(30)).html())
        let titles = page.all("rect").compactMap { $0.all("title").first?.text }
        for (name, count) in [("easy", 20), ("hard", 10)] {
            let counts = titles.filter { $0.hasPrefix(name) }.compactMap {
                Int($0.split(separator: " ").dropLast().last ?? "")
            }
            #expect(counts.count > 1 && counts.reduce(0, +) == count)
        }
        let dots = page.all("path").filter { $0.attributes["class"]?.hasPrefix("dots") == true }
        #expect(dots.map { $0.attributes["d"]?.count { $0 == "M" } } == [20, 10])
    }

    @Test func publishedFiguresStandWithTheirProtocol() throws {
        var report = try report(randomRecords(20))
        #expect(try PageNode.parse(report.html()).all("tr").allSatisfy { $0.attributes["class"] != "published" })
        report.showsPublished = true
        let numbers = try #require(try PageNode.parse(report.html()).element(id: "numbers"))
        for (name, work, count) in [
            (ProtocolName.original, "Transparency Segmentation", 3), (.trans10KStuff, "VGGT-Glass", 2),
            (.translab, "RFENet", 1), (.glass, "", 0), (.calibration, "", 0),
        ] {
            let block = try #require(numbers.all("div").first { $0.children.first?.text == name.heading })
            let rows = block.all("tr").filter { $0.attributes["class"] == "published" }.map(\.text)
            #expect(rows.count == count)
            #expect(rows.first?.contains("published: \(work)") ?? work.isEmpty)
            #expect(rows.allSatisfy { $0.contains(" on Trans10K") })
        }
        // Without classes there is no mIoU to set RFENet's beside.
        var binary = try self.report(randomRecords(20, withClasses: false))
        binary.showsPublished = true
        #expect(!binary.html().contains("RFENet"))
    }

    @Test func theReliabilityDiagramHasItsBins() throws {
        let records = try randomRecords(20)
        let page = try PageNode.parse(report(records).html())
        let titles = page.all("title").map(\.text).filter { $0.hasPrefix("softness") }
        #expect(titles.count == Reliability(records).bins.count { $0.pixels > 0 })
    }

    @Test func dataCannotBecomeMarkup() throws {
        let odd = "</td><script>alert('1')</script> & \"q\" \u{1}é"
        var records = try randomRecords(4)
        records[1].id = odd
        let metrics = try Metrics(
            records: records, settings: settings, data: DataState(plan: odd + "p", filesHash: odd + "h"))
        let example = Report.Example(record: records[1], pictures: [.init(.photo, .png, [1])])
        let report = Report(
            title: odd, facts: [.init(odd + "n", odd + "v")], metrics: metrics, records: records, worst: [example])
        let html = report.html()
        #expect(!html.contains("<script>alert"))
        let page = try PageNode.parse(html)
        let shown = odd.replacing("\u{1}", with: "\u{FFFD}")
        #expect(page.all("title")[0].text == shown)
        #expect(page.all("h1").map(\.text) == [shown])
        #expect(page.all("h4").map(\.text) == [shown])
        #expect(page.all("dt").contains { $0.text == shown + "n" })
        #expect(["v", "p", "h"].allSatisfy { last in page.all("dd").contains { $0.text == shown + last } })
        #expect(page.all("img").map { $0.attributes["alt"] } == ["Photo of " + shown])
        #expect(page.element(id: "all-pictures")?.tableRows.contains { $0[0] == shown } == true)
    }

    @Test func examplesHaveTheirPicturesAndScores() throws {
        let records = try randomRecords(6)
        let bytes = (0...255).map { UInt8($0) }
        let example = Report.Example(
            record: records[0], pictures: [.init(.photo, .jpeg, bytes), .init(.soft, .png, [])])
        let page = try PageNode.parse(report(records, worst: [example], best: [example, example]).html())
        let section = try #require(page.element(id: "examples"))
        #expect(section.all("h3").map(\.text) == ["Worst", "Best"])
        #expect(section.all("article").count == 3)
        let article = section.all("article")[0]
        let counts = records[0].pixels.aboveThreshold
        let recall = try #require(counts.recall)
        #expect(article.all("p")[0].text == String(format: "hard, IoU %.4f, recall %.4f", counts.iou, recall))
        let source = try #require(article.all("img")[0].attributes["src"])
        let prefix = "data:image/jpeg;base64,"
        #expect(source.hasPrefix(prefix))
        #expect(Data(base64Encoded: String(source.dropFirst(prefix.count))) == Data(bytes))
        #expect(article.all("img")[1].attributes["src"] == "data:image/png;base64,")
    }

    @Test func nothingIsFetched() throws {
        let records = try randomRecords(3)
        let example = Report.Example(record: records[0], pictures: [.init(.mask, .png, [7])])
        let html = try report(records, worst: [example]).html()
        let page = try PageNode.parse(html)
        let sources = page.all.compactMap { $0.attributes["src"] }
        #expect(!sources.isEmpty && sources.allSatisfy { $0.hasPrefix("data:") })
        let links = page.all.compactMap { $0.attributes["href"] }
        #expect(!links.isEmpty)
        for link in links { #expect(page.element(id: String(link.dropFirst())) != nil, "\(link)") }
        #expect(page.all("link").isEmpty)
        for fetching in ["url(", "@import", "://", "fetch("] { #expect(!html.contains(fetching), "\(fetching)") }
        let ids = page.all.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
    }

    @Test func theSamePicturesGiveTheSameBytes() throws {
        let records = try randomRecords(30)
        let html = try report(records).html()
        #expect(try report(records).html() == html)
        #expect(try report(records.reversed()).html() == html)
    }

    @Test func thePageIsWritten() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = try report(randomRecords(3))
        let path = folder.appendingPathComponent(Report.fileName).path
        try report.write(to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == report.html())
        #expect(throws: (any Error).self) { try report.write(to: folder.path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [Report.fileName])
    }
}
