import Files
public import SegmentationMetrics

/// `report.html`: an evaluation as one page for people, which needs no other file and no network.
///
/// The page has the numbers of all protocols with their intervals, charts, the worst and the best pictures, and a table of all
/// pictures that a browser sorts. The same report gives the same bytes.
///
/// ```swift
/// let selection = Report.selection(of: records)
/// let report = Report(
///     title: "Glass in Trans10K", facts: [.init("Model", "glass-demo")], metrics: metrics, records: records,
///     worst: try selection.worst.map(example), best: try selection.best.map(example))
/// try report.write(to: "report.html")
/// ```
public struct Report: Sendable {
    /// The name of the file beside `metrics.json`.
    public static let fileName = "report.html"

    /// The heading.
    public let title: String
    /// What the evaluation was of, in the order of the page.
    public let facts: [Fact]
    public let metrics: Metrics
    /// In an order of their own, so that the page does not depend on that of the evaluation.
    public let records: [ImageRecord]
    public let worst: [Example]
    public let best: [Example]
    /// Whether tables have what papers report, named by work and data set.
    public var showsPublished = false

    /// A line of the page's head, such as Model: stable-diffusion-3.5-medium.
    public struct Fact: Equatable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            (self.name, self.value) = (name, value)
        }
    }

    /// A picture of the evaluation with what is shown of it.
    public struct Example: Sendable {
        public let record: ImageRecord
        /// Side by side, in this order.
        public let pictures: [Picture]

        public init(record: ImageRecord, pictures: [Picture]) {
            (self.record, self.pictures) = (record, pictures)
        }
    }

    /// An encoded picture, which becomes part of the page. A side of some 400 pixels is enough.
    public struct Picture: Sendable {
        public enum Kind: String, Sendable {
            case photo, truth, soft, mask
        }

        public enum MediaType: String, Sendable {
            case jpeg = "image/jpeg"
            case png = "image/png"
        }

        public let kind: Kind
        public let mediaType: MediaType
        public let bytes: [UInt8]

        public init(_ kind: Kind, _ mediaType: MediaType, _ bytes: [UInt8]) {
            (self.kind, self.mediaType, self.bytes) = (kind, mediaType, bytes)
        }
    }

    /// - Parameters:
    ///   - facts: what only the caller knows: the model, the data, the date. The numbers of pictures, the resolution, the
    ///     threshold and what else ``Metrics`` knows are added to them.
    ///   - metrics: of the same `records`.
    ///   - worst: from the worst on, usually those of ``selection(of:worst:best:)``.
    ///   - best: from the best on.
    public init(
        title: String, facts: [Fact] = [], metrics: Metrics, records: [ImageRecord], worst: [Example] = [],
        best: [Example] = []
    ) {
        self.title = title
        self.facts = facts
        self.metrics = metrics
        self.records = records.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
        self.worst = worst
        self.best = best
    }

    /// Writes the page, in one step. Throws `FileError`.
    public func write(to path: String) throws {
        try AtomicFile.write(Array(html().utf8), to: path)
    }
}
