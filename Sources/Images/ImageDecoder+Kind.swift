import CVips

extension ImageDecoder {
    /// Refuses files whose first picture is not what people see when they open them: camera raw, and thumbnails.
    func checkKind(of source: UnsafeMutablePointer<VipsSource>, format: ImageFormat) throws {
        guard format == .tiff, let header = TIFFHeader(SourceBytes(source: source)) else { return }
        guard header.isCameraRaw || header.beginsWithReducedPicture else { return }
        throw ImageError.unsupportedSamples(
            name: name, format: format.rawValue,
            found: header.isCameraRaw ? "a camera's raw data" : "a small copy of another picture first")
    }

    /// The transfer function of high dynamic range that a file without color profile names.
    func hdrTransfer(of source: UnsafeMutablePointer<VipsSource>, format: ImageFormat) -> HDRTransfer? {
        switch format {
        case .heic: HDRTransfer(code: HEIFColor.transfer(SourceBytes(source: source)))
        case .png: HDRTransfer(code: PNGHeader(SourceBytes(source: source))?.transfer)
        case .jpeg, .webp, .tiff: nil
        }
    }

    /// The samples as they stand in the file.
    ///
    /// - Throws: `ImageError`; CMYK is refused.
    func storedSamples(_ source: UnsafeMutablePointer<VipsSource>) throws -> StoredSamples {
        let bytes = SourceBytes(source: source)
        let (png, tiff) = (PNGHeader(bytes), TIFFHeader(bytes))
        let isLosslessWebP = bytes.read(at: 12, count: 4).elementsEqual("VP8L".utf8)
        return try opened(source) { picture, format, _ in
            let colorBands = picture.colorBands
            guard colorBands < 4 else {
                throw ImageError.unsupportedSamples(name: name, format: format.rawValue, found: "CMYK samples")
            }
            let wide = picture.sampleFormat == VIPS_FORMAT_USHORT ? try picture.wideSamples() : nil
            let all = try wide?.map { UInt8($0 >> 8) } ?? picture.samples()
            let (count, bands) = (picture.width * picture.height, picture.bands)
            func colors<Sample>(_ all: [Sample]) -> [Sample] {
                bands == colorBands
                    ? all : (0..<count).flatMap { all[$0 * bands..<$0 * bands + colorBands] }
            }
            let alpha = bands == colorBands ? nil : (0..<count).map { all[$0 * bands + colorBands] }
            let bits: Int? = format == .png ? png?.bits : format == .tiff ? tiff?.bits : nil
            return StoredSamples(
                width: picture.width, height: picture.height, channels: colorBands,
                bits: wide != nil ? 16 : min(bits ?? 8, 8),
                samples: colors(all), wideSamples: wide.map(colors), alpha: alpha,
                palette: format == .png ? png?.palette : format == .tiff ? tiff?.palette : nil,
                isLossy: format == .jpeg || format == .heic || format == .webp && !isLosslessWebP
                    || format == .tiff && tiff?.isLossy == true)
        }
    }
}
