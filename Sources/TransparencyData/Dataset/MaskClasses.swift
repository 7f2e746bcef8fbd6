import Images

/// What the samples of a mask file mean.
enum MaskClasses {
    /// The colors of background, things and stuff.
    static let palette: [[UInt8]] = [[0, 0, 0], [255, 0, 0], [255, 255, 255]]

    /// Classes of a mask, one channel of 0 background, 1 things, 2 stuff.
    ///
    /// Colors: black, red (255, 0, 0) and white. Grey: 0; 255 and 2 as white; 1, and 85, the mean of red's channels, as red.
    /// Where glass alone was marked, as 1 or 255, its class is thus things or stuff, which is all the same to a metric or a
    /// trainer of two classes.
    ///
    /// - Parameter nearest: whether other colors are taken for the nearest of these rather than refused.
    /// - Throws: ``DatasetError/foreignColors(mask:count:found:x:y:)``, with `name` as the mask.
    static func classes(of mask: Image, name: String, nearest: Bool = false) throws -> Image {
        let (channels, count) = (mask.channels, mask.width * mask.height)
        var foreign: [Int] = []
        // A grey file of soft values would fill a list.
        var foreignCount = 0
        var classes = [UInt8](repeating: 0, count: count)
        mask.pixels.withUnsafeBufferPointer { samples in
            for index in 0..<count {
                let position = index * channels
                let known =
                    channels == 1
                    ? known(grey: samples[position])
                    : known(samples[position], samples[position + 1], samples[position + 2])
                if let known {
                    classes[index] = known
                } else if nearest {
                    classes[index] = nearestClass(
                        (0..<3).map { Int(samples[channels == 1 ? position : position + $0]) })
                } else {
                    foreignCount += 1
                    if foreign.isEmpty { foreign.append(index) }
                }
            }
        }
        if let first = foreign.first {
            let color = mask.pixels[first * channels..<(first + 1) * channels].map(String.init)
            throw DatasetError.foreignColors(
                mask: name, count: foreignCount,
                found: channels == 1 ? "the grey \(color[0])" : "(\(color.joined(separator: ", ")))",
                x: first % mask.width, y: first / mask.width)
        }
        return try Image(width: mask.width, height: mask.height, channels: 1, pixels: classes)
    }

    /// Whether a mask is one in the colors of masks but for a few pixels between them, as smoothing and lossy compression leave them:
    /// at most one pixel in 50 is further than a quarter of the range from each of these colors.
    static func isNearlyPure(_ mask: Image) -> Bool {
        let (channels, count) = (mask.channels, mask.width * mask.height)
        let far = (0..<count).count { index in
            let color = (0..<3).map { Int(mask.pixels[index * channels + (channels == 1 ? 0 : $0)]) }
            return !palette.contains { target in zip(color, target).allSatisfy { abs($0 - Int($1)) <= 64 } }
        }
        return far * 50 <= count
    }

    private static func known(grey: UInt8) -> UInt8? {
        switch grey {
        case 0: 0
        case 1, 85: 1
        case 2, 255: 2
        default: nil
        }
    }

    private static func known(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8? {
        if red == green, green == blue { return known(grey: red) }
        return (red, green, blue) == (255, 0, 0) ? 1 : nil
    }

    /// By Euclidean distance to black, red and white.
    private static func nearestClass(_ color: [Int]) -> UInt8 {
        let distances = palette.map { target in
            zip(color, target).map { ($0 - Int($1)) * ($0 - Int($1)) }.reduce(0, +)
        }
        return UInt8(distances.indices.min { distances[$0] < distances[$1] } ?? 0)
    }
}
