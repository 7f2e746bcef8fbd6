import Images

extension ClassMask {
    /// The class whose color is the nearest by Euclidean distance; of a gray, background up to 127 and stuff above.
    static func nearestClass(_ color: (UInt8, UInt8, UInt8)) -> UInt8 {
        let sample = [Int(color.0), Int(color.1), Int(color.2)]
        let distances = Image.classColors.map { target in
            zip(sample, target).map { ($0 - Int($1)) * ($0 - Int($1)) }.reduce(0, +)
        }
        return UInt8(distances.indices.min { distances[$0] < distances[$1] } ?? 0)
    }
}
