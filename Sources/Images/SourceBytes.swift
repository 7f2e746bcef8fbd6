import CVips

/// Random access to the bytes of a libvips source, before a loader begins at its start.
struct SourceBytes {
    let source: UnsafeMutablePointer<VipsSource>

    /// At most `count` bytes from `offset` on; fewer, or none, where the source ends.
    func read(at offset: Int, count: Int) -> [UInt8] {
        // A seek beyond the end would leave a text among libvips' errors.
        guard count > 0, offset < vips_source_length(source), vips_source_seek(source, gint64(offset), SEEK_SET) == gint64(offset) else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let got = vips_source_read(source, buffer.baseAddress.map { $0 + initialized }, count - initialized)
                guard got > 0 else { break }
                initialized += Int(got)
            }
        }
    }
}
