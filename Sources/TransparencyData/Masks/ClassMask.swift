import Images

/// A mask whose pixels are classes, 0 background, 1 things and 2 stuff: every truth, and predictions of a model that tells things from stuff.
///
/// Depth, palette, alpha and the set of values decide what the samples mean. What is not understood is refused.
struct ClassMask {
    /// One channel of classes.
    let classes: Image
    let reading: MaskReading

    /// - Parameter repairs: Of a plan; ``RepairPlan/Action/nearestColors`` and ``RepairPlan/Action/labelsAsGlass`` count.
    /// - Throws: ``DatasetError/unclearMask(_:stored:doubt:)``, with `name` as the mask.
    init(_ file: StoredSamples, name: String, repairs: [RepairPlan.Action] = []) throws {
        let mask = StoredMask(file)
        let content = mask.content()
        let (kind, doubt) = Self.kind(of: mask, content)
        let chosen: MaskReading.Kind
        if repairs.contains(.labelsAsGlass) {
            chosen = .labelsAsGlass
        } else if let kind {
            chosen = kind
        } else if repairs.contains(.nearestColors) {
            chosen = .nearestColors
        } else {
            throw DatasetError.unclearMask(name, stored: mask.summary(), doubt: doubt ?? .manyLabels)
        }
        classes = try Self.classes(of: mask, by: chosen)
        let isLayer = file.alpha?.contains { $0 < 128 } ?? false
        let isPlanned = chosen == .nearestColors || chosen == .labelsAsGlass
        let told: MaskReading.Kind =
            isPlanned ? chosen : isLayer ? .opaqueParts : file.isWhiteZero ? .whiteIsZero : chosen
        reading = MaskReading(kind: told, bits: file.bits)
    }

    /// What the values mean, or why that is not known.
    private static func kind(of mask: StoredMask, _ content: StoredMask.Content) -> (MaskReading.Kind?, MaskDoubt?) {
        if let doubt = alphaDoubt(of: mask, content) { return (nil, doubt) }
        if mask.hasOneColor { return (nil, .paletteOfOneColor) }
        if mask.file.bits == 16, !mask.isSmall, !mask.isStretched { return (nil, foreign(mask)) }
        if content.colorCount == 0, content.redCount > 0, content.hasOnly(grays: [0, 255]) { return (.colors, nil) }
        let grays = content.grays.indices.filter { content.grays[$0] > 0 }.map { Int(mask.unstretched(UInt8($0))) }
        if content.isGray, let kind = kind(ofGrays: content, mask) {
            return kind == .labels && grays == [1, 2] ? (nil, .noBackground) : (kind, nil)
        }
        if mask.file.indices != nil {
            let used = content.indices.indices.filter { content.indices[$0] > 0 }
            guard used.allSatisfy({ $0 <= 2 }) else { return (nil, doubt(ofLabels: used, mask)) }
            return used == [1, 2] ? (nil, .noBackground) : (.indices, nil)
        }
        return (nil, content.isGray ? doubt(ofLabels: grays, mask) : foreign(mask))
    }

    private static func kind(ofGrays content: StoredMask.Content, _ mask: StoredMask) -> MaskReading.Kind? {
        if content.hasOnly(grays: [0, 255]) { return .blackAndWhite }
        if content.hasOnly(grays: [0, 85, 255]), mask.file.bits >= 8 { return .grayOfColors }
        if content.hasOnly(grays: [0, 76, 255]) { return .grayOfColors }
        // A lossy file's 1 and 2 are noise.
        guard !mask.file.isLossy else { return nil }
        let labels = (0...2).map { $0 * (255 / Int(mask.unstretched(255))) }
        return content.hasOnly(grays: Set(labels)) ? .labels : nil
    }

    /// What numbers are that are more than three classes.
    private static func doubt(ofLabels used: [Int], _ mask: StoredMask) -> MaskDoubt {
        // One number more than all labels, of which noise has several, is no class.
        let void = used.filter { $0 >= 254 }
        let small = void.count == 1 ? used.filter { $0 < 254 } : used
        // Trans10K's second version has 12 classes, Pascal VOC 21; a soft mask has values in the middle.
        guard small.allSatisfy({ $0 < 64 }), !mask.file.isLossy, small.contains(where: { $0 > 0 }) else {
            return foreign(mask)
        }
        return void.isEmpty ? .manyLabels : .ignoreLabel
    }

    private static func alphaDoubt(of mask: StoredMask, _ content: StoredMask.Content) -> MaskDoubt? {
        guard let alpha = mask.file.alpha, let first = alpha.first else { return nil }
        if alpha.allSatisfy({ $0 == first }) { return first < 128 ? .alpha("all of it is transparent") : nil }
        if alpha.contains(where: { $0 > 0 && $0 < 255 }) { return .alpha(MaskDoubt.gradualAlpha) }
        if mask.hidesGlass { return .alpha(MaskDoubt.hiddenGlass) }
        let isBlack = content.isGray && content.greatestGray() == 0
        return isBlack ? .alpha("it is black on transparent ground") : nil
    }

    /// The first pixel that is none of the colors.
    static func foreign(_ mask: StoredMask) -> MaskDoubt {
        var (count, first) = (0, 0)
        let wide = mask.file.channels == 1 && !mask.isSmall ? mask.file.wideSamples : nil
        for pixel in (0..<mask.pixelCount).reversed() where mask.isOpaque(pixel) {
            if let wide, ![0, 0xFF00, 0xFFFF].contains(wide[pixel]) { (count, first) = (count + 1, pixel) }
            guard wide == nil else { continue }
            let (red, green, blue) = mask.color(pixel)
            let isKnown = green == blue && (red == green ? red == 0 || red == 255 : (red, green) == (255, 0))
            if !isKnown { (count, first) = (count + 1, pixel) }
        }
        let (red, green, blue) = mask.color(first)
        if let wide {
            return .foreignColors(
                count: count, found: "the gray \(wide[first])", x: first % mask.width, y: first / mask.width)
        }
        return .foreignColors(
            count: count, found: red == green && green == blue ? "the gray \(red)" : "(\(red), \(green), \(blue))",
            x: first % mask.width, y: first / mask.width)
    }

    private static func classes(of mask: StoredMask, by kind: MaskReading.Kind) throws -> Image {
        let greatest = mask.unstretched(255)
        let step = 255 / greatest
        let pixels = (0..<mask.pixelCount).map { pixel -> UInt8 in
            guard mask.isOpaque(pixel) else { return 0 }
            if kind == .indices || kind == .labelsAsGlass, let indices = mask.file.indices {
                return kind == .indices ? indices[pixel] : indices[pixel] > 0 ? 2 : 0
            }
            let color = mask.color(pixel)
            switch kind {
            case .labels: return color.0 / step
            case .labelsAsGlass: return color == (0, 0, 0) ? 0 : 2
            case .nearestColors: return nearestClass(color)
            default: return color.0 == 0 ? 0 : color.2 == 255 ? 2 : 1
            }
        }
        return try Image(width: mask.width, height: mask.height, channels: 1, pixels: pixels)
    }
}
