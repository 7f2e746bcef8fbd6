/// All that an evaluation reports: the content of `metrics.json`, whose schema is in `Docs/metrics.md`.
///
/// ```swift
/// let metrics = try Metrics(records: records, settings: EvaluationSettings(resolution: .init(width: 512, height: 512)))
/// print(metrics.protocols[.original]?[.iou] ?? .nan)
/// try metrics.write(to: "metrics.json")
/// ```
public struct Metrics: Codable, Equatable, Sendable {
    /// Raised when a reader of an older version would misunderstand the file.
    public static let formatVersion = 2

    public var formatVersion: Int
    public var settings: EvaluationSettings
    public var data: DataState
    /// Of all pictures.
    public var protocols: [ProtocolName: ProtocolScores]
    /// Of the easy and of the hard pictures, where there are any.
    public var difficulty: [Difficulty: [ProtocolName: ProtocolScores]]
    public var emptyRules: EmptyRuleCounts
    /// Of all pictures; nil in files of format 1.
    public var calibration: Reliability?

    enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case settings, data, protocols, difficulty, calibration
        case emptyRules = "empty_rules"
    }

    /// Scores `records`. The result does not depend on their order.
    ///
    /// Throws ``MetricsError`` when there are no records, two are of the same picture, or some lack what others have. Takes
    /// about a second for 4,428 pictures and 1,000 resamples.
    public init(records: [ImageRecord], settings: EvaluationSettings, data: DataState = DataState()) throws {
        let scorer = try Scorer(records)
        let resampled = scorer.resampledScores(settings.bootstrap)
        var tables: [Subset: [ProtocolName: ProtocolScores]] = [:]
        let images = Dictionary(uniqueKeysWithValues: Subset.allCases.map { ($0, scorer.count(in: $0)) })
        for (key, value) in scorer.scores() {
            let interval = Interval(percentilesOf: resampled.compactMap { $0[key] })
            tables[key.subset, default: [:]][key.protocolName, default: ProtocolScores(images: images[key.subset] ?? 0)]
                .set(key.quantity, value, interval)
        }
        self.formatVersion = Self.formatVersion
        self.settings = settings
        self.data = data
        self.protocols = tables[.all] ?? [:]
        self.difficulty = [:]
        for difficulty in Difficulty.allCases { self.difficulty[difficulty] = tables[Subset(difficulty)] }
        self.emptyRules = EmptyRuleCounts(records)
        self.calibration = Reliability(records)
    }
}

/// What the numbers depend on besides pictures and predictions.
public struct EvaluationSettings: Codable, Equatable, Sendable {
    public struct Resolution: Codable, Equatable, Sendable {
        public var width: Int
        public var height: Int

        public init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    /// To which pictures and masks were brought; `nil` when each was scored at its own.
    public var resolution: Resolution?
    /// The softness above which a pixel counts as glass.
    public var threshold: Double
    /// How masks are made of a model's passes; nil for one pass, and of masks whose making is not known.
    public var prediction: String?
    /// The temperature that softness was calibrated by; nil for none.
    public var temperature: Double?
    public var bootstrap: BootstrapSettings

    public init(
        resolution: Resolution?, threshold: Double = 0.5, prediction: String? = nil, temperature: Double? = nil,
        bootstrap: BootstrapSettings = BootstrapSettings()
    ) {
        self.resolution = resolution
        (self.prediction, self.temperature) = (prediction, temperature)
        self.threshold = threshold
        self.bootstrap = bootstrap
    }
}

/// Which files were scored. The values are the caller's and only kept.
public struct DataState: Codable, Equatable, Sendable {
    /// The name of the repair plan that was applied.
    public var plan: String?
    /// A hash of the list of files.
    public var filesHash: String?

    enum CodingKeys: String, CodingKey {
        case plan
        case filesHash = "files_hash"
    }

    public init(plan: String? = nil, filesHash: String? = nil) {
        self.plan = plan
        self.filesHash = filesHash
    }
}
