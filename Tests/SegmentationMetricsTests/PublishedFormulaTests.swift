import Testing

@testable import SegmentationMetrics

/// Comparisons with `Tools/check_metrics.py`, which works every number out from the pixels by the published formulas.
@Suite struct PublishedFormulaTests {
    /// Sums are made in another order.
    static let tolerance = 1e-6

    private let drawn: DrawnCases

    init() throws {
        drawn = try DrawnCases()
    }

    @Test(arguments: ["three_class", "binary", "strict"])
    func allNumbersAgree(kind: String) throws {
        let expected = try #require(drawn.expected[kind])
        let records = try records(kind)
        for (subset, protocols) in expected {
            let scores: [ScoreKey: Double]
            let key: Subset
            if let record = records.first(where: { $0.id == subset }) {
                (scores, key) = (try Scorer([record]).scores(), .all)
            } else {
                key = try #require(["all": Subset.all, "easy": .easy, "hard": .hard][subset])
                scores = try Scorer(records).scores()
            }
            for name in ProtocolName.allCases {
                let wanted = try #require(protocols[name.rawValue])
                for quantity in Quantity.allCases {
                    let actual = scores[ScoreKey(subset: key, protocolName: name, quantity: quantity)]
                    let place = "\(kind), \(subset): \(name.rawValue).\(quantity.rawValue)"
                    guard let actual, let wanted = wanted[quantity.rawValue] else {
                        #expect(actual == wanted[quantity.rawValue], "\(place)")
                        continue
                    }
                    #expect(abs(actual - wanted) <= Self.tolerance, "\(place) is \(actual), not \(wanted)")
                }
            }
        }
    }

    @Test func oneChangedPixelIsSeen() throws {
        let expected = try #require(drawn.expected["three_class"]?["all"])
        var records = try records("three_class")
        records[0].pixels.aboveThreshold.truePositives -= 1
        records[0].pixels.aboveThreshold.falseNegatives += 1
        let scores = try Scorer(records).scores()
        let actual = try #require(scores[ScoreKey(subset: .all, protocolName: .original, quantity: .iou)])
        #expect(abs(actual - (try #require(expected["original"]?["iou"]))) > Self.tolerance)
    }

    @Test func rulesForEmptyMasksAreCounted() throws {
        let metrics = try Metrics(
            records: records("three_class"),
            settings: EvaluationSettings(resolution: nil, bootstrap: BootstrapSettings(resamples: 2)))
        let rules = metrics.emptyRules
        #expect(rules.emptyUnion == 1)
        #expect(rules.emptyUnionFromHalf == 1)
        #expect(rules.emptyTruth == 2)
        #expect(rules.fullTruth == 4)
        #expect(rules.oneClassTruth == 3)
        #expect(rules.noBoundary == 3)
        #expect(rules.oneBoundary == 2)
    }

    private func records(_ kind: String) throws -> [ImageRecord] {
        try drawn.records(
            withClasses: kind == "three_class", threshold: try #require(drawn.thresholds[kind]))
    }
}
