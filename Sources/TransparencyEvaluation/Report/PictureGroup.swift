import SegmentationMetrics

/// The pictures of one difficulty, with how the report calls and draws them.
struct PictureGroup {
    /// `nil` for pictures without one.
    let difficulty: Difficulty?
    let name: String
    let records: [ImageRecord]

    /// The class of its marks and rows in the style sheet.
    var styleClass: String { Self.styleClass(of: difficulty) }

    static func styleClass(of difficulty: Difficulty?) -> String { difficulty?.rawValue ?? "other" }

    /// The groups that have pictures: easy, hard, and the rest.
    static func groups(of records: [ImageRecord]) -> [PictureGroup] {
        let byDifficulty = Dictionary(grouping: records, by: \.difficulty)
        return (Difficulty.allCases.map(Optional.some) + [nil]).compactMap { difficulty in
            guard let records = byDifficulty[difficulty] else { return nil }
            let name = difficulty?.rawValue ?? (byDifficulty.count == 1 ? "all" : "neither")
            return PictureGroup(difficulty: difficulty, name: name, records: records)
        }
    }
}
