import CVips

extension ImageDecoder {
    /// Refuses files whose first picture is not what people see when they open them: camera raw, and thumbnails.
    func checkKind(of source: UnsafeMutablePointer<VipsSource>, format: ImageFormat) throws {
        guard format == .tiff, let header = TIFFHeader(SourceBytes(source: source)) else { return }
        let found: String
        if header.isCameraRaw {
            found = "a camera's raw data"
        } else if header.beginsWithReducedPicture {
            found = "a small copy of another picture first"
        } else if header.hasPlainYCbCr {
            // libvips takes them for RGB.
            found = "YCbCr samples outside of JPEG"
        } else {
            return
        }
        throw ImageError.unsupportedSamples(name: name, format: format.rawValue, found: found)
    }

    /// The transfer function of high dynamic range that a file without color profile names.
    func hdrTransfer(of source: UnsafeMutablePointer<VipsSource>, format: ImageFormat) -> HDRTransfer? {
        switch format {
        case .heic: HDRTransfer(HEIFColor.codes(SourceBytes(source: source)))
        case .png: HDRTransfer(PNGHeader(SourceBytes(source: source))?.codes)
        case .jpeg, .webp, .tiff: nil
        }
    }

    /// The samples as they stand in the file.
    ///
    /// - Throws: `ImageError`; CMYK and files with several pictures are refused.
    func storedSamples(_ source: UnsafeMutablePointer<VipsSource>) throws -> StoredSamples {
        let bytes = SourceBytes(source: source)
        let (png, tiff) = (PNGHeader(bytes), TIFFHeader(bytes))
        let webP = WebPHeader(bytes)
        return try opened(source) { picture, format, _ in
            let colorBands = picture.colorBands
            let isSeveral =
                format == .tiff && tiff?.hasMorePictures == true || format == .png && png?.isAnimated == true
                || format == .webp && webP?.isAnimated == true
            guard colorBands < 4, !isSeveral else {
                throw ImageError.unsupportedMask(
                    name: name, format: format.rawValue, found: isSeveral ? "several pictures in it" : "CMYK samples")
            }
            let wide = picture.sampleFormat == VIPS_FORMAT_USHORT ? try picture.wideSamples() : nil
            let all = try wide?.map { UInt8($0 >> 8) } ?? picture.samples()
            let (count, bands) = (picture.width * picture.height, picture.bands)
            func colors<Sample>(_ all: [Sample]) -> [Sample] {
                bands == colorBands
                    ? all : (0..<count).flatMap { all[$0 * bands..<$0 * bands + colorBands] }
            }
            // Values of 8 bits in 16 have an alpha like that, too.
            let narrow = wide.flatMap { $0.allSatisfy { $0 <= 255 } ? $0.map { UInt8($0) } : nil } ?? all
            let alpha = bands == colorBands ? nil : (0..<count).map { narrow[$0 * bands + colorBands] }
            let bits: Int? = format == .png ? png?.bits : format == .tiff ? tiff?.bits : nil
            return StoredSamples(
                width: picture.width, height: picture.height, channels: colorBands,
                bits: wide != nil ? 16 : min(bits ?? 8, 8),
                samples: colors(all), wideSamples: wide.map(colors), alpha: alpha,
                palette: format == .png ? png?.palette : format == .tiff ? tiff?.palette : nil,
                isLossy: format == .jpeg || format == .heic || format == .webp && webP?.isLossless != true
                    || format == .tiff && tiff?.isLossy == true,
                isWhiteZero: format == .tiff && tiff?.isWhiteZero == true)
        }
    }
}
