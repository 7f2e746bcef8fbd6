import Images

/// A mask file's samples, and what they have in common: all that decides how it is read.
struct StoredMask {
    let file: StoredSamples
    /// Samples of 0…255, interleaved; of 16 bits the high byte unless ``isSmall``.
    let samples: [UInt8]
    /// Whether samples of 16 bits are of 0…255 as they stand.
    let isSmall: Bool
    /// Whether samples of 16 bits are those of 8 bits stretched, by 257 or 256.
    let isStretched: Bool

    init(_ file: StoredSamples) {
        self.file = file
        let wide = file.wideSamples
        isSmall = wide?.allSatisfy { $0 <= 255 } ?? false
        isStretched = wide.map { $0.allSatisfy { $0 % 257 == 0 } || $0.allSatisfy { $0 % 256 == 0 } } ?? false
        samples = isSmall ? wide?.map { UInt8(truncatingIfNeeded: $0) } ?? file.samples : file.samples
    }

    var width: Int { file.width }
    var height: Int { file.height }
    var pixelCount: Int { file.width * file.height }

    /// A gray sample of fewer than 8 bits as it stands in the file; others as they are.
    func unstretched(_ sample: UInt8) -> UInt8 {
        file.bits < 8 && file.indices == nil ? sample / (255 / UInt8(1 << file.bits - 1)) : sample
    }

    /// Red, green and blue of a pixel.
    func color(_ pixel: Int) -> (UInt8, UInt8, UInt8) {
        if file.channels == 1 { return (samples[pixel], samples[pixel], samples[pixel]) }
        return (samples[3 * pixel], samples[3 * pixel + 1], samples[3 * pixel + 2])
    }

    /// Whether a pixel is seen: alpha from 128 on.
    func isOpaque(_ pixel: Int) -> Bool { file.alpha.map { $0[pixel] >= 128 } ?? true }

    /// The greatest number that is a label rather than a brightness: Pascal VOC has 20 besides background, Trans10K's second version 11.
    var greatestLabel: UInt8 { min(20, unstretched(255) - 1) }

    /// Whether no index can be told from another.
    var hasOneColor: Bool { file.paletteSize > 1 && file.paletteColors == 1 }

    /// Whether glass lies beneath what is transparent, though black is drawn as background: alpha says another thing than the colors.
    var hidesGlass: Bool {
        guard file.alpha != nil else { return false }
        let pixels = 0..<pixelCount
        return pixels.contains { isOpaque($0) && color($0) == (0, 0, 0) }
            && pixels.contains { !isOpaque($0) && (color($0) == (255, 255, 255) || color($0) == (255, 0, 0)) }
    }

    /// Whether all pixels, seen or not, are black, red and white, and some of them glass and some not.
    var hasGlassAndBackground: Bool {
        var (isGlass, isBackground) = (false, false)
        for pixel in 0..<pixelCount {
            let color = color(pixel)
            if color == (0, 0, 0) {
                isBackground = true
            } else if color == (255, 255, 255) || color == (255, 0, 0) {
                isGlass = true
            } else {
                return false
            }
        }
        return isGlass && isBackground
    }

    /// Whether three channels can be estimates of one mask: colored areas are classes, or a photograph's.
    var isSoftInThreeChannels: Bool {
        var strongCount = 0
        var greatest: (UInt8, UInt8, UInt8) = (0, 0, 0)
        for pixel in 0..<pixelCount {
            let (red, green, blue) = color(pixel)
            greatest = (max(greatest.0, red), max(greatest.1, green), max(greatest.2, blue))
            if max(red, green, blue) - min(red, green, blue) >= Self.color { strongCount += 1 }
        }
        let usedChannels = [greatest.0, greatest.1, greatest.2].count { $0 > 0 }
        return strongCount * 100 <= pixelCount && usedChannels > 1
    }

    /// The difference of a pixel's channels that estimates of one mask hardly have: less than one in 10,000 of the original's pixels does, and a
    /// tenth and more of a photograph's.
    private static let color: UInt8 = 24

    /// Which grays, colors and indices there are.
    struct Content {
        /// By gray, 0…255, how many pixels have it.
        var grays = [Int](repeating: 0, count: 256)
        /// Pixels of pure red.
        var redCount = 0
        /// Pixels of other colors.
        var colorCount = 0
        /// By index, how many pixels have it.
        var indices = [Int](repeating: 0, count: 256)

        var isGray: Bool { redCount == 0 && colorCount == 0 }
        /// Whether a gray file has the greatest value, 255 or 254, beside labels and nothing between.
        func mayIgnore(_ mask: StoredMask) -> Bool {
            let void = greatestGray()
            guard !mask.file.isLossy, mask.file.bits > 1, mask.file.indices == nil, void >= 254 else { return false }
            let values: [Int]
            if let wide = mask.file.wideSamples, !mask.isSmall {
                let found = Set(wide)
                guard found.count <= 22, found.contains(65535) else { return false }
                values = found.map { $0 == 65535 ? 255 : Int($0) }
            } else {
                values = grays.indices.filter { grays[$0] > 0 }.map {
                    $0 == void ? 255 : Int(mask.unstretched(UInt8($0)))
                }
            }
            // Of 4 bits the numbers up to 14 may as well be brightnesses.
            let most = mask.file.bits < 8 ? 2 : Int(mask.greatestLabel)
            return values.contains { $0 > 0 && $0 < 255 } && values.allSatisfy { $0 == 255 || $0 <= most }
        }
        func greatestGray() -> Int { grays.lastIndex { $0 > 0 } ?? 0 }
        func hasOnly(grays allowed: Set<Int>) -> Bool {
            grays.indices.allSatisfy { grays[$0] == 0 || allowed.contains($0) }
        }
    }

    /// Of the pixels that are seen.
    func content() -> Content {
        var content = Content()
        samples.withUnsafeBufferPointer { samples in
            for pixel in 0..<pixelCount where isOpaque(pixel) {
                let start = pixel * file.channels
                let red = samples[start]
                guard file.channels == 3, red != samples[start + 1] || red != samples[start + 2] else {
                    content.grays[Int(red)] += 1
                    continue
                }
                if red == 255, samples[start + 1] == 0, samples[start + 2] == 0 {
                    content.redCount += 1
                } else {
                    content.colorCount += 1
                }
            }
        }
        guard let indices = file.indices else { return content }
        for pixel in 0..<pixelCount where isOpaque(pixel) { content.indices[Int(indices[pixel])] += 1 }
        return content
    }

    /// The depth and the values, for errors.
    func summary() -> String {
        if let indices = file.indices {
            let used = Set(indices).sorted().map { Int($0) }
            return "a palette, indices \(Self.list(used))"
        }
        guard file.channels == 1 else { return "\(file.bits)-bit RGB\(file.alpha == nil ? "" : " with alpha")" }
        let values =
            file.wideSamples.map { Set($0).sorted().map { Int($0) } }
            ?? Set(samples.map(unstretched)).sorted().map { Int($0) }
        return "\(file.bits)-bit gray\(file.alpha == nil ? "" : " with alpha"), values \(Self.list(values))"
    }

    private static func list(_ values: [Int]) -> String {
        guard values.count > 8 else { return values.map(String.init).joined(separator: ", ") }
        return values.prefix(4).map(String.init).joined(separator: ", ")
            + " … \(values[values.count - 1]) (\(values.count) values)"
    }
}
