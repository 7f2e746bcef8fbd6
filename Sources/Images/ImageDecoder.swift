import CVips
import Limits

/// One read: from a source of bytes to a picture.
struct ImageDecoder {
    let reader: ImageReader
    let name: String
    let messages: VipsMessages

    /// What a reader wants of the pixels.
    enum Content {
        /// A photograph's colors in sRGB; turned upright if wanted.
        case photograph(isTurned: Bool)
        /// The color samples as they stand in the file.
        case values
    }

    /// The picture, and the orientation by which a photograph that was not turned would be.
    ///
    /// - Throws: `ImageError`.
    func decode(
        _ source: UnsafeMutablePointer<VipsSource>, _ content: Content
    ) throws -> (image: Image, orientation: Orientation) {
        try opened(source) { picture, format, transfer in
            let wanted =
                switch content {
                case .photograph(isTurned: true): try turnedUpright(flattened(picture, transfer))
                case .photograph(isTurned: false): try flattened(picture, transfer)
                case .values: try values(of: picture, format: format)
                }
            let image = try Image(
                width: wanted.width, height: wanted.height, channels: wanted.bands, pixels: wanted.samples())
            return (image, picture.orientation)
        }
    }

    /// The sides as they are stored, and the orientation. Throws `ImageError`.
    func size(
        of source: UnsafeMutablePointer<VipsSource>
    ) throws -> (width: Int, height: Int, orientation: Orientation) {
        try opened(source) { picture, _, _ in (picture.width, picture.height, picture.orientation) }
    }

    /// Opens a source, checks what its header says, and calls `body`; no pixels are decoded yet.
    ///
    /// - Throws: `ImageError`.
    func opened<Result>(
        _ source: UnsafeMutablePointer<VipsSource>, _ body: (VipsPicture, ImageFormat, HDRTransfer?) throws -> Result
    ) throws -> Result {
        let format = try recognize(source)
        try checkKind(of: source, format: format)
        let transfer = hdrTransfer(of: source, format: format)
        do {
            let picture = try VipsPicture { cvips_load(format.loader, source, &$0) }
            // libvips' sides are 32-bit numbers, so the product cannot overflow.
            guard picture.width * picture.height <= reader.pixelLimit else {
                throw ImageError.tooManyPixels(
                    name: name, width: picture.width, height: picture.height, limit: reader.pixelLimit)
            }
            let (bytes, free) = (picture.width * picture.height * reader.bytesPerPixel, MachineMemory.free)
            guard bytes <= free else {
                throw ImageError.needsMemory(
                    name: name, width: picture.width, height: picture.height, bytes: bytes, free: free)
            }
            try checkSamples(of: picture, format: format)
            return try body(picture, format, transfer)
        } catch is VipsFailure {
            throw ImageError.damaged(name: name, format: format.rawValue, detail: messages.take())
        }
    }

    private func recognize(_ source: UnsafeMutablePointer<VipsSource>) throws -> ImageFormat {
        var start: UnsafeMutablePointer<UInt8>?
        let count = vips_source_sniff_at_most(source, &start, ImageFormat.prefixSize)
        guard count >= 0 else { throw ImageError.unreadable(name: name, reason: messages.take()) }
        guard count > 0 else { throw ImageError.empty(name: name) }
        let prefix = [UInt8](UnsafeBufferPointer(start: start, count: Int(count)))
        guard let format = ImageFormat(prefix: prefix) else {
            throw ImageError.notAnImage(name: name, found: ImageFormat.describeForeign(prefix: prefix))
        }
        guard format.isAvailable else {
            throw ImageError.formatUnavailable(name: name, format: format.rawValue)
        }
        return format
    }

    /// Refuses samples whose meaning is not known here rather than guess at colors.
    private func checkSamples(of picture: VipsPicture, format: ImageFormat) throws {
        guard [VIPS_FORMAT_UCHAR, VIPS_FORMAT_USHORT].contains(picture.sampleFormat) else {
            let found = String(
                cString: vips_enum_nick(vips_band_format_get_type(), Int32(picture.sampleFormat.rawValue)))
            throw ImageError.unsupportedSamples(name: name, format: format.rawValue, found: "samples of type \(found)")
        }
        let colors = picture.interpretation
        let known = [
            VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_GREY16, VIPS_INTERPRETATION_sRGB, VIPS_INTERPRETATION_RGB,
            VIPS_INTERPRETATION_RGB16, VIPS_INTERPRETATION_CMYK, VIPS_INTERPRETATION_MULTIBAND,
        ]
        guard known.contains(colors), picture.bands <= picture.colorBands + 1 else {
            let found = String(cString: vips_enum_nick(vips_interpretation_get_type(), colors.rawValue))
            throw ImageError.unsupportedSamples(
                name: name, format: format.rawValue, found: "\(picture.bands) channels of kind \(found)")
        }
    }

    /// sRGB with 8 bits and 3 bands, alpha laid over the background.
    private func flattened(_ picture: VipsPicture, _ transfer: HDRTransfer?) throws(VipsFailure) -> VipsPicture {
        let colorBands = picture.colorBands
        let transfer = picture.profile == nil && colorBands < 4 ? transfer : nil
        // Its colors and its alpha are read one after the other.
        let picture = transfer != nil && picture.bands > colorBands ? try decoded(picture) : picture
        func extracted(_ picture: VipsPicture, _ first: Int, _ count: Int) throws(VipsFailure) -> VipsPicture {
            if first == 0, count == picture.bands { return picture }
            return try picture.applying { cvips_extract_bands($0, &$1, Int32(first), Int32(count)) }
        }
        let color: VipsPicture
        // Before colors are converted, so that a picture looks the same in 8 and 16 bits: for 16 bits Little CMS
        // takes a coarser table.
        let narrow = try picture.applying { cvips_to_8_bits($0, &$1) }
        if let transfer {
            let stored = try extracted(picture, 0, colorBands)
            color = try transfer.sRGB(colorBands == 1 ? stored.applying { cvips_gray_to_rgb($0, &$1) } : stored)
        } else {
            color = try extracted(narrow, 0, colorBands).convertedToSRGB()
        }
        guard picture.bands > colorBands else { return color }
        let alpha = try extracted(narrow, colorBands, 1)
        let background = [reader.background.0, reader.background.1, reader.background.2].map(Double.init)
        return try color.applying { color, result in
            alpha.with { cvips_flatten(color, $0, background, &result) }
        }
    }

    /// The gray or RGB samples without profile and alpha.
    private func values(of picture: VipsPicture, format: ImageFormat) throws -> VipsPicture {
        let colorBands = picture.colorBands
        guard colorBands < 4 else {
            throw ImageError.unsupportedMask(name: name, format: format.rawValue, found: "CMYK samples")
        }
        let narrow = try picture.applying { cvips_to_8_bits($0, &$1) }
        guard picture.bands > colorBands else { return narrow }
        return try narrow.applying { cvips_extract_bands($0, &$1, 0, Int32(colorBands)) }
    }

    private func turnedUpright(_ picture: VipsPicture) throws(VipsFailure) -> VipsPicture {
        guard picture.orientation != .topLeft else { return picture }
        // Turning reads pixels in another order than decoders give them.
        return try decoded(picture).applying { cvips_upright($0, &$1) }
    }

    /// The same picture with its pixels in memory, which may be read in any order.
    private func decoded(_ picture: VipsPicture) throws(VipsFailure) -> VipsPicture {
        try VipsPicture { result in
            result = picture.with { vips_image_copy_memory($0) }
            return result == nil ? -1 : 0
        }
    }
}
