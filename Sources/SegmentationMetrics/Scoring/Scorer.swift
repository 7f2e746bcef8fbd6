import SeededRandom

/// Which pictures a number is of.
enum Subset: Hashable, CaseIterable {
    case all, easy, hard

    init(_ difficulty: Difficulty) {
        self = difficulty == .easy ? .easy : .hard
    }
}

/// The protocols, by their names in `metrics.json`.
public enum ProtocolName: String, Codable, CaseIterable, Sendable, CodingKeyRepresentable {
    case original, translab, glass
    case trans10KStuff = "trans10k_stuff"
    case native, calibration
}

/// Where a number belongs.
struct ScoreKey: Hashable {
    let subset: Subset
    let protocolName: ProtocolName
    let quantity: Quantity
}

/// Works out all numbers of a list of pictures, and of resamples of it.
struct Scorer {
    /// The pictures in the order in which they are summed.
    let records: [ImageRecord]
    private let protocols: [(name: ProtocolName, rule: any ScoringProtocol, range: Range<Int>)]
    private let addendCount: Int
    /// What each picture adds, one after the other.
    private let addends: [Double]
    /// Each picture's place in ``sums(of:)``: 0 easy, 1 hard, 2 neither.
    private let groups: [Int]
    private static let groupCount = 3

    /// Throws ``MetricsError`` when there are no records, two are of the same picture, or some lack what others have.
    init(_ records: [ImageRecord]) throws {
        guard !records.isEmpty else { throw MetricsError.noImages }
        self.records = records.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
        for (one, next) in zip(self.records, self.records.dropFirst()) where one.sortKey == next.sortKey {
            throw MetricsError.duplicateImage(id: one.id)
        }
        let hasClasses = records.contains { $0.pixels.classConfusion != nil }
        let hasNative = records.contains { $0.native != nil }
        for record in records {
            if hasClasses, record.pixels.classConfusion == nil {
                throw MetricsError.mixedRecords(id: record.id, lacks: "predicted classes")
            }
            if hasNative, record.native == nil {
                throw MetricsError.mixedRecords(id: record.id, lacks: "counts at its own resolution")
            }
        }
        var rules: [(ProtocolName, any ScoringProtocol)] = [
            (.original, OriginalProtocol()), (.translab, TransLabProtocol(hasClasses: hasClasses)),
            (.glass, GlassProtocol()), (.trans10KStuff, Trans10KStuffProtocol()),
            (.calibration, CalibrationProtocol()),
        ]
        if hasNative { rules.append((.native, NativeProtocol())) }
        var end = 0
        protocols = rules.map { name, rule in
            defer { end += rule.addendCount }
            return (name, rule, end..<end + rule.addendCount)
        }
        addendCount = end
        addends = self.records.flatMap { record in rules.flatMap { $0.1.addends(of: record) } }
        groups = self.records.map { record in
            switch record.difficulty {
            case .easy: 0
            case .hard: 1
            case nil: 2
            }
        }
    }

    /// How many of the pictures are in a subset.
    func count(in subset: Subset) -> Int {
        records.count { subset == .all || $0.difficulty.map(Subset.init) == subset }
    }

    /// The numbers of the pictures, each once.
    func scores() -> [ScoreKey: Double] {
        let weights = [Double](repeating: 1, count: records.count)
        return scores(of: sums(of: [weights])[...])
    }

    /// The numbers of each resample, in order. The same pictures and settings give the same draws, whatever was predicted.
    func resampledScores(_ settings: BootstrapSettings) -> [[ScoreKey: Double]] {
        var generator = SplitMix64(seed: settings.seed)
        var results: [[ScoreKey: Double]] = []
        // So many that a picture's addends stay in the cache while they are added to each resample.
        let chunkSize = 32
        for start in stride(from: 0, to: settings.resamples, by: chunkSize) {
            let weights = (start..<min(start + chunkSize, settings.resamples)).map { _ in
                var weights = [Double](repeating: 0, count: records.count)
                for _ in records { weights[generator.next(below: records.count)] += 1 }
                return weights
            }
            let sums = sums(of: weights)
            let size = Self.groupCount * addendCount
            for index in weights.indices { results.append(scores(of: sums[index * size..<(index + 1) * size])) }
        }
        return results
    }

    /// For each list of weights, one a picture, the weighted sums of the addends by group.
    private func sums(of weights: [[Double]]) -> [Double] {
        var sums = [Double](repeating: 0, count: weights.count * Self.groupCount * addendCount)
        sums.withUnsafeMutableBufferPointer { sums in
            addends.withUnsafeBufferPointer { addends in
                for image in records.indices {
                    let added = UnsafeBufferPointer(rebasing: addends[image * addendCount..<(image + 1) * addendCount])
                    for index in weights.indices where weights[index][image] > 0 {
                        let weight = weights[index][image]
                        let start = (index * Self.groupCount + groups[image]) * addendCount
                        let target = UnsafeMutableBufferPointer(rebasing: sums[start..<start + addendCount])
                        for addend in 0..<addendCount { target[addend] += weight * added[addend] }
                    }
                }
            }
        }
        return sums
    }

    /// All numbers from the sums of the three groups.
    private func scores(of groupSums: ArraySlice<Double>) -> [ScoreKey: Double] {
        let start = groupSums.startIndex
        let easy = groupSums[start..<start + addendCount]
        let hard = groupSums[start + addendCount..<start + 2 * addendCount]
        let neither = groupSums[(start + 2 * addendCount)...]
        let all = zip(zip(easy, hard), neither).map { $0.0 + $0.1 + $1 }
        var scores: [ScoreKey: Double] = [:]
        for (subset, sums) in [(Subset.all, all[...]), (.easy, easy), (.hard, hard)] {
            for (name, rule, range) in protocols {
                let sums = sums[sums.startIndex + range.lowerBound..<sums.startIndex + range.upperBound]
                guard sums[sums.startIndex] > 0 else { continue }
                for (quantity, value) in rule.scores(of: sums) {
                    scores[ScoreKey(subset: subset, protocolName: name, quantity: quantity)] = value
                }
            }
        }
        return scores
    }
}
