import Foundation
import MetricsTestSupport
import SeededRandom
import Testing

@testable import SegmentationMetrics

@Suite struct BootstrapTests {
    private let settings = EvaluationSettings(resolution: nil, bootstrap: BootstrapSettings(resamples: 100, seed: 9))

    @Test(arguments: [true, false])
    func everyNumberLiesInItsInterval(withClasses: Bool) throws {
        let records = try randomRecords(40, withClasses: withClasses)
        let metrics = try Metrics(records: records, settings: settings)
        let tables = [metrics.protocols] + metrics.difficulty.values
        #expect(tables.count == 3)
        for (name, scores) in tables.flatMap({ $0 }) {
            #expect(Set(scores.values.keys) == Set(scores.intervals.keys))
            for (quantity, value) in scores.values {
                let interval = try #require(scores.intervals[quantity])
                #expect(interval.low <= value && value <= interval.high, "\(name) \(quantity)")
                #expect(interval.low < interval.high, "\(name) \(quantity)")
            }
        }
        let translab = try #require(metrics.protocols[.translab])
        #expect((translab[.meanIoU] != nil) == withClasses)
        #expect((translab[.pooledIoU] != nil) != withClasses)
    }

    @Test func seedAndPicturesDecideEverything() throws {
        let records = try randomRecords(40)
        let metrics = try Metrics(records: records, settings: settings)
        #expect(try Metrics(records: records.reversed(), settings: settings).jsonData() == metrics.jsonData())
        var other = settings
        other.bootstrap.seed = 10
        let reseeded = try Metrics(records: records, settings: other)
        #expect(reseeded.protocols[.original]?.values == metrics.protocols[.original]?.values)
        #expect(reseeded.protocols[.original]?.intervals != metrics.protocols[.original]?.intervals)
    }

    @Test func aResampleIsThePicturesItDrew() throws {
        let records = try randomRecords(20)
        let scorer = try Scorer(records)
        let resampled = scorer.resampledScores(BootstrapSettings(resamples: 3, seed: 4))
        var generator = SplitMix64(seed: 4)
        for scores in resampled {
            let drawn = scorer.records.indices.map { copy in
                var record = scorer.records[generator.next(below: 20)]
                record.id = "\(copy)"
                return record
            }
            let direct = try Scorer(drawn).scores()
            #expect(Set(direct.keys) == Set(scores.keys))
            for (key, value) in direct { #expect(abs(value - (scores[key] ?? .nan)) < 1e-9, "\(key)") }
        }
    }

    @Test func percentilesInterpolate() throws {
        let interval = try #require(Interval(percentilesOf: (0...1000).map(Double.init).shuffled()))
        #expect(abs(interval.low - 25) < 1e-9)
        #expect(abs(interval.high - 975) < 1e-9)
        #expect(Interval(percentilesOf: []) == nil)
        #expect(Interval(percentilesOf: [3]) == Interval(low: 3, high: 3))
    }

    @Test func pairedDifferences() throws {
        let (worse, better) = (try randomRecords(40, quality: 0.3), try randomRecords(40, quality: 0.35))
        let bootstrap = settings.bootstrap
        let rows = try MetricsComparison(first: worse, second: better.reversed(), bootstrap: bootstrap).rows
        let row = try #require(rows.first { $0.protocolName == .original && $0.quantity == .mse })
        #expect(row.difficulty == nil)
        #expect(row.difference < 0)
        #expect(row.isSignificant)
        let separate = try [worse, better].map { try Metrics(records: $0, settings: settings) }
        let widths = separate.compactMap { $0.protocols[.original]?.intervals[.mse] }.map { $0.high - $0.low }
        #expect(row.interval.high - row.interval.low < (widths.min() ?? 0), "pairing takes the pictures' spread out")

        let same = try MetricsComparison(first: worse, second: worse, bootstrap: bootstrap).rows
        #expect(same.allSatisfy { $0.interval == Interval(low: 0, high: 0) && !$0.isSignificant })
        #expect(Set(same.map(\.difficulty)) == [nil, .easy, .hard])
    }

    @Test func unequalListsAreRefused() throws {
        let records = try randomRecords(4)
        #expect(throws: MetricsError.differentImages(onlyFirst: 1, onlySecond: 0, example: "easy/1")) {
            _ = try MetricsComparison(first: records, second: records.filter { $0.id != "1" })
        }
        #expect(throws: MetricsError.noImages) { _ = try Metrics(records: [], settings: settings) }
        #expect(throws: MetricsError.duplicateImage(id: "0")) {
            _ = try Metrics(records: records + records.prefix(1), settings: settings)
        }
        var mixed = records
        mixed[2].pixels.classConfusion = nil
        #expect(throws: MetricsError.mixedRecords(id: "2", lacks: "predicted classes")) {
            _ = try Metrics(records: mixed, settings: settings)
        }
    }
}
