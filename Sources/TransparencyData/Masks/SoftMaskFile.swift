import Images

/// A predicted mask made by whatever program: how surely each pixel is glass.
///
/// It is read by the same law as a truth (``ClassMask``), but that values between black and white are softness.
struct SoftMaskFile {
    /// One channel, or three estimates of one mask; 0 opaque, 255 transparent.
    let softness: Image
    let reading: MaskReading

    /// What the greatest value of a gray prediction means, where its own values leave that open.
    enum Scale: Int, Comparable {
        /// 1 and 2 are classes.
        case labels
        /// Greater numbers, but none that is more than a label: they may be classes, or soft masks that see no glass.
        case manyLabels
        /// 255 is glass, also in 16 bits.
        case bytes
        /// The depth's greatest value is glass.
        case depth

        static func < (one: Scale, other: Scale) -> Bool { one.rawValue < other.rawValue }
    }

    /// - Parameters:
    ///   - name: Stands for the mask in errors.
    ///   - isSoft: Whether the file is known to hold softness, not labels or colors.
    ///   - scale: Called where the values leave the scale open.
    /// - Throws: ``DatasetError/unclearMask(_:stored:doubt:)``.
    init(_ file: StoredSamples, name: String, isSoft: Bool = false, scale: () -> Scale) throws {
        let mask = StoredMask(file)
        let content = mask.content()
        func refuse(_ doubt: MaskDoubt) -> DatasetError { .unclearMask(name, stored: mask.summary(), doubt: doubt) }
        func glass(_ kind: MaskReading.Kind, where isGlass: (Int) -> Bool) throws -> SoftMaskFile {
            let pixels = (0..<mask.pixelCount).map { isGlass($0) ? UInt8(255) : 0 }
            let image = try Image(width: mask.width, height: mask.height, channels: 1, pixels: pixels)
            return SoftMaskFile(softness: image, reading: MaskReading(kind: kind, bits: file.bits))
        }
        let isPure = content.colorCount == 0 && content.hasOnly(grays: [0, 255])
        if let alpha = file.alpha, alpha.contains(where: { $0 < 255 }) || !content.isGray && !isPure {
            self = try Self.ofLayer(mask, content, alpha, glass: glass, refuse: refuse)
        } else if content.isGray {
            if mask.hasOneColor { throw refuse(.paletteOfOneColor) }
            if !isSoft, content.mayIgnore(mask) { throw refuse(.ignoreLabel) }
            self = try Self.ofGray(mask, content, scale: scale, glass: glass, refuse: refuse)
        } else if isPure {
            self = try glass(.colors) { mask.color($0).0 > 0 }
        } else if let indices = file.indices {
            guard indices.allSatisfy({ $0 <= 2 }) else {
                throw refuse(indices.contains(255) ? .ignoreLabel : .manyLabels)
            }
            if Set(indices) == [1, 2] { throw refuse(.noBackground) }
            self = try glass(.indices) { indices[$0] > 0 }
        } else {
            if !isSoft, !mask.isSoftInThreeChannels { throw refuse(ClassMask.foreign(mask)) }
            self.init(
                softness: try Image(width: mask.width, height: mask.height, channels: 3, pixels: mask.samples),
                reading: MaskReading(kind: .soft, bits: file.bits))
        }
        if file.isWhiteZero {
            self.init(softness: softness, reading: MaskReading(kind: .whiteIsZero, bits: file.bits))
        }
    }

    private init(softness: Image, reading: MaskReading) { (self.softness, self.reading) = (softness, reading) }

    /// A picture with transparent parts: a mask on a layer of its own, or a cut-out.
    private static func ofLayer(
        _ mask: StoredMask, _ content: StoredMask.Content, _ alpha: [UInt8],
        glass: (MaskReading.Kind, (Int) -> Bool) throws -> SoftMaskFile, refuse: (MaskDoubt) -> DatasetError
    ) throws -> SoftMaskFile {
        let isPure = content.colorCount == 0 && content.hasOnly(grays: [0, 255])
        let hasOpaque = (0..<mask.pixelCount).contains(where: mask.isOpaque)
        if isPure, hasOpaque {
            guard content.grays[255] + content.redCount > 0 else {
                throw refuse(.alpha("it is black on transparent ground"))
            }
            if content.grays[0] > 0 {
                if mask.hidesGlass { throw refuse(.alpha(MaskDoubt.hiddenGlass)) }
                return try glass(.opaqueParts) { mask.isOpaque($0) && mask.color($0).0 > 0 }
            }
        }
        let values = Set(alpha)
        if values.count == 1, values.isDisjoint(with: [0, 255]) { throw refuse(.alpha(MaskDoubt.evenAlpha)) }
        if values == [0], mask.hasGlassAndBackground { throw refuse(.alpha("all of it is transparent")) }
        // A layer of one opacity that lets more than half of what is below through.
        if values.count == 2, values.contains(0), !hasOpaque { return try glass(.alpha) { alpha[$0] > 0 } }
        let softness = try Image(width: mask.width, height: mask.height, channels: 1, pixels: alpha)
        return SoftMaskFile(softness: softness, reading: MaskReading(kind: .alpha, bits: mask.file.bits))
    }

    private static func ofGray(
        _ mask: StoredMask, _ content: StoredMask.Content, scale: () -> Scale,
        glass: (MaskReading.Kind, (Int) -> Bool) throws -> SoftMaskFile, refuse: (MaskDoubt) -> DatasetError
    ) throws -> SoftMaskFile {
        let file = mask.file
        let greatest = content.greatestGray()
        let isDeep = file.bits > 1 || file.indices != nil
        let isUnclear =
            greatest > 0
            && (mask.isSmall || mask.unstretched(UInt8(greatest)) <= mask.greatestLabel && isDeep)
        let scale = isUnclear ? scale() : .depth
        if scale == .manyLabels {
            throw refuse(
                .unclearScale(greatest: Int(mask.unstretched(UInt8(greatest))), of: Int(mask.unstretched(255))))
        }
        if scale == .labels {
            let used = content.grays.indices.filter { content.grays[$0] > 0 }.map { mask.unstretched(UInt8($0)) }
            if used == [1, 2] { throw refuse(.noBackground) }
            return try glass(.labels) { mask.samples[$0 * file.channels] > 0 }
        }
        let pixels = scale == .depth ? file.samples : mask.samples
        let kind: MaskReading.Kind = content.hasOnly(grays: [0, 255]) ? .blackAndWhite : .soft
        return SoftMaskFile(
            softness: try Image(width: mask.width, height: mask.height, channels: file.channels, pixels: pixels),
            reading: MaskReading(kind: kind, bits: file.bits))
    }

    /// What the values of one gray file say about the scale of all that were made with it.
    static func scale(of file: StoredSamples) -> Scale {
        let mask = StoredMask(file)
        let greatest = mask.content().greatestGray()
        if file.bits == 16, !mask.isSmall { return .depth }
        let value = mask.unstretched(UInt8(greatest))
        // A lossy file's small values may be noise about black, or what is left of labels.
        return value <= (file.isLossy ? 0 : 2) ? .labels : value <= mask.greatestLabel ? .manyLabels : .bytes
    }
}
