/// Whether softness is the share of glass: the expected calibration error over the pixels of all pictures (``Reliability``).
struct CalibrationProtocol: ScoringProtocol {
    let addendCount = 2 + Reliability.binCount

    func addends(of record: ImageRecord) -> [Double] {
        var gaps = [Double](repeating: 0, count: Reliability.binCount)
        for (level, glass, other) in Reliability.levels(of: record) {
            gaps[Reliability.bin(of: level)] += Double(glass + other) * Double(level) / 255 - Double(glass)
        }
        return [1, Double(record.pixels.pixelCount)] + gaps
    }

    func scores(of sums: ArraySlice<Double>) -> [Quantity: Double] {
        let sums = Array(sums)
        return [.ece: sums[2...].reduce(0) { $0 + abs($1) } / sums[1]]
    }
}
