import Images

/// What of a picture is kept to find others that show the same.
struct PictureLook: Sendable, Equatable {
    /// Whether each of 16 x 16 areas is brighter than its right neighbor (a difference hash), 64 a word.
    private let steps: SIMD4<UInt64>
    /// Mean colors of 16 x 16 areas.
    private let colors: [UInt8]

    /// Differing steps up to which two pictures are compared further: of 256, half of which differ by chance.
    private static let stepLimit = 40
    /// Mean difference of colors up to which two pictures show the same; compressing a photograph again moves it by less than 1.
    private static let colorLimit = 3

    init(_ picture: Image) {
        let means = Self.means(of: picture, columns: 17, rows: 16)
        var words = SIMD4<UInt64>()
        for row in 0..<16 {
            for column in 0..<16 {
                let place = row * 17 + column
                if means[place].brightness > means[place + 1].brightness {
                    words[row / 4] |= 1 << UInt64(row % 4 * 16 + column)
                }
            }
        }
        steps = words
        colors = Self.means(of: picture, columns: 16, rows: 16).flatMap { [$0.red, $0.green, $0.blue] }.map {
            UInt8($0)
        }
    }

    func showsTheSame(as other: PictureLook) -> Bool {
        let different = steps ^ other.steps
        let count = (0..<4).reduce(0) { $0 + different[$1].nonzeroBitCount }
        guard count <= Self.stepLimit else { return false }
        let sum = zip(colors, other.colors).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        return sum <= Self.colorLimit * colors.count
    }

    private struct Mean {
        var red = 0
        var green = 0
        var blue = 0
        var brightness: Int { 299 * red + 587 * green + 114 * blue }
    }

    /// Mean colors of areas that are as equal as pixels allow, rows from top to bottom.
    private static func means(of picture: Image, columns: Int, rows: Int) -> [Mean] {
        var sums = [Mean](repeating: Mean(), count: columns * rows)
        var counts = [Int](repeating: 0, count: columns * rows)
        // Enough pixels for a mean, whatever the picture's size.
        let step = max(1, min(picture.width, picture.height) / 512)
        picture.pixels.withUnsafeBufferPointer { samples in
            for y in stride(from: 0, to: picture.height, by: step) {
                for x in stride(from: 0, to: picture.width, by: step) {
                    let place = y * rows / picture.height * columns + x * columns / picture.width
                    let start = 3 * (y * picture.width + x)
                    sums[place].red += Int(samples[start])
                    sums[place].green += Int(samples[start + 1])
                    sums[place].blue += Int(samples[start + 2])
                    counts[place] += 1
                }
            }
        }
        return zip(sums, counts).map { sum, count in
            Mean(red: sum.red / max(count, 1), green: sum.green / max(count, 1), blue: sum.blue / max(count, 1))
        }
    }
}
